//! What a member settles for himself in a conversation. It is no entry in the log: nobody else sees
//! it.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::group::MemberSettings;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::Effect;
use crate::record::MemberTerms;
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
        let (terms, user) = (member.record.terms, actor.user);
        let old = found.settings_of(&terms);
        if old != settings {
            let MemberSettings {
                muted,
                favourite,
                hidden,
            } = settings;
            let hidden_at = if hidden && !old.hidden {
                Some(found.record.head)
            } else {
                terms.hidden_at.filter(|_| hidden)
            };
            let terms = MemberTerms {
                muted,
                favourite,
                hidden_at,
                ..terms
            };
            self.make(
                &Change::MemberTerms {
                    conversation,
                    user,
                    terms,
                },
                batch,
            );
            batch.effect(Effect::Changed { conversation, user });
        }
        Ok(Response::Done)
    }

    pub(crate) fn apply_terms(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        terms: MemberTerms,
    ) {
        let Some(found) = self.touch(conversation) else {
            return;
        };
        if let Some(member) = found.members.get_mut(&user) {
            member.record.terms = terms;
            found.note_member(user);
        }
    }
}
