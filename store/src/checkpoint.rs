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
mod job;
mod rewrite;
mod writer;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use cairn_proto::wire::metrics::CheckpointMetrics;
use parking_lot::Mutex;

pub use self::job::{CheckpointError, CheckpointJob, CheckpointReport};
pub use self::writer::CheckpointWriter;
use crate::files::poison::Poison;
use crate::limits;
use crate::trees::db::Trees;

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
