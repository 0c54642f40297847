//! Commands of the server for its sessions: permissions to read, and epochs.

use cairn_proto::ids::Timestamp;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::ConversationPage;
use cairn_proto::wire::request::session::ListConversations;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{BeginEpoch, Grant, GrantMetrics, GrantRead};
use crate::command::{Command, Context, Handle, Visits};
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
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        state.make(&Change::EpochBegun(self.0), batch);
        state.begin_desk(now, batch);
        Ok(())
    }
}

impl Command for GrantRead {
    type Answer = Grant;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, self.actor.user, loads);
        state.visiting(self.actor, Visits::In(self.conversation), loads);
        state.reading_desk(self.actor.user, self.conversation, loads);
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
        state.check_requester(actor, Visits::In(conversation))?;
        let (found, member) = match state.membership(actor.user, conversation) {
            Ok(membership) => membership,
            Err(refusal) => {
                let found = state.conversation(conversation).ok_or(refusal)?;
                let may_read = state.may_read_desk(actor.user, conversation);
                return may_read.then_some(()).ok_or(refusal).map(|()| Grant {
                    conversation,
                    floor: found.record.floor,
                    is_member: false,
                });
            }
        };
        Ok(Grant {
            conversation,
            floor: found.floor(&member.record),
            is_member: true,
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
