//! Background work: on threads, or in steps that a test takes.

use std::io;
use std::thread::JoinHandle;

#[cfg(target_os = "linux")]
use crate::limits;

/// Lowers the priority of the calling thread for good: what it does can wait, accepted messages go
/// first. On Linux a nice value applies to one thread; elsewhere this does nothing.
pub fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, limits::BACKGROUND_NICE) {
        tracing::debug!(%error, "a background thread keeps its priority");
    }
}

/// How the store does its background work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Background {
    Threads,
    /// Nothing happens until it is stepped or waited for.
    #[cfg(any(test, feature = "testing"))]
    Steps,
}

/// Background work of an engine.
#[cfg(any(test, feature = "testing"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundWork {
    Segments,
    Watermark,
    Checkpoint,
}

/// A background worker.
#[derive(Debug)]
pub(crate) enum Worker {
    /// `None` once it ended.
    Thread(Option<JoinHandle<()>>),
    #[cfg(any(test, feature = "testing"))]
    Steps,
}

impl Background {
    /// Starts a thread that runs `run`, or none.
    pub(crate) fn start(
        self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<Worker> {
        match self {
            Self::Threads => {
                let thread = std::thread::Builder::new().name(name.to_owned());
                Ok(Worker::Thread(Some(thread.spawn(run)?)))
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Steps => Ok(Worker::Steps),
        }
    }
}

impl Worker {
    /// Returns whether a caller that waits for the work must do it.
    pub(crate) const fn is_stepped(&self) -> bool {
        match self {
            Self::Thread(_) => false,
            #[cfg(any(test, feature = "testing"))]
            Self::Steps => true,
        }
    }

    /// Waits until the thread ends.
    pub(crate) fn join(&mut self) {
        let thread = match self {
            Self::Thread(thread) => thread.take(),
            #[cfg(any(test, feature = "testing"))]
            Self::Steps => None,
        };
        if let Some(thread) = thread {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "a thread of the store panicked");
            }
        }
    }
}
