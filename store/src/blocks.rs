//! The blocks of a conversation in their tree.
pub mod block;
pub mod packing;
pub mod run;

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};

use crate::blocks::block::{Block, BlockError, BlockPlace, BlockReader};
use crate::trees::db::{Trees, TreesError};
use crate::trees::{RowKey, RowPrefix, parse};

/// Reads blocks. Clones share their contexts.
#[derive(Clone, Debug)]
pub struct Blocks {
    trees: Trees,
    reader: Arc<BlockReader>,
}

/// Why a block could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BlocksError {
    /// The trees.
    #[error(transparent)]
    Trees(#[from] TreesError),
    /// The block itself.
    #[error(transparent)]
    Block(#[from] BlockError),
}

impl Blocks {
    /// The blocks in these trees.
    #[must_use]
    pub fn new(trees: Trees) -> Self {
        Self {
            trees,
            reader: Arc::default(),
        }
    }

    /// The last block that does not begin above this message.
    ///
    /// # Errors
    /// When the block is damaged, or the trees are.
    pub fn at_or_below(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Option<Block>, BlocksError> {
        let found = self.trees.last_value(
            &RowPrefix::blocks_of(conversation),
            &RowKey::block(conversation, msgid),
        )?;
        self.unpack(found)
    }

    /// The first block that begins above this message.
    ///
    /// # Errors
    /// As [`Blocks::at_or_below`].
    pub fn above(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Option<Block>, BlocksError> {
        let after = RowKey::block(conversation, msgid);
        let found = self
            .trees
            .scan_values(&RowPrefix::blocks_of(conversation), Some(&after), 1)?;
        self.unpack(found.into_iter().next())
    }

    fn unpack(
        &self,
        row: Option<(RowKey, impl AsRef<[u8]>)>,
    ) -> Result<Option<Block>, BlocksError> {
        let Some((key, value)) = row else {
            return Ok(None);
        };
        let Some((conversation, first)) = parse::block(key.bytes()) else {
            return Ok(None);
        };
        Ok(Some(self.reader.unpack(
            BlockPlace {
                conversation,
                first,
            },
            value.as_ref(),
        )?))
    }

    /// The keys of the first blocks that begin at or below this message, and their bytes as they
    /// are stored; at most `limit` of them.
    ///
    /// # Errors
    /// When the trees cannot be read.
    pub fn sizes_through(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        limit: usize,
    ) -> Result<Vec<(RowKey, usize)>, TreesError> {
        self.trees.sizes(
            &RowPrefix::blocks_of(conversation),
            &RowKey::block(conversation, msgid),
            limit,
        )
    }

    /// The keys of the blocks that begin above this message; most of the time there are none.
    ///
    /// # Errors
    /// When the trees cannot be read.
    pub fn keys_above(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Vec<RowKey>, TreesError> {
        self.trees.keys(
            &RowPrefix::blocks_of(conversation),
            Some(&RowKey::block(conversation, msgid)),
            usize::MAX,
        )
    }
}
