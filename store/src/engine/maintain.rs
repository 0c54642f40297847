//! Maintenance between commits: checkpoints, and eviction after them.

use tracing::debug;

use super::{Engine, StoreError};
use crate::checkpoint::{CheckpointJob, CheckpointReport};
use crate::limits;
use crate::trees::rows_out;

impl Engine {
    /// Finishes a completed checkpoint, and starts one when it is due. Call it between commits.
    ///
    /// # Errors
    ///
    /// When a checkpoint failed. The engine accepts nothing more then.
    pub fn maintain(&mut self) -> Result<(), StoreError> {
        self.node.check_disk();
        self.state.set_disk_low(self.node.is_disk_short());
        if let Some(report) = self.checkpoints.worker.poll()? {
            self.checkpoint_done(report);
        }
        // Everything that the trees lack is in memory. When senders are faster than checkpoints,
        // all of them wait here.
        if self.checkpoints.is_running
            && self.log.bytes_since(self.checkpoints.through) >= self.node.env.sizes.log_bytes_max
        {
            self.await_checkpoint()?;
        }
        // Reads alone load state without making the log longer.
        if !self.checkpoints.is_running && self.loads >= self.node.env.sizes.loads_between_evictions
        {
            self.evict();
        }
        let log_bytes = self.log.bytes_since(self.checkpoints.through);
        let age = self.node.env.clock.since(self.checkpoints.last_started);
        let is_old = log_bytes > 0 && age >= limits::CHECKPOINT_AGE_MAX;
        if !self.checkpoints.is_running
            && self.batch.is_empty()
            && (is_old || log_bytes >= self.node.env.sizes.checkpoint_bytes)
        {
            self.start_checkpoint()?;
        }
        Ok(())
    }

    fn start_checkpoint(&mut self) -> Result<(), StoreError> {
        // Rotate before the changes are collected: everything up to `through` is then in `rows` and
        // `timelines`, so its segments can be dropped after the checkpoint.
        let through = self.log.seal()?;
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
            %through,
            rows = job.rows.len(),
            conversations = job.timelines.len(),
            "checkpoint started"
        );
        self.checkpoints.worker.submit(job)?;
        self.checkpoints.is_running = true;
        self.checkpoints.last_started = self.node.env.clock.now();
        Ok(())
    }

    fn checkpoint_done(&mut self, report: CheckpointReport) {
        debug!(?report, "checkpoint done");
        self.checkpoints.is_running = false;
        self.checkpoints.through = report.through;
        // Only after the report: until the position is durable in the trees, the log is the only
        // copy.
        self.log.trim(report.through);
        self.evict();
    }

    /// Evicts stored state beyond the target. No checkpoint may be running.
    fn evict(&mut self) {
        for id in self.evict.drain(..) {
            if self.state.conversation(id).is_none() {
                self.timelines.evict(id);
            }
        }
        self.evict = self.state.evict(self.node.env.sizes.state_bytes);
        self.loads = 0;
    }

    /// Checkpoints everything and closes the log.
    ///
    /// # Errors
    ///
    /// When that failed. Committed batches are still in the log.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.commit()?;
        // The last checkpoint comes after the running one, which does not hold the latest batches.
        if self.checkpoints.is_running {
            self.await_checkpoint()?;
        }
        if self.log.last() > self.checkpoints.through {
            self.start_checkpoint()?;
            self.await_checkpoint()?;
        }
        let closing = self.closing();
        self.checkpoints.worker.finish()?;
        self.log.close()?;
        // The rest of the engine, which may hold the last handles of the trees.
        drop((self.trees, self.loader));
        closing.check()
    }

    fn await_checkpoint(&mut self) -> Result<(), StoreError> {
        let report = self.checkpoints.worker.wait()?;
        self.checkpoint_done(report);
        Ok(())
    }
}
