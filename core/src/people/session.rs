//! Commands of the server for its sessions: permissions to read, and epochs.

use cairn_proto::ids::Timestamp;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::ConversationPage;
use cairn_proto::wire::request::session::ListConversations;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{BeginEpoch, Grant, GrantMetrics, GrantRead};
use crate::command::{Command, Context, Handle};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;

impl Command for BeginEpoch {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        state.make(&Change::EpochBegun(self.0), batch);
        Ok(())
    }
}

impl Command for GrantRead {
    type Answer = Grant;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, self.actor.user, loads);
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<Grant, ErrorCode> {
        let Self {
            actor,
            conversation,
        } = self;
        state.check_actor(actor)?;
        let (found, member) = state.membership(actor.user, conversation)?;
        Ok(Grant {
            conversation,
            floor: found.floor(&member.record),
        })
    }
}

impl Command for GrantMetrics {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self(actor) = self;
        state.check_actor(actor)?;
        state.check_on_server(actor.user, Action::ReadMetrics)
    }
}

impl Handle for ListConversations {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.overview(actor.user, self.since, self.after, loads);
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<ConversationPage, ErrorCode> {
        let Context { actor, batch, .. } = context;
        state.note_moment(actor.user, actor.device, self.since, batch);
        batch.force_if_reads_moved();
        Ok(state.overview_page(actor, self.since, self.after))
    }
}
