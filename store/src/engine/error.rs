//! Why the store cannot be opened, or failed.

use std::io;

use cairn_proto::wire::codec::DecodeError;

use crate::checkpoint::CheckpointError;
use crate::commit_log::{BatchNo, LogError};
use crate::files::disk_reserve::OutOfSpace;
use crate::files::format::FormatError;
use crate::files::lock::LockError;
use crate::timeline::TimelineGap;
use crate::trees::db::TreesError;
use crate::trees::rows_in::LoadError;

/// Why the store cannot be opened, or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The disk is full.
    #[error(transparent)]
    OutOfSpace(#[from] OutOfSpace),
    /// The directory is none of cairn's, or of another version.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The commit log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The trees.
    #[error(transparent)]
    Trees(#[from] TreesError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A batch of the log cannot be applied.
    #[error(
        "cannot replay batch {batch} of the commit log: {source}; restore the data directory from a backup"
    )]
    Replay {
        batch: BatchNo,
        source: Box<ReplayError>,
    },
    /// What was published does not continue a log. That is a fault of cairn.
    #[error(transparent)]
    Gap(#[from] TimelineGap),
    /// What a compaction left that did not come to its end cannot be put straight.
    #[error("cannot put straight what a compaction left: {0}")]
    Compaction(#[source] io::Error),
    /// The checkpoint thread is gone. That is a fault of cairn.
    #[error("the checkpoint thread ended")]
    CheckpointThread,
    /// A thread cannot be started.
    #[error("cannot start the checkpoint thread: {0}")]
    Thread(io::Error),
}

/// Why a batch of the log cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not what was written.
    #[error("its changes do not decode: {0}")]
    Decode(#[from] DecodeError),
    /// What it loads cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It does not continue a log.
    #[error(transparent)]
    Gap(#[from] TimelineGap),
}
