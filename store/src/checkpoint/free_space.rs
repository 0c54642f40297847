//! Reclaimable space: the share of sled's file that removed blocks occupied, which a compaction
//! would return at least.
//!
//! sled reuses the space of removed rows and does not report how much of its file is free. So each
//! checkpoint adds what it removes, subtracts what it adds, and stores the sum with its position. A
//! crash loses the count of the removals just before it.

use tracing::info;

use crate::limits;
use crate::trees::db::{Trees, TreesError};
use crate::trees::rows::RowChange;
use crate::trees::{MetaKey, RowKey};

/// The change by one checkpoint.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReclaimableSpace {
    /// Bytes of removed blocks.
    pub removed_bytes: u64,
    /// Bytes that new blocks occupy.
    pub added_bytes: u64,
}

impl ReclaimableSpace {
    /// Returns the row with the reclaimable space after this change.
    pub(crate) fn row(self, trees: &Trees) -> Result<RowChange, TreesError> {
        let bytes = reclaimable_bytes(trees)?
            .saturating_add(self.removed_bytes)
            .saturating_sub(self.added_bytes);
        Ok(RowChange::put(RowKey::meta(MetaKey::Reclaimable), &bytes))
    }
}

/// Returns the bytes that removed blocks occupied and no new rows have added_bytes.
pub(crate) fn reclaimable_bytes(trees: &Trees) -> Result<u64, TreesError> {
    Ok(trees
        .read(&RowKey::meta(MetaKey::Reclaimable))?
        .unwrap_or_default())
}

/// Logs the reclaimable space when a compaction is worthwhile.
pub(crate) fn log_reclaimable(trees: &Trees) -> Result<(), TreesError> {
    let bytes = reclaimable_bytes(trees)?;
    if bytes >= limits::RECLAIMABLE_BYTES_REPORTED_MIN {
        info!(
            "{} MiB are reclaimable; new messages reuse them, or `cairn compact` frees them \
             while the server is stopped",
            bytes >> 20
        );
    }
    Ok(())
}
