//! A checkpoint's input, its result and its errors.

use std::io;
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::metrics::CheckpointMetrics;

use crate::blocks::BlocksError;
use crate::commit_log::Position;
use crate::timeline::Timeline;
use crate::trees::db::TreesError;
use crate::trees::rows::RowChange;

/// A sealed part of the log to move into the trees.
#[derive(Debug)]
pub(crate) struct CheckpointJob {
    /// Its last batch.
    pub through: Position,
    /// Every row that it changed, with its value as of `through` or later.
    pub rows: Vec<RowChange>,
    /// The conversations with new entries, and their heads as of `through` or later.
    pub timelines: Vec<(Arc<Timeline>, MsgId)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CheckpointReport {
    /// The log may be dropped up to here.
    pub through: Position,
    pub metrics: CheckpointMetrics,
}

/// Why a checkpoint failed. The store is poisoned.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("the checkpoint failed: {0}")]
    Trees(#[from] TreesError),
    #[error("the checkpoint failed: {0}")]
    Blocks(#[from] BlocksError),
    /// The blocks lack an entry.
    #[error(
        "the checkpoint failed: message {msgid} of conversation {conversation} is missing; \
         restore the data directory from a backup"
    )]
    Damaged {
        conversation: ConversationId,
        msgid: MsgId,
    },
    /// A bug in cairn.
    #[error("the checkpoint thread ended")]
    ThreadEnded,
    /// Compression ran out of memory.
    #[error("the checkpoint failed: cannot compress a block: {0}")]
    Compression(io::Error),
}
