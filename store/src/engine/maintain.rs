//! Looking after the log between commits: checkpoints, and what is let go of when they are done.

use std::sync::mpsc::TryRecvError;
use std::time::Instant;

use tracing::debug;

use super::{Engine, StoreError};
use crate::checkpoint::{CheckpointError, CheckpointJob, CheckpointReport};
use crate::limits;
use crate::trees::rows_out;

impl Engine {
    /// Looks after the log: takes note of a checkpoint that is done, and begins one when it is
    /// time. To be called between commits.
    ///
    /// # Errors
    /// When a checkpoint failed. The engine takes nothing more then.
    pub fn maintain(&mut self) -> Result<(), StoreError> {
        if let Some(room) = &mut self.room {
            room.check();
            self.state.set_disk_low(room.is_short());
        }
        match self.checkpoints.done.try_recv() {
            Ok(result) => self.checkpoint_done(result)?,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Err(StoreError::CheckpointThread),
        }
        // What the trees do not have is in memory. Who sends faster than they take it waits here,
        // and with him everybody.
        if self.checkpoints.is_running
            && self.log.bytes_since(self.checkpoints.through) >= limits::LOG_BYTES_MAX
        {
            self.await_checkpoint()?;
        }
        // Questions alone load and load, and never make the log longer.
        if !self.checkpoints.is_running && self.loads >= limits::LOADS_BETWEEN_EVICTIONS {
            self.evict();
        }
        let behind = self.log.bytes_since(self.checkpoints.through);
        let is_old =
            behind > 0 && self.checkpoints.last_begun.elapsed() >= limits::CHECKPOINT_AGE_MAX;
        if !self.checkpoints.is_running
            && self.batch.is_empty()
            && (is_old || behind >= limits::CHECKPOINT_BYTES)
        {
            self.begin_checkpoint()?;
        }
        Ok(())
    }

    fn begin_checkpoint(&mut self) -> Result<(), StoreError> {
        let through = self.log.rotate()?;
        let rows = rows_out::row_changes(&self.trees, self.state.take_dirty())?;
        let touched = std::mem::take(&mut self.checkpoints.touched);
        let timelines = touched
            .into_iter()
            .filter_map(|id| self.timelines.get(id))
            .map(|timeline| {
                let head = timeline.head();
                (timeline, head)
            });
        let job = CheckpointJob {
            through,
            rows,
            timelines: timelines.collect(),
        };
        debug!(
            through = through.get(),
            rows = job.rows.len(),
            conversations = job.timelines.len(),
            "checkpoint begins"
        );
        self.checkpoints
            .thread
            .submit(job)
            .map_err(|_| StoreError::CheckpointThread)?;
        self.checkpoints.is_running = true;
        self.checkpoints.last_begun = Instant::now();
        Ok(())
    }

    fn checkpoint_done(
        &mut self,
        result: Result<CheckpointReport, CheckpointError>,
    ) -> Result<(), StoreError> {
        let report = result?;
        debug!(?report, "checkpoint done");
        self.checkpoints.is_running = false;
        self.checkpoints.through = report.through;
        self.log.drop_through(report.through);
        self.evict();
        Ok(())
    }

    /// Lets go of what is stored when there is too much of it. No checkpoint may be under way.
    fn evict(&mut self) {
        for id in self.evict.drain(..) {
            if self.state.conversation(id).is_none() {
                self.timelines.evict(id);
            }
        }
        self.evict = self.state.evict(limits::STATE_BYTES_TARGET);
        self.loads = 0;
    }

    /// Moves everything into the trees and ends.
    ///
    /// # Errors
    /// When that failed. What was committed is still in the log.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.commit()?;
        if self.checkpoints.is_running {
            self.await_checkpoint()?;
        }
        if self.log.last() > self.checkpoints.through {
            self.begin_checkpoint()?;
            self.await_checkpoint()?;
        }
        if !self.checkpoints.thread.finish() {
            return Err(StoreError::CheckpointThread);
        }
        Ok(self.log.close_clean()?)
    }

    fn await_checkpoint(&mut self) -> Result<(), StoreError> {
        let result = self
            .checkpoints
            .done
            .recv()
            .map_err(|_| StoreError::CheckpointThread)?;
        self.checkpoint_done(result)
    }
}
