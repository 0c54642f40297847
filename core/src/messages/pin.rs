//! Pinned messages of a conversation.

use cairn_proto::content::body::Amendment;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::limits::PINS_MAX;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::permission::Action;
use crate::state::State;

impl State {
    pub(crate) fn pin(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.check(actor.user, conversation, Action::Pin, now)?;
        if !self.message(actor, conversation, msgid)?.body.is_message() {
            return Err(ErrorCode::NoSuchMessage);
        }
        let mut pins = self.membership(actor.user, conversation)?.0.pins.clone();
        let Err(place) = pins.binary_search(&msgid) else {
            return Ok(Response::Done);
        };
        if pins.len() >= PINS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        pins.insert(place, msgid);
        self.append_amendment(actor, conversation, Amendment::Pinned { msgid }, now, batch);
        self.make(&Change::Pins { conversation, pins }, batch);
        Ok(Response::Done)
    }

    pub(crate) fn unpin(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.check(actor.user, conversation, Action::Pin, now)?;
        let (found, member) = self.membership(actor.user, conversation)?;
        found.check_unexpired(msgid)?;
        if msgid <= found.floor(&member.record) {
            return Err(ErrorCode::NoSuchMessage);
        }
        if found.pins.contains(&msgid) {
            self.append_amendment(
                actor,
                conversation,
                Amendment::Unpinned { msgid },
                now,
                batch,
            );
            self.drop_pin(conversation, msgid, batch);
        }
        Ok(Response::Done)
    }

    pub(crate) fn pins(
        &self,
        actor: Actor,
        conversation: ConversationId,
    ) -> Result<Response, ErrorCode> {
        let (found, member) = self.membership(actor.user, conversation)?;
        let floor = found.floor(&member.record);
        Ok(Response::Pins(
            found
                .pins
                .iter()
                .copied()
                .filter(|&pin| pin > floor)
                .collect(),
        ))
    }

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
