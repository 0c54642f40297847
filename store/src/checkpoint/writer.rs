//! Writing one checkpoint.

use std::io;
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::metrics::CheckpointMetrics;
use parking_lot::Mutex;

use super::free_space::ReclaimableSpace;
use super::job::{CheckpointError, CheckpointJob, CheckpointReport};
use crate::blocks::block::Block;
use crate::blocks::packing::Packer;
use crate::blocks::{Blocks, BlocksError};
use crate::commit_log::Position;
use crate::env::Clock;
use crate::files::poison::Poison;
use crate::limits;
use crate::timeline::Timeline;
use crate::trees::db::{LARGE_VALUE_BYTES, Trees};
use crate::trees::rows::RowChange;
use crate::trees::{MetaKey, RowKey, Tree};

/// Writes checkpoints, on any thread.
#[derive(Debug)]
pub(crate) struct CheckpointWriter {
    pub(super) trees: Trees,
    pub(super) blocks: Blocks,
    pub(super) packer: Packer,
    /// Approximate bytes that sled wrote since the last sync.
    pub(super) unsynced_bytes: usize,
    /// Since the last recorded position.
    pub(super) reclaimable: ReclaimableSpace,
    pub(super) poison: Poison,
    pub(super) clock: Clock,
    /// Totals, updated during a checkpoint.
    pub(super) sum: Arc<Mutex<CheckpointMetrics>>,
}

/// Changes to be written to one tree.
#[derive(Debug, Default)]
pub(super) struct Pending {
    changes: Vec<RowChange>,
    /// Approximate bytes that sled will write for them.
    bytes: usize,
}

impl CheckpointWriter {
    pub(crate) fn new(trees: Trees, poison: &Poison, clock: &Clock) -> io::Result<Self> {
        let (blocks, packer) = (Blocks::new(trees.clone()), Packer::new()?);
        Ok(Self {
            trees,
            blocks,
            packer,
            unsynced_bytes: 0,
            reclaimable: ReclaimableSpace::default(),
            poison: poison.clone(),
            clock: clock.clone(),
            sum: Arc::default(),
        })
    }

    /// Runs a job. When this returns, the trees hold it durably and the timelines are trimmed.
    ///
    /// # Errors
    ///
    /// Every error poisons the store.
    pub(crate) fn write(
        &mut self,
        job: CheckpointJob,
    ) -> Result<CheckpointReport, CheckpointError> {
        let mut checkpoint = self.begin(job);
        loop {
            if let Some(report) = self.step(&mut checkpoint)? {
                return Ok(report);
            }
        }
    }

    /// Records the log position, after everything that it covers.
    pub(super) fn record(&mut self, through: Position) -> Result<(), CheckpointError> {
        // `sync` is a flush and an fdatasync: flush alone leaves the data in the page cache.
        self.sync()?;
        let reclaimable = std::mem::take(&mut self.reclaimable).row(&self.trees)?;
        self.trees.write(
            Tree::Meta,
            [
                RowChange::put(RowKey::meta(MetaKey::Checkpoint), &through),
                reclaimable,
            ],
        )?;
        // Synced before this returns, since the caller drops segments of the log next.
        Ok(self.trees.sync()?)
    }

    pub(super) fn push(
        &mut self,
        tree: Tree,
        pending: &mut Pending,
        change: RowChange,
    ) -> Result<(), CheckpointError> {
        pending.bytes += written_bytes(&change);
        pending.changes.push(change);
        if pending.changes.len() < limits::TREE_BATCH_ROWS_MAX
            && pending.bytes < limits::TREE_BATCH_BYTES_MAX
        {
            return Ok(());
        }
        self.write_pending(tree, pending)
    }

    pub(super) fn write_pending(
        &mut self,
        tree: Tree,
        pending: &mut Pending,
    ) -> Result<(), CheckpointError> {
        let Pending { changes, bytes } = std::mem::take(pending);
        if changes.is_empty() {
            return Ok(());
        }
        self.trees.write(tree, changes)?;
        self.unsynced_bytes += bytes;
        if self.unsynced_bytes >= limits::TREE_BATCH_BYTES_MAX {
            self.sync()
        } else {
            Ok(())
        }
    }

    pub(super) fn sync(&mut self) -> Result<(), CheckpointError> {
        self.unsynced_bytes = 0;
        Ok(self.trees.sync()?)
    }

    /// Returns the changes after which the blocks of a conversation hold everything up to `head`.
    pub(super) fn block_changes(
        &mut self,
        timeline: &Timeline,
        floor: MsgId,
        head: MsgId,
    ) -> Result<Vec<RowChange>, CheckpointError> {
        let conversation = timeline.conversation();
        let (stored, mut new) = timeline.unstored(head);
        // Entries that expired before they were stored are never stored.
        new.drain(
            ..usize::try_from(floor.above(stored))
                .unwrap_or(usize::MAX)
                .min(new.len()),
        );
        let stored = stored.max(floor);
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let moved = new.len() as u64;
        let (first, mut entries) = match self.last_block(conversation, floor, stored)? {
            Some(block) if block.is_open() || block.last() > stored => {
                let mut held = block.split().map_err(BlocksError::from)?;
                held.truncate(
                    usize::try_from(stored.next().above(block.place.first)).unwrap_or(usize::MAX),
                );
                (block.place.first, held)
            }
            _ => (stored.next(), Vec::new()),
        };
        let together = entries.len();
        entries.extend(new);
        let packed = self
            .packer
            .pack(conversation, first, &entries, together)
            .map_err(CheckpointError::Compression)?;
        let mut changes: Vec<RowChange> = self
            .blocks
            .keys_above(conversation, stored)?
            .into_iter()
            .map(RowChange::delete)
            .collect();
        changes.retain(|stale| packed.iter().all(|block| block.place.key() != stale.key));
        let bytes: u64 = packed.iter().map(|block| block.value.len() as u64).sum();
        // The remaining bytes replace what the last block held.
        self.reclaimable.added_bytes += bytes * moved / entries.len() as u64;
        let mut sum = self.sum.lock();
        sum.entries += moved;
        for block in packed {
            sum.blocks += 1;
            sum.block_bytes += block.value.len() as u64;
            changes.push(RowChange {
                key: block.place.key(),
                value: Some(block.value),
            });
        }
        Ok(changes)
    }

    /// Returns the block that ends with the message `stored`.
    pub(super) fn last_block(
        &self,
        conversation: ConversationId,
        floor: MsgId,
        stored: MsgId,
    ) -> Result<Option<Block>, CheckpointError> {
        if stored <= floor {
            return Ok(None);
        }
        match self.blocks.at_or_below(conversation, stored)? {
            Some(block) if block.last() >= stored => Ok(Some(block)),
            _ => Err(CheckpointError::Damaged {
                conversation,
                msgid: stored,
            }),
        }
    }
}

/// Estimates what sled writes for a change: a large value once; a small one four times, since its
/// leaf is rewritten after ten changes.
fn written_bytes(change: &RowChange) -> usize {
    let value = change.value.as_ref().map_or(0, Vec::len);
    if value >= LARGE_VALUE_BYTES {
        value
    } else {
        4 * (value + change.key.bytes().len() + ROW_OVERHEAD_BYTES)
    }
}

/// Bytes in addition to key and value, with a margin.
const ROW_OVERHEAD_BYTES: usize = 48;
