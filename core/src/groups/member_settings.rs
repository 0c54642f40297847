//! Personal settings of a conversation. They make no entry in the log: only the member sees them.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::group::MemberSettings;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::Effect;
use crate::record::MemberDetails;
use crate::state::State;

impl State {
    pub(crate) fn set_member_settings(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        settings: MemberSettings,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, member) = self.membership(actor.user, conversation)?;
        let (details, user) = (member.record.details, actor.user);
        let old = found.settings_of(&details);
        if old != settings {
            let MemberSettings {
                muted,
                favourite,
                hidden,
            } = settings;
            let hidden_at = if hidden && !old.hidden {
                Some(found.record.head)
            } else {
                details.hidden_at.filter(|_| hidden)
            };
            let details = MemberDetails {
                muted,
                favourite,
                hidden_at,
                ..details
            };
            self.make(
                &Change::MemberDetails {
                    conversation,
                    user,
                    details,
                },
                batch,
            );
            batch.effect(Effect::Changed { conversation, user });
        }
        Ok(Response::Done)
    }

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
