//! How much room the blocks left that are gone: what a compaction gives back at least, as far as
//! blocks go.
//!
//! sled puts new rows where removed ones were, and does not say how much of its file is free. So
//! each checkpoint adds what it removes and takes off what it adds, and stores the sum beside its
//! position. A crash loses the count of what was removed just before it.

use tracing::info;

use crate::limits;
use crate::trees::db::{Trees, TreesError};
use crate::trees::rows::RowChange;
use crate::trees::{MetaKey, RowKey};

/// What one checkpoint does to the room.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReclaimableSpace {
    /// Bytes of blocks that it removed.
    pub left: u64,
    /// Bytes by which the other blocks became more.
    pub taken: u64,
}

impl ReclaimableSpace {
    /// The room that is vacant after this, as a row.
    ///
    /// # Errors
    /// When the trees cannot be read.
    pub fn row(self, trees: &Trees) -> Result<RowChange, TreesError> {
        let bytes = vacant_bytes(trees)?
            .saturating_add(self.left)
            .saturating_sub(self.taken);
        Ok(RowChange::put(RowKey::meta(MetaKey::Vacant), &bytes))
    }
}

/// The room that blocks left and that nothing new has taken, in bytes.
///
/// # Errors
/// When the trees cannot be read.
pub fn vacant_bytes(trees: &Trees) -> Result<u64, TreesError> {
    Ok(trees
        .read(&RowKey::meta(MetaKey::Vacant))?
        .unwrap_or_default())
}

/// Says so when a compaction is worth its while.
///
/// # Errors
/// When the trees cannot be read.
pub fn tell(trees: &Trees) -> Result<(), TreesError> {
    let bytes = vacant_bytes(trees)?;
    if bytes >= limits::RECLAIMABLE_BYTES_REPORTED_MIN {
        info!(
            "{} MiB are vacant; new messages go there, or `cairn compact` gives them back while the server is stopped",
            bytes >> 20
        );
    }
    Ok(())
}
