//! A checkpoint in parts, so that a test can do something else between them.

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::MsgId;
use cairn_proto::wire::metrics::CheckpointMetrics;

use super::job::{CheckpointError, CheckpointJob, CheckpointReport};
use super::writer::{CheckpointWriter, Pending};
use crate::commit_log::Position;
use crate::limits;
use crate::timeline::{Rewritten, Timeline};
use crate::trees::Tree;
use crate::trees::rows::RowChange;

/// A checkpoint that was begun.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    through: Position,
    /// Ordered by conversation.
    timelines: Vec<(Arc<Timeline>, MsgId)>,
    rewritten: Vec<Rewritten>,
    /// Timelines whose blocks are written, or pending.
    done: usize,
    /// Ordered by key.
    rows: std::vec::IntoIter<RowChange>,
    /// Blocks first, then rows.
    of_tree: Tree,
    pending: Pending,
    started: Duration,
    before: CheckpointMetrics,
}

impl CheckpointWriter {
    pub(crate) fn begin(&mut self, job: CheckpointJob) -> Checkpoint {
        let CheckpointJob {
            through,
            mut rows,
            mut timelines,
        } = job;
        timelines.sort_unstable_by_key(|(timeline, _)| timeline.conversation());
        // In key order sled touches each page once. The sort is stable, so of two changes of a row
        // the later one wins.
        rows.sort_by_key(|change| change.key);
        // Taken before the blocks are read: an entry rewritten from now on stays for the next
        // checkpoint, and `forget_rewritten` must not drop it.
        let rewritten = timelines
            .iter()
            .map(|(timeline, _)| timeline.rewritten())
            .collect();
        let before = *self.sum.lock();
        Checkpoint {
            through,
            timelines,
            rewritten,
            done: 0,
            rows: rows.into_iter(),
            of_tree: Tree::Messages,
            pending: Pending::default(),
            started: self.clock.now(),
            before,
        }
    }

    /// Does the next part. Returns the report after the last one: the trees hold the job durably
    /// then, and the timelines are trimmed.
    ///
    /// # Errors
    ///
    /// Every error poisons the store, and ends the checkpoint.
    pub(crate) fn step(
        &mut self,
        checkpoint: &mut Checkpoint,
    ) -> Result<Option<CheckpointReport>, CheckpointError> {
        let stepped = self.write_part(checkpoint).inspect_err(|error| {
            self.poison.set(error);
        });
        Ok(stepped?.then(|| self.report(checkpoint)))
    }

    /// Blocks and rows, sync, position, sync: a durable position before the rows it covers would
    /// let the log be dropped while it is the only copy. Returns whether that was the last part.
    fn write_part(&mut self, checkpoint: &mut Checkpoint) -> Result<bool, CheckpointError> {
        if self.write_next_blocks(checkpoint)? || self.write_next_rows(checkpoint)? {
            return Ok(false);
        }
        self.record(checkpoint.through)?;
        Ok(true)
    }

    /// Writes the blocks of one conversation. Returns `false` if there are no more.
    pub(super) fn write_next_blocks(
        &mut self,
        checkpoint: &mut Checkpoint,
    ) -> Result<bool, CheckpointError> {
        let Checkpoint {
            timelines,
            rewritten,
            done,
            pending,
            ..
        } = checkpoint;
        let Some(((timeline, head), rewritten)) = timelines.get(*done).zip(rewritten.get(*done))
        else {
            return Ok(false);
        };
        *done += 1;
        let floor = timeline.floor().min(*head);
        if !rewritten.is_empty() || floor > MsgId::ZERO {
            self.write_pending(Tree::Messages, pending)?;
            self.drop_expired(timeline, floor, timeline.stored())?;
            self.rewrite_blocks(timeline, floor, rewritten)?;
        }
        for change in self.block_changes(timeline, floor, *head)? {
            self.push(Tree::Messages, pending, change)?;
        }
        Ok(true)
    }

    /// Writes the next rows. Returns `false` if there are no more, and none is pending.
    pub(super) fn write_next_rows(
        &mut self,
        checkpoint: &mut Checkpoint,
    ) -> Result<bool, CheckpointError> {
        let Checkpoint {
            rows,
            of_tree,
            pending,
            ..
        } = checkpoint;
        let mut written = 0;
        for change in rows.take(limits::TREE_BATCH_ROWS_MAX) {
            written += 1;
            if change.key.tree() != *of_tree {
                self.write_pending(*of_tree, pending)?;
                *of_tree = change.key.tree();
            }
            self.push(*of_tree, pending, change)?;
        }
        self.sum.lock().rows += written;
        if written > 0 {
            return Ok(true);
        }
        self.write_pending(*of_tree, pending)?;
        Ok(false)
    }

    /// Trims only what is durable in blocks: readers fall back from the tail to the blocks.
    fn report(&self, checkpoint: &Checkpoint) -> CheckpointReport {
        let Checkpoint {
            through,
            timelines,
            rewritten,
            started,
            before,
            ..
        } = checkpoint;
        for ((timeline, head), rewritten) in timelines.iter().zip(rewritten) {
            timeline.trim(*head);
            timeline.forget_rewritten(rewritten, *head);
        }
        let mut sum = self.sum.lock();
        sum.done += 1;
        sum.micros += u64::try_from(self.clock.since(*started).as_micros()).unwrap_or(u64::MAX);
        CheckpointReport {
            through: *through,
            metrics: sum.since(before).unwrap_or_default(),
        }
    }
}
