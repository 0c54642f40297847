//! Checkpoints: a low-priority thread moves the commit log into the trees.
//!
//! A job holds the rows that a sealed part of the log changed, and the entries that it added. They
//! are written and synced, then the log position is recorded and synced, and only then may the log
//! be dropped. A crash in between leaves rows and blocks newer than the recorded position.
//! Replaying the log over them ends in the same state: rows are absolute values, blocks with the
//! same entries are written again, and blocks that begin above what is certainly stored are
//! removed.
pub mod compact;
pub(crate) mod free_space;

mod expired;
mod job;
mod rewrite;
mod writer;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use cairn_proto::wire::metrics::CheckpointMetrics;
use parking_lot::Mutex;

pub use self::job::CheckpointError;
pub(crate) use self::job::{CheckpointJob, CheckpointReport};
pub(crate) use self::writer::CheckpointWriter;
use crate::env::Env;
use crate::files::poison::Poison;
use crate::limits;
use crate::trees::db::Trees;

/// Nothing waits for a checkpoint while the log has space, so accepted messages go first. On Linux
/// a nice value applies to one thread.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    if let Err(error) = rustix::process::setpriority_process(None, limits::CHECKPOINT_NICE) {
        tracing::debug!(%error, "the checkpoint thread keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

/// The checkpoint thread.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    jobs: SyncSender<CheckpointJob>,
    thread: JoinHandle<()>,
    sum: Arc<Mutex<CheckpointMetrics>>,
}

impl Checkpointer {
    /// Starts the thread. `done` is called on it after each job.
    pub(crate) fn start(
        env: &Env,
        trees: Trees,
        poison: &Poison,
        mut done: impl FnMut(Result<CheckpointReport, CheckpointError>) + Send + 'static,
    ) -> io::Result<Self> {
        let mut writer = CheckpointWriter::new(trees, poison, &env.clock)?;
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

    /// Totals since the start.
    #[must_use]
    pub(crate) fn metrics(&self) -> CheckpointMetrics {
        *self.sum.lock()
    }

    /// Hands over a job.
    ///
    /// # Errors
    ///
    /// Returns the job when another one is queued, or the thread has ended.
    pub(crate) fn submit(&self, job: CheckpointJob) -> Result<(), Box<CheckpointJob>> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => Box::new(job),
        })
    }

    /// Stops the thread after its queued jobs. Returns whether it did not panic.
    #[must_use]
    pub(crate) fn finish(self) -> bool {
        drop(self.jobs);
        self.thread.join().is_ok()
    }
}

#[cfg(test)]
mod tests;
