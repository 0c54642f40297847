//! Positions in a log.

use cairn_proto::ids::Revision;
use serde::{Deserialize, Serialize};

use super::segments::record::BatchNo;

/// A position in a log: after one of its batches, or at its start. Positions are ordered and can be
/// stored; only the log knows what is between two of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(BatchNo);

impl Position {
    /// Before the first batch.
    pub const START: Self = Self(BatchNo::ZERO);

    #[must_use]
    pub(super) const fn after(batch: BatchNo) -> Self {
        Self(batch)
    }

    /// Returns the last batch before this position.
    #[must_use]
    pub(super) const fn batch(self) -> BatchNo {
        self.0
    }

    /// Returns the revision of what the last batch before this position changed.
    #[must_use]
    pub(crate) const fn revision(self) -> Revision {
        Revision::new(self.0.get())
    }

    /// Returns the revision of what the next batch will change.
    #[must_use]
    pub(crate) const fn next_revision(self) -> Revision {
        Revision::new(self.0.next().get())
    }

    /// The position after a number of batches.
    #[cfg(test)]
    #[must_use]
    pub(crate) const fn at(batches: u64) -> Self {
        Self(BatchNo::new(batches))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
