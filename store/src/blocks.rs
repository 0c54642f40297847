//! Reading the blocks of a conversation.
pub mod block;
pub(crate) mod packing;
pub mod run;

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};

use crate::blocks::block::{Block, BlockError, BlockPlace, BlockReader};
use crate::trees::db::{Trees, TreesError};
use crate::trees::{RowKey, RowPrefix, parse};

#[derive(Clone, Debug)]
pub struct Blocks {
    trees: Trees,
    reader: Arc<BlockReader>,
}

#[derive(Debug, thiserror::Error)]
pub enum BlocksError {
    #[error(transparent)]
    Trees(#[from] TreesError),
    #[error(transparent)]
    Block(#[from] BlockError),
}

impl Blocks {
    #[must_use]
    pub fn new(trees: Trees) -> Self {
        Self {
            trees,
            reader: Arc::default(),
        }
    }

    /// Returns the last block that does not begin above this message.
    pub(crate) fn at_or_below(
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

    /// Returns the first block that begins above this message.
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

    /// Returns the keys and stored sizes of the first blocks that begin at or below this message,
    /// at most `limit` of them.
    pub(crate) fn sizes_through(
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

    /// Returns the keys of the blocks that begin above this message. Usually there are none.
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
