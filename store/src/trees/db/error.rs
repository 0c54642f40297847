//! What can go wrong with the trees.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use crate::files::disk_reserve;
use crate::files::poison::Poisoned;
use crate::limits;
use crate::trees::RowKey;
use crate::trees::rows::RowError;

#[derive(Debug, thiserror::Error)]
pub enum TreesError {
    #[error(
        "cannot open the trees in {}: {what}; if the disk is sound, restore the data directory \
         from a backup",
        .dir.display()
    )]
    Open { dir: PathBuf, what: String },
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot {action} the trees: {source}")]
    Sled {
        action: &'static str,
        source: sled::Error,
    },
    /// sled panicked, as it does on damaged files.
    #[error(
        "cannot {action} the trees, which seem to be damaged: {what}; restore the data \
         directory from a backup"
    )]
    Panicked { action: &'static str, what: String },
    /// sled takes some damage for a torn write, and reverts to an earlier state.
    #[error(
        "the trees in {} are missing or damaged: they lack the id of the data directory; restore \
         the data directory from a backup",
        .dir.display()
    )]
    NoId { dir: PathBuf },
    /// sled panicked when its last write or sync failed.
    #[error("cannot close the trees: {what}")]
    Close { what: String },
    /// Larger than sled can keep safely. Nothing was written.
    #[error(
        "the row {key} has {bytes} bytes, where {} are allowed",
        limits::TREE_VALUE_BYTES_MAX
    )]
    ValueTooLarge { key: RowKey, bytes: usize },
    #[error("{} was replaced while it was in use", .path.display())]
    Replaced { path: PathBuf },
    /// sled wrote a side file, which it never syncs.
    #[error("there are side files in {}, which cannot be made durable", .dir.display())]
    SideFiles { dir: PathBuf },
    #[error(transparent)]
    Row(#[from] RowError),
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
}

/// Returns whether an error is one of sled on a full disk. It names no source.
#[must_use]
pub fn is_full_disk(error: &(dyn StdError + 'static)) -> bool {
    match error.downcast_ref::<sled::Error>() {
        Some(sled::Error::Io(error)) => disk_reserve::is_full(error),
        _ => false,
    }
}
