//! Profiles, user search, and the permission to watch presence.

use std::collections::BTreeSet;
use std::ops::Bound;

use cairn_proto::ids::UserId;
use cairn_proto::limits::{PROFILES_PER_REQUEST_MAX, USERS_PER_PAGE_MAX, WATCHED_USERS_MAX};
use cairn_proto::model::people::{Friendship, Profile, UserPage, UserProfile};
use cairn_proto::model::presence::UserPresence;
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::{AccountPart, Effect};
use crate::permission::{Action, Relationship};
use crate::record::Row;
use crate::state::State;

impl State {
    /// A page of users whose names start with `prefix`, ignoring case, ordered by name.
    pub(crate) fn search_users(
        &self,
        actor: Actor,
        prefix: &UserName,
        after: Option<UserId>,
    ) -> Result<Response, ErrorCode> {
        self.check_on_server(actor.user, Action::SearchUsers)?;
        let prefix = prefix.folded();
        let mut start = Bound::Included((prefix.clone(), UserId::SERVER));
        if let Some(after) = after {
            let name = self
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
        let found = self
            .folded_names
            .range((start, Bound::Unbounded))
            .take_while(|(name, _)| name.starts_with(&prefix));
        let mut ids: Vec<UserId> = found
            .map(|&(_, user)| user)
            .take(USERS_PER_PAGE_MAX + 1)
            .collect();
        let is_last = ids.len() <= USERS_PER_PAGE_MAX;
        ids.truncate(USERS_PER_PAGE_MAX);
        let next_after = ids.last().copied().filter(|_| !is_last);
        Ok(Response::FoundUsers(UserPage {
            items: ids
                .into_iter()
                .filter_map(|user| self.user_info(user))
                .collect(),
            next_after,
        }))
    }

    pub(crate) fn profiles_of(&self, users: &[UserId]) -> Result<Response, ErrorCode> {
        if users.len() > PROFILES_PER_REQUEST_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let profile = |&user| {
            Some(UserProfile {
                user: self.user_info(user)?,
                profile: self.profile(user),
            })
        };
        Ok(Response::Profiles(
            users.iter().filter_map(profile).collect(),
        ))
    }

    pub(crate) fn set_profile(
        &mut self,
        actor: Actor,
        profile: Profile,
        batch: &mut Batch,
    ) -> Response {
        if self.profile(actor.user) != profile {
            self.make(&Change::Profile(actor.user, profile), batch);
            batch.effect(Effect::AccountUpdate {
                user: actor.user,
                part: AccountPart::Profile,
            });
        }
        Response::Done
    }

    /// Returns which of these users the requester may watch, without duplicates. Presence itself is
    /// not part of the state.
    pub(crate) fn watchable(&self, actor: Actor, users: &[UserId]) -> Result<Response, ErrorCode> {
        if users.len() > WATCHED_USERS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let users: BTreeSet<UserId> = users.iter().copied().collect();
        let watched = users
            .into_iter()
            .filter(|&other| self.may_watch(actor.user, other));
        Ok(Response::Watching(
            watched
                .map(|user| UserPresence {
                    user,
                    devices: Vec::new(),
                })
                .collect(),
        ))
    }

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
