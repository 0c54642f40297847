//! The blocks of a conversation in their tree.

use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};

use super::block::{Block, BlockError, BlockPlace, BlockReader};
use super::db::{Trees, TreesError};
use super::trees::{RowKey, RowPrefix, parse};

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
        Self { trees, reader: Arc::default() }
    }

    /// The last block that does not begin above this message.
    ///
    /// # Errors
    /// When the block is damaged, or the trees are.
    pub fn at_or_below(&self, conversation: ConversationId, msgid: MsgId) -> Result<Option<Block>, BlocksError> {
        let mut up_to = msgid;
        loop {
            let found = self.trees.last_value(&RowPrefix::blocks_of(conversation), &RowKey::block(conversation, up_to))?;
            let Some((place, value)) = found.and_then(placed) else { return Ok(None) };
            if !value.is_empty() {
                return Ok(Some(self.reader.unpack(place, &value)?));
            }
            // Its checkpoint was cut short; the log has what belongs here.
            up_to = place.first.prev();
        }
    }

    /// The first block that begins above this message.
    ///
    /// # Errors
    /// As [`Blocks::at_or_below`].
    pub fn above(&self, conversation: ConversationId, msgid: MsgId) -> Result<Option<Block>, BlocksError> {
        let mut above = msgid;
        loop {
            let after = RowKey::block(conversation, above);
            let found = self.trees.scan_values(&RowPrefix::blocks_of(conversation), Some(&after), 1)?;
            let Some((place, value)) = found.into_iter().next().and_then(placed) else { return Ok(None) };
            if !value.is_empty() {
                return Ok(Some(self.reader.unpack(place, &value)?));
            }
            above = place.first;
        }
    }

    /// The keys of the blocks that begin above this message.
    ///
    /// # Errors
    /// When the trees cannot be read.
    pub fn keys_above(&self, conversation: ConversationId, msgid: MsgId) -> Result<Vec<RowKey>, TreesError> {
        let last = RowKey::block(conversation, MsgId::new(u64::MAX));
        let mut after = RowKey::block(conversation, msgid);
        let prefix = RowPrefix::blocks_of(conversation);
        // Most of the time there are none: one look at the end is cheaper than a scan.
        match self.trees.last_value(&prefix, &last)? {
            Some((key, _)) if key > after => {}
            _ => return Ok(Vec::new()),
        }
        let mut keys = Vec::new();
        loop {
            let page = self.trees.scan_values(&prefix, Some(&after), 64)?;
            let Some((key, _)) = page.last() else { return Ok(keys) };
            after = *key;
            keys.extend(page.iter().map(|(key, _)| *key));
        }
    }
}

fn placed<V>((key, value): (RowKey, V)) -> Option<(BlockPlace, V)> {
    let (conversation, first) = parse::block(key.bytes())?;
    Some((BlockPlace { conversation, first }, value))
}
