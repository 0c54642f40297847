//! What can go wrong with the trees.

use std::io;
use std::path::PathBuf;

use crate::files::poison::Poisoned;
use crate::limits;
use crate::trees::RowKey;
use crate::trees::rows::RowError;

/// What went wrong with the trees.
#[derive(Debug, thiserror::Error)]
pub enum TreesError {
    /// They do not open.
    #[error("cannot open the trees in {}: {what}; if the disk is sound, restore the data directory from a backup", .dir.display())]
    Open { dir: PathBuf, what: String },
    /// A file could not be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// sled refused.
    #[error("cannot {action} the trees: {source}")]
    Sled {
        action: &'static str,
        source: sled::Error,
    },
    /// sled panicked, as it does on damaged files.
    #[error(
        "cannot {action} the trees, they seem to be damaged: {what}; restore the data directory from a backup"
    )]
    Panicked { action: &'static str, what: String },
    /// A value is larger than sled can keep safely. Nothing was written.
    #[error(
        "the row {key} has {bytes} bytes, where {} are allowed",
        limits::TREE_VALUE_BYTES_MAX
    )]
    ValueTooLarge { key: RowKey, bytes: usize },
    /// sled's file is not the one that was opened.
    #[error("{} was replaced while it was in use", .path.display())]
    Replaced { path: PathBuf },
    /// sled wrote a side file, which it never syncs.
    #[error("there are side files in {}, which cannot be made durable", .dir.display())]
    SideFiles { dir: PathBuf },
    /// A value is not what was written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// An earlier write failed.
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
}
