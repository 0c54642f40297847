//! Moving the commit log into the trees, by one unhurried thread.
//!
//! A job is what the state machine knows about a sealed part of the log: the rows that it changed
//! and the messages that it added. They are written and synced, then the log's position is recorded
//! and synced, and only then may the log be dropped. A crash anywhere in between leaves rows and
//! blocks that are newer than the recorded position. Replaying the log over them ends in the same
//! state, because rows are absolute and because messages that are already in blocks are the same
//! messages: their blocks are written again, and blocks that begin above what is stored for certain
//! are removed.
pub mod compact;
pub mod free_space;

mod expired;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::metrics::CheckpointMetrics;
use parking_lot::Mutex;

use crate::limits;

use crate::blocks::block::Block;
use crate::blocks::packing::{PackedBlock, Packer};
use crate::blocks::{Blocks, BlocksError};
use crate::checkpoint::free_space::ReclaimableSpace;
use crate::commit_log::BatchNo;
use crate::files::poison::Poison;
use crate::timeline::{Rewritten, Timeline};
use crate::trees::db::{LARGE_VALUE_BYTES, Trees, TreesError};
use crate::trees::rows::RowChange;
use crate::trees::{MetaKey, RowKey, Tree};

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
    /// What was moved.
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
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// Compression failed for want of memory.
    #[error("the checkpoint failed: cannot compress a block: {0}")]
    Compression(io::Error),
}

/// Writes checkpoints, on whichever thread it is called.
#[derive(Debug)]
pub struct CheckpointWriter {
    trees: Trees,
    blocks: Blocks,
    packer: Packer,
    /// About what sled has written since the last sync.
    unsynced_bytes: usize,
    /// Since the last position was recorded.
    reclaimable: ReclaimableSpace,
    poison: Poison,
    /// Grows as things are moved.
    sum: Arc<Mutex<CheckpointMetrics>>,
}

/// What waits to be written to one tree.
#[derive(Debug, Default)]
struct Pending {
    changes: Vec<RowChange>,
    /// About what sled will write for them.
    bytes: usize,
}

impl CheckpointWriter {
    /// Writes to these trees.
    ///
    /// # Errors
    /// When there is no memory for a compression context.
    pub fn new(trees: Trees, poison: &Poison) -> io::Result<Self> {
        let (blocks, packer) = (Blocks::new(trees.clone()), Packer::new()?);
        Ok(Self {
            trees,
            blocks,
            packer,
            unsynced_bytes: 0,
            reclaimable: ReclaimableSpace::default(),
            poison: poison.clone(),
            sum: Arc::default(),
        })
    }

    /// Does the job: when this returns, the trees hold it durably and the timelines are trimmed.
    ///
    /// # Errors
    /// Any error ends all writing.
    pub fn write(&mut self, job: CheckpointJob) -> Result<CheckpointReport, CheckpointError> {
        let (begun, before) = (Instant::now(), *self.sum.lock());
        let CheckpointJob {
            through,
            rows,
            mut timelines,
        } = job;
        timelines.sort_unstable_by_key(|(timeline, _)| timeline.conversation());
        let rewritten: Vec<Rewritten> = timelines
            .iter()
            .map(|(timeline, _)| timeline.rewritten())
            .collect();
        let written = self
            .write_blocks(&timelines, &rewritten)
            .and_then(|()| self.write_rows(rows))
            .and_then(|()| self.record(through))
            .inspect_err(|error| {
                self.poison.set(error);
            });
        written?;
        for ((timeline, head), rewritten) in timelines.iter().zip(&rewritten) {
            timeline.trim(*head);
            timeline.forget_rewritten(rewritten, *head);
        }
        let mut sum = self.sum.lock();
        sum.done += 1;
        sum.micros += u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(CheckpointReport {
            through,
            metrics: sum.since(&before).unwrap_or_default(),
        })
    }

    fn write_blocks(
        &mut self,
        timelines: &[(Arc<Timeline>, MsgId)],
        rewritten: &[Rewritten],
    ) -> Result<(), CheckpointError> {
        let mut pending = Pending::default();
        for ((timeline, head), rewritten) in timelines.iter().zip(rewritten) {
            let floor = timeline.floor().min(*head);
            if !rewritten.is_empty() || floor > MsgId::ZERO {
                self.write_pending(Tree::Messages, &mut pending)?;
                self.drop_expired(timeline, floor, timeline.stored())?;
                self.rewrite_blocks(timeline, floor, rewritten)?;
            }
            for change in self.block_changes(timeline, floor, *head)? {
                self.push(Tree::Messages, &mut pending, change)?;
            }
        }
        self.write_pending(Tree::Messages, &mut pending)
    }

    fn write_rows(&mut self, mut rows: Vec<RowChange>) -> Result<(), CheckpointError> {
        self.sum.lock().rows += rows.len() as u64;
        // In the order of the keys sled touches each page once. The sort is stable: of two changes
        // of a row the later one wins.
        rows.sort_by_key(|change| change.key);
        let mut pending = Pending::default();
        let mut of_tree = Tree::Messages;
        for change in rows {
            if change.key.tree() != of_tree {
                self.write_pending(of_tree, &mut pending)?;
                of_tree = change.key.tree();
            }
            self.push(of_tree, &mut pending, change)?;
        }
        self.write_pending(of_tree, &mut pending)
    }

    /// The position may not be on the disk before everything that it stands for.
    fn record(&mut self, through: BatchNo) -> Result<(), CheckpointError> {
        self.sync()?;
        let vacant = std::mem::take(&mut self.reclaimable).row(&self.trees)?;
        self.trees.write(
            Tree::Meta,
            [
                RowChange::put(RowKey::meta(MetaKey::Checkpoint), &through),
                vacant,
            ],
        )?;
        Ok(self.trees.sync()?)
    }

    fn push(
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

    fn write_pending(&mut self, tree: Tree, pending: &mut Pending) -> Result<(), CheckpointError> {
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

    fn sync(&mut self) -> Result<(), CheckpointError> {
        self.unsynced_bytes = 0;
        Ok(self.trees.sync()?)
    }

    /// Writes the blocks anew in which entries are others now. One that outgrew its bounds is cut:
    /// first its later parts are written, then what is left of it, so that no moment lacks an
    /// entry.
    fn rewrite_blocks(
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

    /// Writes what is left of a block, from `first` on, in its place: the later parts first. Parts
    /// that a crash left of it go.
    fn replace(
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

    fn write_alone(&mut self, change: RowChange) -> Result<(), CheckpointError> {
        let mut pending = Pending::default();
        self.push(Tree::Messages, &mut pending, change)?;
        self.write_pending(Tree::Messages, &mut pending)
    }

    /// The block that holds a stored message. A crash may have left a block that was about to be
    /// cut beside its later parts: then it is the whole one.
    fn block_with(
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

    /// The keys of what a crash left of parts of this block.
    fn keys_within(&self, block: &Block) -> Result<Vec<RowKey>, CheckpointError> {
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

    /// What must change in the blocks of a conversation so that they hold everything up to `head`.
    fn block_changes(
        &mut self,
        timeline: &Timeline,
        floor: MsgId,
        head: MsgId,
    ) -> Result<Vec<RowChange>, CheckpointError> {
        let conversation = timeline.conversation();
        let (stored, mut new) = timeline.unstored(head);
        // What is gone on purpose before it was stored is never stored.
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
        // The rest replaces what was there.
        self.reclaimable.taken += bytes * moved / entries.len() as u64;
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

    /// The block that holds the message `stored`, after which the new ones come.
    fn last_block(
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

/// Nobody waits for a checkpoint while the log has reclaimable: what is accepted and delivered goes
/// first. On Linux a nice value is a thread's own.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    if let Err(error) = rustix::process::setpriority_process(None, limits::CHECKPOINT_NICE) {
        tracing::debug!(%error, "the checkpoint thread keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

/// About what sled writes for a change: a large value once; a small one four times, since its leaf
/// is rewritten after ten changes.
fn written_bytes(change: &RowChange) -> usize {
    let value = change.value.as_ref().map_or(0, Vec::len);
    if value >= LARGE_VALUE_BYTES {
        value
    } else {
        4 * (value + change.key.bytes().len() + ROW_OVERHEAD_BYTES)
    }
}

/// What sled writes beside key and value, and a little more.
const ROW_OVERHEAD_BYTES: usize = 48;

/// The checkpoint thread.
#[derive(Debug)]
pub struct Checkpointer {
    jobs: SyncSender<CheckpointJob>,
    thread: JoinHandle<()>,
    sum: Arc<Mutex<CheckpointMetrics>>,
}

impl Checkpointer {
    /// Starts the thread. `done` is called on it after each job.
    ///
    /// # Errors
    /// When there is no memory for a compression context, or no thread can be started.
    pub fn start(
        trees: Trees,
        poison: &Poison,
        mut done: impl FnMut(Result<CheckpointReport, CheckpointError>) + Send + 'static,
    ) -> io::Result<Self> {
        let mut writer = CheckpointWriter::new(trees, poison)?;
        let sum = writer.sum.clone();
        let (jobs, of_thread): (_, Receiver<CheckpointJob>) = sync_channel(1);
        let run = move || {
            yield_to_others();
            of_thread
                .into_iter()
                .for_each(|job| done(writer.write(job)));
        };
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(run)?;
        Ok(Self { jobs, thread, sum })
    }

    /// What was moved since the start.
    #[must_use]
    pub fn metrics(&self) -> CheckpointMetrics {
        *self.sum.lock()
    }

    /// Hands over a job.
    ///
    /// # Errors
    /// Gives the job back when another one waits already, or the thread has ended.
    pub fn submit(&self, job: CheckpointJob) -> Result<(), Box<CheckpointJob>> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => Box::new(job),
        })
    }

    /// Ends the thread after the jobs that it has. Says whether it ended as it should.
    #[must_use]
    pub fn finish(self) -> bool {
        drop(self.jobs);
        self.thread.join().is_ok()
    }
}

#[cfg(test)]
mod tests;
