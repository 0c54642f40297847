//! Rewriting blocks in which entries changed.

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId};

use super::job::CheckpointError;
use super::writer::{CheckpointWriter, Pending};
use crate::blocks::BlocksError;
use crate::blocks::block::Block;
use crate::blocks::packing::PackedBlock;
use crate::limits;
use crate::timeline::{Rewritten, Timeline};
use crate::trees::rows::RowChange;
use crate::trees::{RowKey, Tree};

impl CheckpointWriter {
    /// Rewrites the blocks with changed entries. One that outgrew its bounds is split.
    pub(super) fn rewrite_blocks(
        &mut self,
        timeline: &Timeline,
        floor: MsgId,
        rewritten: &Rewritten,
    ) -> Result<(), CheckpointError> {
        let (conversation, stored) = (timeline.conversation(), timeline.stored());
        let mut next = floor.next();
        while let Some((&msgid, _)) = rewritten
            .range(next..)
            .next()
            .filter(|&(&msgid, _)| msgid <= stored)
        {
            let block = self.block_with(conversation, msgid)?;
            let entries = block.split_with(rewritten).map_err(BlocksError::from)?;
            self.replace(&block, block.place.first, &entries)?;
            next = block.last().next();
        }
        Ok(())
    }

    /// Writes what remains of a block, from `first` on, and removes the parts that a crash left.
    ///
    /// The later parts are written first: until the shortened block replaces the old one, the old
    /// one still holds every entry.
    pub(super) fn replace(
        &mut self,
        block: &Block,
        first: MsgId,
        entries: &[Bytes],
    ) -> Result<(), CheckpointError> {
        let raw: usize = entries.iter().map(Bytes::len).sum();
        let together = if raw <= limits::BLOCK_RAW_BYTES_MAX {
            entries.len()
        } else {
            1
        };
        let conversation = block.place.conversation;
        let packed = self
            .packer
            .pack(conversation, first, entries, together)
            .map_err(CheckpointError::Compression)?;
        let stale = self.keys_within(block)?;
        let stale = stale
            .into_iter()
            .filter(|key| packed.iter().all(|block| block.place.key() != *key))
            .map(RowChange::delete);
        let stale: Vec<RowChange> = stale.collect();
        for PackedBlock { place, value, .. } in packed.into_iter().rev() {
            let mut sum = self.sum.lock();
            sum.blocks += 1;
            sum.block_bytes += value.len() as u64;
            drop(sum);
            self.write_alone(RowChange {
                key: place.key(),
                value: Some(value),
            })?;
        }
        stale
            .into_iter()
            .try_for_each(|change| self.write_alone(change))
    }

    pub(super) fn write_alone(&mut self, change: RowChange) -> Result<(), CheckpointError> {
        let mut pending = Pending::default();
        self.push(Tree::Messages, &mut pending, change)?;
        self.write_pending(Tree::Messages, &mut pending)
    }

    /// Returns the block that holds a stored message. If a crash left a block in addition to its
    /// later parts, this is the complete one.
    pub(super) fn block_with(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<Block, CheckpointError> {
        let found = self
            .blocks
            .at_or_below(conversation, msgid)?
            .filter(|block| block.last() >= msgid);
        let mut block = found.ok_or(CheckpointError::Damaged {
            conversation,
            msgid,
        })?;
        while let Some(whole) = self
            .blocks
            .at_or_below(conversation, block.place.first.prev())?
            .filter(|whole| whole.last() >= block.place.first)
        {
            block = whole;
        }
        Ok(block)
    }

    /// Returns the keys of the parts that a crash left of this block.
    pub(super) fn keys_within(&self, block: &Block) -> Result<Vec<RowKey>, CheckpointError> {
        let mut keys = Vec::new();
        let mut first = block.place.first;
        while let Some(part) = self
            .blocks
            .above(block.place.conversation, first)?
            .filter(|part| part.place.first <= block.last())
        {
            first = part.place.first;
            keys.push(part.place.key());
        }
        Ok(keys)
    }
}
