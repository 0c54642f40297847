//! Where the reply to one request goes.

use std::sync::Arc;

use cairn_proto::ids::RequestId;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use cairn_proto::wire::request::Call;
use cairn_proto::wire::response::ServerFrame;

use crate::session::Session;

#[derive(Debug)]
pub(crate) struct ReplyTo {
    pub(crate) session: Arc<Session>,
    pub(crate) id: RequestId,
    /// Bytes reserved for the request.
    pub(crate) reserved: usize,
}

impl ReplyTo {
    /// Writes the reply to a `C` and wakes the writer.
    pub(crate) fn answer<C: Call>(self, answer: &Result<C::Answer, ErrorCode>) {
        match answer {
            Ok(answer) => {
                self.write(|id, bytes| ServerFrame::write_answer::<C>(id, answer, bytes));
            }
            Err(code) => self.refuse(*code),
        }
    }

    /// Refuses the request and wakes the writer.
    pub(crate) fn refuse(self, code: ErrorCode) {
        self.write(|id, bytes| frame::write(&ServerFrame::Response(id, Err(code)), bytes));
    }

    fn write(self, write: impl FnOnce(RequestId, &mut Vec<u8>)) {
        let Self {
            session,
            id,
            reserved,
        } = self;
        session.outbox.write(1, reserved, |bytes| write(id, bytes));
        session.outbox.wake();
    }
}
