//! Finding and joining open groups.

use std::collections::BTreeSet;

use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_proto::limits::MEMBERS_PER_CONVERSATION_MAX;
use cairn_proto::model::group::OpenGroup;
use cairn_proto::text::GroupName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::permission::Action;
use crate::state::State;

impl State {
    pub(crate) fn join_group(
        &mut self,
        actor: Actor,
        id: ConversationId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let found = self.check(actor.user, id, Action::Join, now)?;
        if found.member(actor.user).is_none() {
            if found.record.counts.members as usize >= MEMBERS_PER_CONVERSATION_MAX {
                return Err(ErrorCode::LimitReached);
            }
            self.check_memberships([actor.user])?;
            self.put_members(actor.user, id, BTreeSet::from([actor.user]), now, batch);
        }
        Ok(Response::Done)
    }

    pub(crate) fn find_groups(&self, prefix: Option<&GroupName>) -> Response {
        let shown = |id: ConversationId| {
            let found = self.conversations.get(&id)?;
            let (name, topic) = (
                self.open_groups.name(id)?.clone(),
                found.group.topic.clone(),
            );
            Some(OpenGroup {
                conversation: id,
                name,
                topic,
                members: found.record.counts.members,
            })
        };
        Response::Groups(self.open_groups.find(prefix).filter_map(shown).collect())
    }
}
