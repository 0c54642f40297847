//! Finding and joining open groups.

use std::collections::BTreeSet;

use cairn_proto::ids::ConversationId;
use cairn_proto::limits::MEMBERS_PER_CONVERSATION_MAX;
use cairn_proto::model::group::OpenGroup;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::group::{FindGroups, JoinGroup};

use crate::api::actor::Actor;
use crate::command::{Context, Handle};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;

impl Handle for JoinGroup {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.member(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { conversation: id } = self;
        let found = state.check(actor.user, id, Action::Join, now)?;
        if found.member(actor.user).is_none() {
            if found.record.counts.members as usize >= MEMBERS_PER_CONVERSATION_MAX {
                return Err(ErrorCode::LimitReached);
            }
            state.check_memberships([actor.user])?;
            state.put_members(actor.user, id, BTreeSet::from([actor.user]), now, batch);
        }
        Ok(())
    }
}

impl Handle for FindGroups {
    type Found = ();

    fn prefetch(&self, _: Actor, state: &State, loads: &mut Vec<Load>) {
        state.found_groups(self.prefix.as_ref(), loads);
    }

    fn execute(self, state: &mut State, _: Context<'_>) -> Result<List<OpenGroup>, ErrorCode> {
        let Self { prefix } = self;
        let shown = |id: ConversationId| {
            let found = state.conversations.get(&id)?;
            let (name, topic) = (
                state.open_groups.name(id)?.clone(),
                found.group.topic.clone(),
            );
            Some(OpenGroup {
                conversation: id,
                name,
                topic,
                members: found.record.counts.members,
            })
        };
        Ok(List(
            state
                .open_groups
                .find(prefix.as_ref())
                .filter_map(shown)
                .collect(),
        ))
    }
}
