//! The relations of users in memory, and what is stored of them. Each of the two keeps his side of
//! a relation.

use std::collections::BTreeMap;

use cairn_proto::ids::UserId;
use cairn_proto::model::people::Relation;

use crate::record::Row;
use crate::state::State;

/// The relations of a user that one row holds: those to users whose ids differ in the last bits
/// only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationChunk(u32);

/// One relation of a user: to whom, and which.
pub type StoredRelation = (UserId, Relation);

impl RelationChunk {
    /// Others in one chunk at most.
    pub const USERS: u32 = 64;

    /// The chunk that the relation to a user is in.
    #[must_use]
    pub const fn of(other: UserId) -> Self {
        Self(other.get() / Self::USERS)
    }

    /// The chunk with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The relations of one user, all of them.
#[derive(Clone, Debug, Default)]
pub struct Relations(BTreeMap<UserId, Relation>);

impl Relations {
    /// The relation to another user.
    #[must_use]
    pub fn to(&self, other: UserId) -> Relation {
        self.0.get(&other).copied().unwrap_or_default()
    }

    /// Those behind a user, in the order of their ids.
    pub fn after(&self, user: Option<UserId>) -> impl Iterator<Item = StoredRelation> {
        let start = user.unwrap_or(UserId::SERVER);
        self.0
            .range(start..)
            .filter(move |&(&other, _)| Some(other) != user)
            .map(|(&other, &relation)| (other, relation))
    }

    fn stored(&self, chunk: RelationChunk) -> Vec<StoredRelation> {
        let first = chunk.get().saturating_mul(RelationChunk::USERS);
        let others =
            UserId::new(first)..=UserId::new(first.saturating_add(RelationChunk::USERS - 1));
        self.0
            .range(others)
            .map(|(&other, &relation)| (other, relation))
            .collect()
    }

    /// About how much memory they take, in bytes.
    fn memory_bytes(&self) -> usize {
        64 + self.0.len() * 24
    }
}

impl State {
    /// The relations of a user, if they are in memory.
    #[must_use]
    pub fn relations(&self, user: UserId) -> Option<&Relations> {
        self.relations.get(&user)
    }

    /// What `other` is to `user`, by the side of `user`.
    pub(crate) fn relation(&self, user: UserId, other: UserId) -> Relation {
        self.relations
            .get(&user)
            .map(|relations| relations.to(other))
            .unwrap_or_default()
    }

    /// Whether a user's relations are in memory; those of nobody need not be.
    pub(crate) fn knows_relations(&self, user: UserId) -> bool {
        self.relations.contains_key(&user) || !self.users.contains_key(&user)
    }

    pub(crate) fn apply_relation(&mut self, user: UserId, other: UserId, relation: Relation) {
        let Some(Relations(relations)) = self.relations.get_mut(&user) else {
            return;
        };
        match relation.is_none() {
            true => drop(relations.remove(&other)),
            false => drop(relations.insert(other, relation)),
        }
        self.dirty
            .relations
            .insert((user, RelationChunk::of(other)));
    }

    /// The stored relations of a user. Those that are in memory already stay as they are, for they
    /// may be newer.
    pub fn install_relations(&mut self, user: UserId, stored: Vec<StoredRelation>) {
        self.relations
            .entry(user)
            .or_insert_with(|| Relations(stored.into_iter().collect()));
    }

    pub(crate) fn take_relations(&mut self, rows: &mut Vec<Row>) {
        for (user, chunk) in std::mem::take(&mut self.dirty.relations) {
            rows.extend(
                self.relations
                    .get(&user)
                    .map(|relations| Row::Relations(user, chunk, relations.stored(chunk))),
            );
        }
    }

    pub(crate) fn relations_bytes(&self) -> usize {
        self.relations.values().map(Relations::memory_bytes).sum()
    }

    /// Lets go of the relations that are stored as they are.
    pub(crate) fn evict_relations(&mut self) {
        let dirty = &self.dirty.relations;
        let chunks_of = |user| (user, RelationChunk::new(0))..=(user, RelationChunk::new(u32::MAX));
        self.relations
            .retain(|&user, _| dirty.range(chunks_of(user)).next().is_some());
    }
}
