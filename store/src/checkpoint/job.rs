//! A checkpoint's input, its result and its errors.

use std::io;
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::metrics::CheckpointMetrics;

use crate::blocks::BlocksError;
use crate::commit_log::BatchNo;
use crate::timeline::Timeline;
use crate::trees::db::TreesError;
use crate::trees::rows::RowChange;

/// A part of the log that is to be moved into the trees.
#[derive(Debug)]
pub struct CheckpointJob {
    /// The last batch of the part.
    pub through: BatchNo,
    /// Every row that the part changed, with its value as of `through` or later.
    pub rows: Vec<RowChange>,
    /// The conversations that got messages, with their heads as of `through` or later.
    pub timelines: Vec<(Arc<Timeline>, MsgId)>,
}

/// What a checkpoint wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointReport {
    /// The log may be dropped up to here.
    pub through: BatchNo,
    pub metrics: CheckpointMetrics,
}

/// Why a checkpoint failed. The store is poisoned then.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The trees.
    #[error("the checkpoint failed: {0}")]
    Trees(#[from] TreesError),
    /// A block that is to be completed.
    #[error("the checkpoint failed: {0}")]
    Blocks(#[from] BlocksError),
    /// The blocks do not hold what they should.
    #[error(
        "the checkpoint failed: message {msgid} of conversation {conversation} is missing; restore the data directory from a backup"
    )]
    Damaged {
        conversation: ConversationId,
        msgid: MsgId,
    },
    /// Compression failed for want of memory.
    #[error("the checkpoint failed: cannot compress a block: {0}")]
    Compression(io::Error),
}
