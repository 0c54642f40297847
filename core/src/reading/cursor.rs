//! Cursors: delivered and read positions, and unread counts explained.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::conversation::Explained;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::reading::{Ack, Explain, MarkRead};

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::api::update::{Ahead, Update};
use crate::command::{Context, Handle, Visits};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;
use crate::state::conversation::{Member, MembershipSlots};

impl Handle for Ack {
    type Found = MembershipSlots;

    fn visits(&self) -> Visits {
        Visits::In(self.conversation)
    }

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) -> MembershipSlots {
        state.own_membership_slots(self.conversation, actor.user, loads)
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_, MembershipSlots>,
    ) -> Result<(), ErrorCode> {
        let Context {
            actor,
            found,
            batch,
            ..
        } = context;
        let Self {
            conversation,
            msgid,
        } = self;
        let (at, member) = state.membership_of(found, actor.user, conversation)?;
        let Actor { user, device, .. } = actor;
        let head = at.record.head;
        if msgid > head {
            batch.publish(Update::Ahead {
                user,
                device,
                seen: Ahead::Message {
                    conversation,
                    seen: msgid,
                    last: head,
                },
            });
        }
        // A device that saw more than a restored backup has seen all of that.
        let msgid = msgid.min(head);
        if msgid > member.delivered(device) {
            state.make(
                &Change::Delivered {
                    conversation,
                    user,
                    device,
                    msgid,
                },
                batch,
            );
            batch.publish(Update::Moved { conversation, user });
        }
        Ok(())
    }
}

impl Handle for MarkRead {
    type Found = MembershipSlots;

    fn visits(&self) -> Visits {
        Visits::In(self.conversation)
    }

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) -> MembershipSlots {
        state.own_membership_slots(self.conversation, actor.user, loads)
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_, MembershipSlots>,
    ) -> Result<(), ErrorCode> {
        let Context {
            actor,
            found,
            batch,
            ..
        } = context;
        let Self {
            conversation,
            msgid,
        } = self;
        let member = state.member_up_to(found, actor, conversation, msgid)?;
        if msgid > member.record.read {
            let user = actor.user;
            state.make(
                &Change::Read {
                    conversation,
                    user,
                    msgid,
                },
                batch,
            );
            state.publish_read(conversation, user, batch);
            batch.publish(Update::Moved { conversation, user });
        }
        Ok(())
    }
}

impl Handle for Explain {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        if state.is_server_admin(actor.user) {
            state.member(self.conversation, actor.user, loads);
            state.member(self.conversation, self.user, loads);
        } else {
            state.member_named(self.conversation, actor.user, self.user, loads);
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<Explained, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation,
            user: whose,
        } = self;
        let action = if whose == actor.user {
            Action::Explain
        } else {
            Action::ExplainOthers
        };
        let found = state.check(actor.user, conversation, action, now)?;
        let member = &found.member(whose).ok_or(ErrorCode::NotFound)?.record;
        let (base, uncounted, unread) = found.unread(member);
        let explained = Explained {
            head: found.record.head,
            floor: found.record.floor,
            joined: member.joined,
            read: member.read,
            uncounted: uncounted + found.own_above(member, base),
            unread,
            mentions: found.mentions(whose, member, base),
        };
        if whose != actor.user {
            let act = AuditAct::UnreadExplained {
                user: whose,
                conversation,
            };
            state.audit(actor, act, now, batch)?;
        }
        Ok(explained)
    }
}

impl State {
    /// The requester's membership, if `msgid` is a valid cursor position.
    fn member_up_to(
        &self,
        slots: MembershipSlots,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<&Member, ErrorCode> {
        let (found, member) = self.membership_of(slots, actor.user, conversation)?;
        if msgid > found.record.head {
            Err(ErrorCode::BadCursor)
        } else {
            Ok(member)
        }
    }
}
