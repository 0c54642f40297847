//! Stored relations between users.

use cairn_proto::ids::UserId;
use cairn_proto::model::people::Relation;

/// A row of one user's relations: to users with adjacent ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationChunk(u32);

impl RelationChunk {
    pub const USERS: u32 = 64;

    #[must_use]
    pub const fn of(other: UserId) -> Self {
        Self(other.get() / Self::USERS)
    }

    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The other user, and the relation to them.
pub type StoredRelation = (UserId, Relation);
