//! Profiles, user search, and the permission to watch presence.

use std::collections::BTreeSet;
use std::ops::Bound;

use cairn_proto::ids::UserId;
use cairn_proto::limits::{PROFILES_PER_REQUEST_MAX, USERS_PER_PAGE_MAX, WATCHED_USERS_MAX};
use cairn_proto::model::people::{Friendship, Profile, UserPage, UserProfile};
use cairn_proto::model::presence::UserPresence;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::people::{GetProfiles, SearchUsers, SetProfile};
use cairn_proto::wire::request::session::Watch;

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::permission::{Action, Relationship};
use crate::prefetch::Load;
use crate::reading::publish::publish_account;
use crate::record::Row;
use crate::state::State;

impl Handle for SearchUsers {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<UserPage, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { prefix, after } = self;
        state.check_on_server(actor.user, Action::SearchUsers)?;
        let prefix = prefix.folded();
        let mut start = Bound::Included((prefix.clone(), UserId::SERVER));
        if let Some(after) = after {
            let name = state
                .users
                .get(&after)
                .ok_or(ErrorCode::NoSuchUser)?
                .record
                .name
                .folded();
            if name >= prefix {
                start = Bound::Excluded((name, after));
            }
        }
        let found = state
            .names
            .keys_from(start)
            .take_while(|(name, _)| name.starts_with(&prefix))
            .filter(|&&(_, user)| state.is_active(user));
        let mut ids: Vec<UserId> = found
            .map(|&(_, user)| user)
            .take(USERS_PER_PAGE_MAX + 1)
            .collect();
        let is_last = ids.len() <= USERS_PER_PAGE_MAX;
        ids.truncate(USERS_PER_PAGE_MAX);
        let next_after = ids.last().copied().filter(|_| !is_last);
        Ok(UserPage {
            items: ids
                .into_iter()
                .filter_map(|user| state.user_info(user))
                .collect(),
            next_after,
        })
    }
}

impl Handle for GetProfiles {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.visibility(actor.user, loads);
        let users = self.users.iter().take(PROFILES_PER_REQUEST_MAX).copied();
        loads.extend(
            users
                .filter(|&user| !state.knows_profile(user))
                .map(Load::Profile),
        );
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<List<UserProfile>, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { users } = self;
        if users.len() > PROFILES_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let profile = |&user| {
            Some(UserProfile {
                user: state.user_info(user)?,
                profile: state.profile(user),
            })
        };
        let seen = users
            .iter()
            .filter(|&&user| state.may_see(actor.user, user));
        Ok(List(seen.filter_map(profile).collect()))
    }
}

impl Handle for SetProfile {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        if !state.knows_profile(actor.user) {
            loads.push(Load::Profile(actor.user));
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self { profile } = self;
        if profile
            .display_name
            .as_ref()
            .is_some_and(|name| !name.is_valid())
        {
            return Err(ErrorCode::BadRequest);
        }
        if state.profile(actor.user) != profile {
            state.make(&Change::Profile(actor.user, profile.clone()), batch);
            publish_account(actor.user, AccountUpdate::Profile(profile), batch);
        }
        Ok(())
    }
}

impl Handle for Watch {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.watching(actor.user, &self.users, loads);
    }

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<List<UserPresence>, ErrorCode> {
        let Context { actor, .. } = context;
        let Self { users } = self;
        if users.len() > WATCHED_USERS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let users: BTreeSet<UserId> = users.iter().copied().collect();
        let watched = users
            .into_iter()
            .filter(|&other| state.may_watch(actor.user, other));
        Ok(List(
            watched
                .map(|user| UserPresence {
                    user,
                    devices: Vec::new(),
                })
                .collect(),
        ))
    }
}

impl State {
    pub(crate) fn relationship(&self, user: UserId, other: UserId) -> Relationship {
        if self.user(user).is_none() || self.user(other).is_none() {
            Relationship::None
        } else if self.relation(user, other).blocks || self.relation(other, user).blocks {
            Relationship::Blocked
        } else if self.has_reason_to_watch(user, other) {
            Relationship::Known
        } else {
            Relationship::None
        }
    }

    /// Returns whether, by `user`'s own side, the two are connected: a shared conversation,
    /// following, friendship, or the same user.
    pub(crate) fn has_reason_to_watch(&self, user: UserId, other: UserId) -> bool {
        let own = self.relation(user, other);
        let [Some(one), Some(another)] = [user, other].map(|user| self.user(user)) else {
            return false;
        };
        let is_known = user == other || own.follows || own.friendship == Friendship::Friends;
        !own.blocks && (is_known || !one.conversations.is_disjoint(&another.conversations))
    }

    /// A user's profile if it is in memory, else an empty one.
    #[must_use]
    pub fn profile(&self, user: UserId) -> Profile {
        self.profiles.get(&user).cloned().unwrap_or_default()
    }

    pub(crate) fn knows_profile(&self, user: UserId) -> bool {
        self.profiles.contains_key(&user) || !self.users.contains_key(&user)
    }

    pub(crate) fn apply_profile(&mut self, user: UserId, profile: Profile) {
        self.dirty.profiles.insert(user);
        self.profiles.insert(user, profile);
    }

    /// Installs a stored profile, or none. One in memory stays: it may be newer.
    pub fn install_profile(&mut self, user: UserId, profile: Option<Profile>) {
        self.profiles
            .entry(user)
            .or_insert_with(|| profile.unwrap_or_default());
    }

    pub(crate) fn take_profiles(&mut self, rows: &mut Vec<Row>) {
        for user in std::mem::take(&mut self.dirty.profiles) {
            let profile = self.profile(user);
            rows.push(Row::Profile(
                user,
                (profile != Profile::default()).then_some(profile),
            ));
        }
    }

    pub(crate) fn profiles_bytes(&self) -> usize {
        let bytes = |profile: &Profile| {
            let about = profile
                .about
                .as_ref()
                .map_or(0, |about| about.as_str().len());
            128 + about
                + profile.avatar.as_bytes().len()
                + profile
                    .display_name
                    .as_ref()
                    .map_or(0, |name| name.as_str().len())
        };
        self.profiles.values().map(bytes).sum()
    }

    /// Evicts the profiles that are stored.
    pub(crate) fn evict_profiles(&mut self) {
        let dirty = &self.dirty.profiles;
        self.profiles.retain(|user, _| dirty.contains(user));
    }
}
