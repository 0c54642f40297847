//! Runs checkpoints in the background, one at a time.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::JoinHandle;

use cairn_proto::wire::metrics::CheckpointMetrics;
use parking_lot::Mutex;

use super::job::{CheckpointError, CheckpointJob, CheckpointReport};
#[cfg(any(test, feature = "testing"))]
use super::progress::Checkpoint;
use super::writer::CheckpointWriter;
use crate::env::{Background, Env, yield_to_others};
use crate::files::poison::Poison;
use crate::trees::db::Trees;

type Outcome = Result<CheckpointReport, CheckpointError>;

#[derive(Debug)]
pub(crate) struct Checkpointer {
    worker: Worker,
    sum: Arc<Mutex<CheckpointMetrics>>,
}

#[derive(Debug)]
enum Worker {
    Thread {
        jobs: SyncSender<CheckpointJob>,
        done: Receiver<Outcome>,
        thread: JoinHandle<()>,
    },
    #[cfg(any(test, feature = "testing"))]
    Steps {
        writer: Box<CheckpointWriter>,
        running: Option<Box<Checkpoint>>,
        done: Option<Outcome>,
    },
}

impl Checkpointer {
    pub(crate) fn start(env: &Env, trees: Trees, poison: &Poison) -> io::Result<Self> {
        let mut writer = CheckpointWriter::new(trees, poison, &env.clock)?;
        let sum = writer.sum.clone();
        let worker = match env.background {
            Background::Threads => {
                let (jobs, of_thread): (_, Receiver<CheckpointJob>) = sync_channel(1);
                let (report, done) = channel();
                let run = move || {
                    yield_to_others();
                    for job in of_thread {
                        // After a failure elsewhere the engine is gone.
                        let _ = report.send(writer.write(job));
                    }
                };
                let thread = std::thread::Builder::new()
                    .name("checkpoint".into())
                    .spawn(run)?;
                Worker::Thread { jobs, done, thread }
            }
            #[cfg(any(test, feature = "testing"))]
            Background::Steps => Worker::Steps {
                writer: Box::new(writer),
                running: None,
                done: None,
            },
        };
        Ok(Self { worker, sum })
    }

    /// Totals since the start.
    #[must_use]
    pub(crate) fn metrics(&self) -> CheckpointMetrics {
        *self.sum.lock()
    }

    /// Starts a checkpoint. None may be running.
    ///
    /// # Errors
    ///
    /// When the thread has ended.
    pub(crate) fn submit(&mut self, job: CheckpointJob) -> Result<(), CheckpointError> {
        match &mut self.worker {
            Worker::Thread { jobs, .. } => {
                jobs.try_send(job).map_err(|_| CheckpointError::ThreadEnded)
            }
            #[cfg(any(test, feature = "testing"))]
            Worker::Steps {
                writer, running, ..
            } => {
                *running = Some(Box::new(writer.begin(job)));
                Ok(())
            }
        }
    }

    /// Returns the report of a checkpoint that has ended since the last call.
    ///
    /// # Errors
    ///
    /// When it failed, or the thread has ended.
    pub(crate) fn poll(&mut self) -> Result<Option<CheckpointReport>, CheckpointError> {
        match &mut self.worker {
            Worker::Thread { done, .. } => match done.try_recv() {
                Ok(outcome) => outcome.map(Some),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::Disconnected) => Err(CheckpointError::ThreadEnded),
            },
            #[cfg(any(test, feature = "testing"))]
            Worker::Steps { done, .. } => done.take().transpose(),
        }
    }

    /// Waits for the running checkpoint.
    ///
    /// # Errors
    ///
    /// As [`Checkpointer::poll`].
    pub(crate) fn wait(&mut self) -> Result<CheckpointReport, CheckpointError> {
        #[cfg(any(test, feature = "testing"))]
        while self.step() {}
        match &mut self.worker {
            Worker::Thread { done, .. } => done.recv().map_err(|_| CheckpointError::ThreadEnded)?,
            #[cfg(any(test, feature = "testing"))]
            Worker::Steps { done, .. } => done.take().ok_or(CheckpointError::ThreadEnded)?,
        }
    }

    /// Does the next part of the running checkpoint. Returns whether one was running.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn step(&mut self) -> bool {
        let Worker::Steps {
            writer,
            running,
            done,
        } = &mut self.worker
        else {
            return false;
        };
        let Some(checkpoint) = running else {
            return false;
        };
        if let Some(outcome) = writer.step(checkpoint).transpose() {
            *running = None;
            *done = Some(outcome);
        }
        true
    }

    /// Stops the thread. No checkpoint may be running.
    ///
    /// # Errors
    ///
    /// When it panicked.
    pub(crate) fn finish(self) -> Result<(), CheckpointError> {
        match self.worker {
            Worker::Thread { jobs, thread, .. } => {
                drop(jobs);
                thread.join().map_err(|_| CheckpointError::ThreadEnded)
            }
            #[cfg(any(test, feature = "testing"))]
            Worker::Steps { .. } => Ok(()),
        }
    }
}
