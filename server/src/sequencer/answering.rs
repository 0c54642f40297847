//! Requests decided, and answered in the same place.

use cairn_core::Actor;
use cairn_core::command::{By, Dispatch, Handle};
use cairn_proto::ids::{RequestId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::ServerFrame;
use cairn_store::engine::Engine;

/// Executes a request, and appends the response to `out` as a frame.
#[derive(Debug)]
pub(super) struct Answering<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) now: Timestamp,
    pub(super) actor: Actor,
    pub(super) id: RequestId,
    pub(super) out: &'a mut Vec<u8>,
}

impl Dispatch for Answering<'_> {
    type Output = Result<(), ErrorCode>;

    fn dispatch<C: Handle>(self, call: C) -> Self::Output {
        let answer = self.engine.execute(By(self.actor, call), self.now)?;
        ServerFrame::write_answer::<C>(self.id, &answer, self.out);
        Ok(())
    }
}
