//! Pinned messages of a conversation.

use cairn_proto::content::body::Amendment;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::PINS_MAX;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::message::{ListPins, Pin, Unpin};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::messages::amend::check_is_message;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;

impl Handle for Pin {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.message_of(actor.user, self.conversation, self.msgid, loads);
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            msgid,
        } = self;
        state.check(actor.user, conversation, Action::Pin, now)?;
        check_is_message(&state.message(actor, conversation, msgid)?.body)?;
        let mut pins = state.membership(actor.user, conversation)?.0.pins.clone();
        let Err(place) = pins.binary_search(&msgid) else {
            return Ok(());
        };
        if pins.len() >= PINS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        pins.insert(place, msgid);
        state.append_amendment(actor, conversation, Amendment::Pinned { msgid }, now, batch);
        state.make(&Change::Pins { conversation, pins }, batch);
        Ok(())
    }
}

impl Handle for Unpin {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
        state.relations_in(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            msgid,
        } = self;
        state.check(actor.user, conversation, Action::Pin, now)?;
        let (found, member) = state.membership(actor.user, conversation)?;
        found.check_unexpired(msgid)?;
        if msgid <= found.floor(&member.record) {
            return Err(ErrorCode::NoSuchMessage);
        }
        if found.pins.contains(&msgid) {
            state.append_amendment(
                actor,
                conversation,
                Amendment::Unpinned { msgid },
                now,
                batch,
            );
            state.drop_pin(conversation, msgid, batch);
        }
        Ok(())
    }
}

impl Handle for ListPins {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<List<MsgId>, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { conversation } = self;
        let (found, member) = state.membership(actor.user, conversation)?;
        let floor = found.floor(&member.record);
        Ok(List(
            found
                .pins
                .iter()
                .copied()
                .filter(|&pin| pin > floor)
                .collect(),
        ))
    }
}

impl State {
    /// Removes a pin, if the message is pinned.
    pub(crate) fn drop_pin(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        batch: &mut Batch,
    ) {
        let Some(found) = self
            .conversations
            .get(&conversation)
            .filter(|found| found.pins.contains(&msgid))
        else {
            return;
        };
        let pins = found
            .pins
            .iter()
            .copied()
            .filter(|&pin| pin != msgid)
            .collect();
        self.make(&Change::Pins { conversation, pins }, batch);
    }
}
