//! Cursors: delivered and read positions, and unread counts explained.

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::conversation::Explained;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::Effect;
use crate::permission::Action;
use crate::state::State;
use crate::state::conversation::Member;

impl State {
    pub(crate) fn ack(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let member = self.member_up_to(actor, conversation, msgid)?;
        if msgid > member.delivered(actor.device) {
            let Actor { user, device, .. } = actor;
            self.make(
                &Change::Delivered {
                    conversation,
                    user,
                    device,
                    msgid,
                },
                batch,
            );
            batch.effect(Effect::Moved { conversation, user });
        }
        Ok(Response::Done)
    }

    pub(crate) fn read(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let member = self.member_up_to(actor, conversation, msgid)?;
        if msgid > member.record.read {
            let user = actor.user;
            self.make(
                &Change::Read {
                    conversation,
                    user,
                    msgid,
                },
                batch,
            );
            batch.effect(Effect::Read { conversation, user });
            batch.effect(Effect::Moved { conversation, user });
        }
        Ok(Response::Done)
    }

    /// A member's read cursor, and the head that it refers to.
    #[must_use]
    pub fn read_cursor(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Option<(MsgId, MsgId)> {
        let (found, member) = self.membership(user, conversation).ok()?;
        Some((member.record.read, found.record.head))
    }

    /// The requester's membership, if `msgid` is a valid cursor position.
    fn member_up_to(
        &self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<&Member, ErrorCode> {
        let (found, member) = self.membership(actor.user, conversation)?;
        if msgid > found.record.head {
            Err(ErrorCode::BadCursor)
        } else {
            Ok(member)
        }
    }

    pub(crate) fn explain(
        &self,
        actor: Actor,
        conversation: ConversationId,
        whose: UserId,
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        let action = if whose == actor.user {
            Action::Explain
        } else {
            Action::ExplainOthers
        };
        let found = self.check(actor.user, conversation, action, now)?;
        let member = &found.member(whose).ok_or(ErrorCode::NotFound)?.record;
        let (base, uncounted, unread) = found.unread(member);
        Ok(Response::Explained(Explained {
            head: found.record.head,
            floor: found.record.floor,
            joined: member.joined,
            read: member.read,
            uncounted: uncounted + found.own_above(member, base),
            unread,
            mentions: found.mentions(whose, member, base),
        }))
    }
}
