//! What can go wrong with the commit log.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::position::Position;
use super::segments::record::BatchNo;
use crate::files::directory_id::DirectoryId;
use crate::files::poison::Poisoned;
use crate::limits;

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(
        "{} is damaged at offset {offset}: {what}; restore the data directory from a backup",
        .path.display()
    )]
    Damaged {
        path: PathBuf,
        offset: u64,
        what: String,
    },
    /// Batches are missing.
    #[error(
        "the commit log lacks batch {expected}: {}, and the trees hold everything up to \
         {checkpoint}; restore the data directory from a backup",
        describe_found(*.found)
    )]
    Missing {
        expected: BatchNo,
        /// The batch in its place.
        found: Option<BatchNo>,
        checkpoint: BatchNo,
    },
    /// Accepted batches are missing at the end of the log.
    #[error(
        "the commit log ends with batch {last}, but batches up to {accepted} were accepted: {} \
         are missing; restore the data directory from a backup",
        .accepted.get().saturating_sub(.last.get())
    )]
    Short { last: BatchNo, accepted: BatchNo },
    /// The segment that was written last is missing.
    #[error(
        "the commit log lacks its last file, {name}, and batches up to {accepted} were accepted; \
         restore the data directory from a backup"
    )]
    NoSegment { name: String, accepted: BatchNo },
    #[error(
        "{} is missing, which says how far the commit log had come; restore the data directory \
         from a backup",
        .path.display()
    )]
    NoWatermark { path: PathBuf },
    /// The log begins after the checkpoint. Damage in sled's file can make it fall back to an
    /// earlier state, so the trees are as likely to have lost something as the log.
    #[error(
        "the trees end with batch {checkpoint}, but the commit log begins with {first}: either the \
         trees are damaged and fell back to an earlier state, or the first segments of the log are \
         missing; restore the data directory from a backup"
    )]
    Apart { checkpoint: BatchNo, first: BatchNo },
    /// A part of another data directory.
    #[error(
        "{} belongs to data directory {found}, and the trees to {expected}; restore all parts of \
         the data directory from one backup",
        .path.display()
    )]
    OtherDirectory {
        path: PathBuf,
        found: DirectoryId,
        expected: DirectoryId,
    },
    #[error("{} does not belong in {}; move it elsewhere", describe(.name), .dir.display())]
    Foreign { name: OsString, dir: PathBuf },
    /// Nothing was written.
    #[error(
        "a batch of {bytes} bytes, where {} are allowed",
        limits::BATCH_BYTES_MAX
    )]
    TooLarge { bytes: usize },
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError<E> {
    #[error(transparent)]
    Log(#[from] LogError),
    /// `replay` refused a batch.
    #[error("cannot replay batch {batch} of the commit log: {source}")]
    Replay { batch: Position, source: E },
}

impl LogError {
    /// Returns whether the log can be cut where it is damaged: see
    /// [`Salvage`](super::segments::salvage::Salvage).
    pub(crate) const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Missing { .. }
                | Self::Short { .. }
                | Self::NoSegment { .. }
                | Self::NoWatermark { .. }
        )
    }

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

fn describe_found(found: Option<BatchNo>) -> String {
    match found {
        Some(found) => format!("a segment begins with {found}"),
        None => "no segment has it".to_owned(),
    }
}

fn describe(name: &OsString) -> String {
    name.to_string_lossy().into_owned()
}
