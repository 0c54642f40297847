//! Relations in memory, of which each user keeps their own side, and who knew whose name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::people::Relation;

use crate::limits::FOUND_BY_NAME_MAX;
use crate::record::{RelationChunk, StoredRelation};

/// All relations of one user.
#[derive(Clone, Debug, Default)]
pub struct Relations(BTreeMap<UserId, Relation>);

impl Relations {
    #[must_use]
    pub fn to(&self, other: UserId) -> Relation {
        self.0.get(&other).copied().unwrap_or_default()
    }

    /// The relations after this user, ordered by id.
    pub fn after(&self, user: Option<UserId>) -> impl Iterator<Item = StoredRelation> {
        let start = user.unwrap_or(UserId::SERVER);
        self.0
            .range(start..)
            .filter(move |&(&other, _)| Some(other) != user)
            .map(|(&other, &relation)| (other, relation))
    }

    pub(crate) fn stored(&self, chunk: RelationChunk) -> Vec<StoredRelation> {
        let first = chunk.get().saturating_mul(RelationChunk::USERS);
        let others =
            UserId::new(first)..=UserId::new(first.saturating_add(RelationChunk::USERS - 1));
        self.0
            .range(others)
            .map(|(&other, &relation)| (other, relation))
            .collect()
    }

    pub(crate) fn set(&mut self, other: UserId, relation: Relation) {
        match relation.is_none() {
            true => drop(self.0.remove(&other)),
            false => drop(self.0.insert(other, relation)),
        }
    }

    pub(crate) fn from_stored(stored: Vec<StoredRelation>) -> Self {
        Self(stored.into_iter().collect())
    }

    /// Approximate size in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        64 + self.0.len() * 24
    }
}

/// Who has blocked a user: their own relations do not show it. All of them are in memory.
#[derive(Debug, Default)]
pub(crate) struct Blockers(HashMap<UserId, BTreeSet<UserId>>);

impl Blockers {
    /// Records whether `user` blocks `other`.
    pub(crate) fn note(&mut self, user: UserId, other: UserId, blocks: bool) {
        if blocks {
            self.0.entry(other).or_default().insert(user);
        } else if let Some(found) = self.0.get_mut(&other) {
            found.remove(&user);
            if found.is_empty() {
                self.0.remove(&other);
            }
        }
    }

    /// The users who block this one, ordered by id.
    pub(crate) fn of(&self, user: UserId) -> impl Iterator<Item = UserId> {
        self.0.get(&user).into_iter().flatten().copied()
    }
}

/// The other user of a direct chat; `None` in any other conversation.
pub(crate) fn other_of(conversation: ConversationId, user: UserId) -> Option<UserId> {
    match conversation.direct_users()? {
        (low, high) if low == user => Some(high),
        (low, high) if high == user => Some(low),
        _ => None,
    }
}

/// The users that others found by their exact names. Not persisted: clients look a name up before
/// they use its id.
#[derive(Debug, Default)]
pub(crate) struct FoundByName(BTreeSet<(UserId, UserId)>);

impl FoundByName {
    pub(crate) fn note(&mut self, by: UserId, found: UserId) {
        if self.0.len() >= FOUND_BY_NAME_MAX {
            self.0.clear();
        }
        self.0.insert((by, found));
    }

    pub(crate) fn contains(&self, by: UserId, found: UserId) -> bool {
        self.0.contains(&(by, found))
    }
}
