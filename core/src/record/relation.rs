//! The stored form of relations.

use cairn_proto::ids::UserId;
use cairn_proto::model::people::Relation;

/// The relations of a user that one row holds: those to users whose ids differ in the last bits
/// only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationChunk(u32);

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

/// One relation of a user: to whom, and which.
pub type StoredRelation = (UserId, Relation);
