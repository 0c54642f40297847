//! The names of users, by their keys and by what they look like.

use std::collections::BTreeSet;
use std::ops::Bound;

use cairn_proto::ids::UserId;
use cairn_proto::text::UserName;
use xxhash_rust::xxh3::xxh3_64;

use crate::record::UserOrigin;
use crate::state::State;
use crate::state::settings::values::LookAlikes;

#[derive(Clone, Debug, Default)]
pub(crate) struct NameIndex {
    /// Not unique: under older rules, imported users could share a key.
    by_key: BTreeSet<(String, UserId)>,
    /// The keys of names that users gave up, including those that are free again.
    by_former_key: BTreeSet<(String, UserId)>,
    /// Hashes of skeletons.
    by_skeleton: BTreeSet<(u64, UserId)>,
}

impl NameIndex {
    pub(crate) fn insert(&mut self, name: &UserName, user: UserId) {
        self.by_key.insert((name.folded(), user));
        self.by_skeleton.insert((skeleton_hash(name), user));
    }

    pub(crate) fn remove(&mut self, name: &UserName, user: UserId) {
        self.by_key.remove(&(name.folded(), user));
        self.by_skeleton.remove(&(skeleton_hash(name), user));
    }

    pub(crate) fn insert_former(&mut self, name: &UserName, user: UserId) {
        self.by_former_key.insert((name.folded(), user));
    }

    pub(crate) fn remove_former(&mut self, name: &UserName, user: UserId) {
        self.by_former_key.remove(&(name.folded(), user));
    }

    /// The users who once had the name with this key.
    pub(crate) fn formerly(&self, key: &str) -> impl Iterator<Item = UserId> {
        with_key(&self.by_former_key, key.to_owned())
    }

    /// The keys after `start`, in order.
    pub(crate) fn keys_from(
        &self,
        start: Bound<(String, UserId)>,
    ) -> impl Iterator<Item = &(String, UserId)> {
        self.by_key.range((start, Bound::Unbounded))
    }

    fn with_key(&self, key: String) -> impl Iterator<Item = UserId> {
        with_key(&self.by_key, key)
    }

    fn with_skeleton_of(&self, name: &UserName) -> impl Iterator<Item = UserId> {
        with_key(&self.by_skeleton, skeleton_hash(name))
    }
}

fn with_key<K: Ord + Clone>(index: &BTreeSet<(K, UserId)>, key: K) -> impl Iterator<Item = UserId> {
    let found = index.range((key.clone(), UserId::SERVER)..);
    found
        .take_while(move |(known, _)| *known == key)
        .map(|&(_, user)| user)
}

fn skeleton_hash(name: &UserName) -> u64 {
    xxh3_64(name.skeleton().as_bytes())
}

impl State {
    /// Returns the user with the key of this name. Of imported users that share a key, the one with
    /// exactly this name.
    pub(crate) fn user_named(&self, name: &UserName) -> Option<UserId> {
        let found = self.names.with_key(name.folded());
        found.min_by_key(|user| {
            let record = self.users.get(user).map(|user| &user.record);
            let is_exact = record.is_some_and(|record| record.name == *name);
            (!is_exact, self.is_imported(*user), *user)
        })
    }

    pub(crate) fn is_imported(&self, user: UserId) -> bool {
        let origin = self.users.get(&user).map(|user| user.record.origin);
        matches!(origin, Some(UserOrigin::Imported { .. }))
    }

    /// Returns whether a user cannot take the name: it is reserved, or could be confused with an
    /// existing one.
    pub(crate) fn is_confusable(&self, name: &UserName) -> bool {
        name.is_reserved() || self.users_like(name).next().is_some()
    }

    /// The users with the key of this name and, unless the owner allows them, those whose names
    /// look like it. Two names of ASCII only are never look-alikes: their readers know the letters.
    pub(crate) fn users_like(&self, name: &UserName) -> impl Iterator<Item = UserId> {
        let is_refused = self.settings.look_alikes == LookAlikes::Refused;
        let is_ascii = name.as_str().is_ascii();
        let look_alikes = is_refused.then(|| self.names.with_skeleton_of(name));
        let others = look_alikes.into_iter().flatten().filter(move |user| {
            let other = self.users.get(user).map(|user| &user.record.name);
            !(is_ascii && other.is_some_and(|other| other.as_str().is_ascii()))
        });
        self.names.with_key(name.folded()).chain(others)
    }
}
