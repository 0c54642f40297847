//! Which changes a batch contains, for readers of the log that need only some of them.

use crate::api::change::Change;

/// A set of kinds of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    pub const NONE: Self = Self(0);
    pub const APPENDED: Self = Self(1);
    pub const REWRITTEN: Self = Self(1 << 1);
    pub const FLOOR_RAISED: Self = Self(1 << 2);
    pub const MEMBER_REMOVED: Self = Self(1 << 3);
    pub const RETENTION: Self = Self(1 << 4);

    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether the sets have a kind in common.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Change {
    /// The kind of this change; none if no reader of the log asks for it.
    #[must_use]
    pub const fn kind(&self) -> Kinds {
        match self {
            Self::Appended(_) => Kinds::APPENDED,
            Self::Rewritten { .. } => Kinds::REWRITTEN,
            Self::FloorRaised { .. } => Kinds::FLOOR_RAISED,
            Self::MemberRemoved { .. } => Kinds::MEMBER_REMOVED,
            Self::Retention { .. } => Kinds::RETENTION,
            _ => Kinds::NONE,
        }
    }
}
