//! Why the store cannot be opened, or failed.

use std::io;

use cairn_proto::wire::codec::DecodeError;

use crate::checkpoint::CheckpointError;
use crate::commit_log::{LogError, Position};
use crate::files::disk_reserve::OutOfSpace;
use crate::files::format::FormatError;
use crate::files::lock::LockError;
use crate::files::poison::Poisoned;
use crate::files::upgrade::UpgradeError;
use crate::timeline::TimelineGap;
use crate::trees::db::TreesError;
use crate::trees::rows_in::LoadError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    OutOfSpace(#[from] OutOfSpace),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Trees(#[from] TreesError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(
        "cannot replay batch {batch} of the commit log: {source}; restore the data directory \
         from a backup"
    )]
    Replay {
        batch: Position,
        source: Box<ReplayError>,
    },
    /// A bug in cairn.
    #[error(transparent)]
    Gap(#[from] TimelineGap),
    #[error("cannot recover from an interrupted compaction: {0}")]
    Compaction(#[source] io::Error),
    #[error("cannot start the checkpoint thread: {0}")]
    Thread(io::Error),
    /// Everything committed is in the log or in the trees.
    #[error("the storage failed while it was closed: {}", .0.reason)]
    Close(Poisoned),
}

/// Why a batch of the log cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("its changes do not decode: {0}")]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Gap(#[from] TimelineGap),
}
