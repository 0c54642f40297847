//! What a search may read: the user's conversations, and where each begins for them.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::command::{BeginSearch, Grant, GrantSearch, SearchGrant, SearchScope};
use crate::command::Command;
use crate::prefetch::Load;
use crate::state::State;

impl Command for BeginSearch {
    type Answer = SearchScope;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<SearchScope, ErrorCode> {
        let Self { actor, max, users } = self;
        state.check_actor(actor)?;
        let own = state.users.get(&actor.user);
        let own = own.into_iter().flat_map(|found| &found.conversations);
        let mut recent: Vec<_> = own.map(|&id| (state.revisions.of(id), id)).collect();
        if recent.len() > max {
            recent.select_nth_unstable_by(max, |one, other| other.cmp(one));
            recent.truncate(max);
        }
        Ok(SearchScope {
            conversations: recent.into_iter().map(|(_, id)| id).collect(),
            aliases: state.aliases_of(&users),
        })
    }
}

impl Command for GrantSearch {
    type Answer = Vec<SearchGrant>;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        for &conversation in &self.conversations {
            state.own_membership(conversation, self.actor.user, loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<Vec<SearchGrant>, ErrorCode> {
        let Self {
            actor,
            conversations,
        } = self;
        state.check_actor(actor)?;
        Ok(conversations
            .into_iter()
            .filter_map(|conversation| state.search_grant(actor.user, conversation))
            .collect())
    }
}

impl State {
    fn aliases_of(&self, users: &[UserId]) -> Vec<(UserId, UserId)> {
        if users.is_empty() {
            return Vec::new();
        }
        let all = self.users.iter();
        let aliases = all.filter_map(|(&alias, found)| Some((alias, found.record.alias_of?)));
        aliases.filter(|(_, of)| users.contains(of)).collect()
    }

    /// Returns what a user may search in a conversation; `None` if they are not a member.
    fn search_grant(&self, user: UserId, conversation: ConversationId) -> Option<SearchGrant> {
        let (found, member) = self.membership(user, conversation).ok()?;
        let floor = found.floor(&member.record);
        let (unread_above, ..) = found.unread(&member.record);
        Some(SearchGrant {
            grant: Grant {
                is_member: true,
                conversation,
                floor,
            },
            unread_above,
            pins: found
                .pins
                .iter()
                .copied()
                .filter(|&pin| pin > floor)
                .collect(),
        })
    }
}
