//! What can go wrong with the commit log.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::record::BatchNo;
use crate::files::poison::Poisoned;
use crate::limits;

/// What went wrong with the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file or the folder could not be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A file does not hold what was written to it.
    #[error("{} is damaged at offset {offset}: {what}; restore the data directory from a backup", .path.display())]
    Damaged {
        path: PathBuf,
        offset: u64,
        what: String,
    },
    /// Batches are not there.
    #[error(
        "the commit log lacks batch {expected}: {}, and the trees hold everything up to {checkpoint}; \
         restore the data directory from a backup",
        .found.map_or_else(|| "no segment has it".to_owned(), |found| format!("a segment begins with {found}"))
    )]
    Missing {
        expected: BatchNo,
        /// What stands in its place.
        found: Option<BatchNo>,
        checkpoint: BatchNo,
    },
    /// A file that is none of the log's.
    #[error("{} does not belong into {}; move it elsewhere", describe(.name), .dir.display())]
    Foreign { name: OsString, dir: PathBuf },
    /// A batch is larger than the log takes. Nothing was written.
    #[error(
        "a batch of {bytes} bytes, where {} are allowed",
        limits::BATCH_BYTES_MAX
    )]
    TooLarge { bytes: usize },
    /// An earlier write failed.
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
}

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError<E> {
    /// The log itself.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Whoever takes the batches refused one.
    #[error("cannot replay batch {batch} of the commit log: {source}")]
    Replay { batch: BatchNo, source: E },
}

impl LogError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn damaged(path: &Path, offset: usize, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            offset: offset as u64,
            what: what.into(),
        }
    }
}

/// A file that the log never makes.
fn describe(name: &OsString) -> String {
    name.to_string_lossy().into_owned()
}
