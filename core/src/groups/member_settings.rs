//! Personal settings of a conversation. They make no entry in the log: only the member sees them.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::group::MemberSettings;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::group::SetMemberSettings;

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::prefetch::Load;
use crate::record::MemberDetails;
use crate::state::State;

impl Handle for SetMemberSettings {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self {
            conversation,
            settings,
        } = self;
        let (found, member) = state.membership(actor.user, conversation)?;
        let (details, user) = (member.record.details, actor.user);
        let old = found.settings_of(&details);
        if old != settings {
            let MemberSettings {
                notifications,
                favourite,
                hidden,
            } = settings;
            let hidden_at = if hidden && !old.hidden {
                Some(found.record.head)
            } else {
                details.hidden_at.filter(|_| hidden)
            };
            let details = MemberDetails {
                notifications,
                favourite,
                hidden_at,
                ..details
            };
            state.make(
                &Change::MemberDetails {
                    conversation,
                    user,
                    details,
                },
                batch,
            );
            state.publish_changed(conversation, user, batch);
        }
        Ok(())
    }
}

impl State {
    pub(crate) fn apply_details(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        details: MemberDetails,
    ) {
        let Some(found) = self.touch(conversation) else {
            return;
        };
        if let Some(member) = found.members.get_mut(&user) {
            member.record.details = details;
            found.note_member(user);
        }
    }
}
