//! The commit log: a batch survives a power cut once [`Log::append`] has returned.
//!
//! ```text
//! LogSource::replay(from)  every batch after a position, in order; the log can be written then
//! Log::append(batch)       the position after it
//! Log::trim(through)       drops batches that the trees hold durably
//! Log::feed()              the batches for followers, which read on their own threads
//! ```
//!
//! All that an engine knows of its log is here. The log decides which batches exist and in which
//! order; engines that replay it from the same position get the same state. What else a machine
//! knows is in [`crate::engine::node`].
//!
//! The log of a data directory consists of segment files ([`segments`]); tests have one in memory.

mod counters;
mod error;
pub(crate) mod feed;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod memory;
mod position;
pub(crate) mod segments;

use std::path::Path;

use bytes::Bytes;

pub(crate) use self::counters::LogCounters;
pub(crate) use self::error::{LogError, OpenError};
use self::feed::{Feed, LogReader};
#[cfg(any(test, feature = "testing"))]
use self::memory::{MemoryLog, MemoryWriter};
pub use self::position::Position;
pub(crate) use self::segments::record::BatchBuf;
use self::segments::{LogPlace, SegmentLog};
use crate::env::Env;
use crate::files::directory_id::DirectoryId;
use crate::files::format::Format;
use crate::files::poison::Poison;

/// A log that can be read.
#[derive(Debug)]
pub(crate) enum LogSource<'a> {
    Segments(&'a Env, LogPlace),
    #[cfg(any(test, feature = "testing"))]
    Memory(MemoryLog),
}

/// A log that can be written, by one engine.
#[derive(Debug)]
pub(crate) struct Log {
    writer: Writer,
    feed: Feed,
}

#[derive(Debug)]
enum Writer {
    Segments(Box<SegmentLog>),
    #[cfg(any(test, feature = "testing"))]
    Memory(MemoryWriter),
}

impl<'a> LogSource<'a> {
    /// The log of a data directory.
    #[must_use]
    pub(crate) fn of(env: &'a Env, dir: &Path, directory: DirectoryId, format: Format) -> Self {
        #[cfg(any(test, feature = "testing"))]
        if let Some(log) = &env.log {
            return Self::Memory(log.clone());
        }
        Self::Segments(env, LogPlace::in_dir(dir, directory, format))
    }

    /// Replays each batch after `from`, in order. The payload may share the memory of much more:
    /// copy what is kept.
    ///
    /// # Errors
    ///
    /// When the log is damaged or lacks batches, when it cannot be used, and when `replay` refuses
    /// a batch.
    pub(crate) fn replay<E>(
        self,
        from: Position,
        poison: &Poison,
        mut replay: impl FnMut(Position, Bytes) -> Result<(), E>,
    ) -> Result<Log, OpenError<E>> {
        let replay = |batch, payload| replay(Position::after(batch), payload);
        let writer = match self {
            Self::Segments(env, place) => Writer::Segments(Box::new(SegmentLog::open(
                env,
                &place,
                from.batch(),
                poison,
                replay,
            )?)),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(log) => {
                Writer::Memory(MemoryWriter::open(log, from.batch(), poison, replay)?)
            }
        };
        let reader = match &writer {
            Writer::Segments(log) => LogReader::Segments(log.reader()),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => LogReader::Memory(log.log()),
        };
        let feed = Feed::new(reader, from);
        Ok(Log { writer, feed })
    }
}

impl Log {
    /// Appends a batch. When this returns, the batch is durable.
    ///
    /// # Errors
    ///
    /// When the batch is too large; nothing has happened then. Any other error poisons the store,
    /// and the batch may be in the log all the same.
    pub(crate) fn append(&mut self, batch: &mut BatchBuf) -> Result<Position, LogError> {
        let appended = match &mut self.writer {
            Writer::Segments(log) => log.append(batch),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => log.append(batch),
        };
        appended.map(Position::after)
    }

    /// Ends the last segment, so that everything up to the returned position can be trimmed after a
    /// checkpoint.
    ///
    /// # Errors
    ///
    /// Every error poisons the store.
    pub(crate) fn seal(&mut self) -> Result<Position, LogError> {
        match &mut self.writer {
            Writer::Segments(log) => log.rotate().map(Position::after),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => Ok(Position::after(log.last())),
        }
    }

    /// Drops batches up to `through`, which the trees must hold durably. Waits neither for that nor
    /// for followers.
    pub(crate) fn trim(&mut self, through: Position) {
        self.feed.trim(through);
        match &mut self.writer {
            Writer::Segments(log) => log.drop_through(through.batch()),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => log.trim(through.batch()),
        }
    }

    /// The batches for followers. The engine shows them after a commit: see
    /// [`Feed::show`].
    #[must_use]
    pub(crate) const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The position after the last batch.
    #[must_use]
    pub(crate) fn last(&self) -> Position {
        Position::after(match &self.writer {
            Writer::Segments(log) => log.last(),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => log.last(),
        })
    }

    /// The bytes of the batches after a position, at least.
    #[must_use]
    pub(crate) fn bytes_since(&self, position: Position) -> u64 {
        match &self.writer {
            Writer::Segments(log) => log.bytes_since(position.batch()),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => log.bytes_since(position.batch()),
        }
    }

    #[must_use]
    pub(crate) fn counters(&self) -> LogCounters {
        match &self.writer {
            Writer::Segments(log) => log.counters(),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(log) => LogCounters {
                written_bytes: log.written_bytes(),
                ..LogCounters::default()
            },
        }
    }

    /// Ends the log: it takes no more space than its batches.
    ///
    /// # Errors
    ///
    /// When that failed. The log is complete all the same.
    pub(crate) fn close(self) -> Result<(), LogError> {
        match self.writer {
            Writer::Segments(log) => log.close_clean(),
            #[cfg(any(test, feature = "testing"))]
            Writer::Memory(_) => Ok(()),
        }
    }

    /// Prepares a segment if one is wanted. Returns whether one was.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn prepare_segment(&self) -> bool {
        match &self.writer {
            Writer::Segments(log) => log.prepare_segment(),
            Writer::Memory(_) => false,
        }
    }

    /// Writes the watermark if it changed. Returns whether it had.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn write_watermark(&self) -> bool {
        match &self.writer {
            Writer::Segments(log) => log.write_watermark(),
            Writer::Memory(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
