//! Requests whose answer is encoded where it is decided.

use cairn_core::command::{Asked, By, Handle};
use cairn_core::prefetch::Load;
use cairn_core::{Actor, Batch, Command, State};
use cairn_proto::ids::{RequestId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::{Visit, Visitor};
use cairn_proto::wire::response::ServerFrame;

/// A request of a session. Appends the response to `out` as a frame if it succeeds.
#[derive(Debug)]
pub(super) struct Answering<'a> {
    pub(super) by: By<Asked>,
    pub(super) id: RequestId,
    pub(super) out: &'a mut Vec<u8>,
}

impl Command for Answering<'_> {
    type Answer = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        self.by.prefetch(state, loads);
    }

    fn execute(
        self,
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self {
            by: By(actor, asked),
            id,
            out,
        } = self;
        let execute = Execute {
            actor,
            state,
            now,
            batch,
            id,
            out,
        };
        match asked {
            Asked::Message(request) => request.visit(execute),
            Asked::Reading(request) => request.visit(execute),
            Asked::Group(request) => request.visit(execute),
            Asked::People(request) => request.visit(execute),
            Asked::Server(request) => request.visit(execute),
        }
    }

    fn grows_storage(&self) -> bool {
        self.by.grows_storage()
    }
}

struct Execute<'a> {
    actor: Actor,
    state: &'a mut State,
    now: Timestamp,
    batch: &'a mut Batch,
    id: RequestId,
    out: &'a mut Vec<u8>,
}

impl Visitor for Execute<'_> {
    type Output = Result<(), ErrorCode>;
}

impl<C: Handle> Visit<C> for Execute<'_> {
    fn visit(self, call: C) -> Self::Output {
        let answer = By(self.actor, call).execute(self.state, self.now, self.batch)?;
        ServerFrame::write_answer::<C>(self.id, &answer, self.out);
        Ok(())
    }
}
