//! Answers encoded where they are decided.

use cairn_core::command::Respond;
use cairn_proto::ids::RequestId;
use cairn_proto::wire::request::Call;
use cairn_proto::wire::response::ServerFrame;

/// Appends the response to `out` as a frame.
#[derive(Debug)]
pub(super) struct ResponseFrame<'a> {
    pub(super) id: RequestId,
    pub(super) out: &'a mut Vec<u8>,
}

impl Respond for ResponseFrame<'_> {
    type Response = ();

    fn respond<C: Call>(self, answer: &C::Answer) {
        ServerFrame::write_answer::<C>(self.id, answer, self.out);
    }
}
