//! The commit log: what `append` has returned for survives a power cut.
//!
//! A batch is one record: one write, one fdatasync, all of it or nothing after a crash. Segments
//! are filled one after the other; when the trees hold everything of a segment it is dropped, and
//! its file is used again. Each life of a file has its own salt, so nothing that it held before is
//! ever read ([`segment`], [`record`]). After each start the log goes on in a new segment, behind
//! nothing torn.
//!
//! What cannot be told apart: damage of the very last record, and a crash while it was written.
//! Everything before it is loud.

mod preparer;
mod record;
mod recovery;
mod segment;
mod sync_times;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cairn_proto::wire::metrics::Histogram;

use crate::limits;

use self::preparer::Preparer;
pub use self::record::{BatchBuf, BatchNo};
use self::recovery::Listing;
use self::segment::Active;
use self::sync_times::SyncTimes;
use crate::files::durable;
use crate::files::poison::{Poison, Poisoned};

/// The commit log of one data directory. It has one owner, the sequencer.
#[derive(Debug)]
pub struct CommitLog {
    dir: PathBuf,
    poison: Poison,
    preparer: Preparer,
    sealed: VecDeque<Sealed>,
    active: Active,
    last: BatchNo,
    /// The bytes of the batches that this log has appended since it was opened.
    written_bytes: u64,
    sync_times: SyncTimes,
}

/// A segment that is not written to any more. It may hold no batch: `last` is below `first` then.
#[derive(Debug)]
struct Sealed {
    path: PathBuf,
    first: BatchNo,
    last: BatchNo,
    record_bytes: u64,
}

/// What went wrong with the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file or the folder could not be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what was written to it.
    #[error("{} is damaged at offset {offset}: {what}; restore the data directory from a backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// Batches are not there.
    #[error(
        "the commit log lacks batch {expected}: {}, and the trees hold everything up to {checkpoint}; \
         restore the data directory from a backup",
        .found.map_or_else(|| "no segment has it".to_owned(), |found| format!("a segment begins with {found}"))
    )]
    Missing {
        /// The batch.
        expected: BatchNo,
        /// What stands in its place.
        found: Option<BatchNo>,
        /// What the trees hold.
        checkpoint: BatchNo,
    },
    /// A file that is none of the log's.
    #[error("{} does not belong into {}; move it elsewhere", recovery::describe(.name), .dir.display())]
    Foreign {
        /// The file.
        name: OsString,
        /// The log's folder.
        dir: PathBuf,
    },
    /// A batch is larger than the log takes. Nothing was written.
    #[error(
        "a batch of {bytes} bytes, where {} are allowed",
        limits::BATCH_BYTES_MAX
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// An earlier write failed.
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
}

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError<E> {
    /// The log itself.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Whoever takes the batches refused one.
    #[error("cannot replay batch {batch} of the commit log: {source}")]
    Replay {
        /// The batch.
        batch: BatchNo,
        /// Why.
        source: E,
    },
}

impl LogError {
    fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    fn damaged(path: &Path, offset: usize, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            offset: offset as u64,
            what: what.into(),
        }
    }
}

impl CommitLog {
    /// Opens the log in `dir`, or makes one, and replays each batch above `checkpoint` in order.
    /// What `replay` gets are the batch's changes; they share the memory of a whole segment, so
    /// whoever keeps them for long copies them.
    ///
    /// # Errors
    /// When the log is damaged or lacks batches, when files cannot be used, and when `replay`
    /// refuses a batch.
    pub fn open<E>(
        dir: &Path,
        checkpoint: BatchNo,
        poison: &Poison,
        replay: impl FnMut(BatchNo, Bytes) -> Result<(), E>,
    ) -> Result<Self, OpenError<E>> {
        durable::create_dir_all(dir).map_err(|source| LogError::io("make", dir, source))?;
        let mut listing = Listing::read(dir)?;
        let spares = std::mem::take(&mut listing.spares);
        let next_spare = listing.next_spare;
        let replayed = if listing.is_new() && checkpoint == BatchNo::ZERO {
            recovery::Replayed::default()
        } else {
            listing.replay(checkpoint, replay)?
        };
        let last = replayed.last();
        let mut sealed = VecDeque::from(replayed.segments);
        // One without a batch is about to be replaced by the new segment, which gets the same name.
        if sealed
            .back()
            .is_some_and(|segment| segment.last < segment.first)
        {
            sealed.pop_back();
        } else if let Some(segment) = sealed.back() {
            recovery::truncate(segment)
                .map_err(|source| LogError::io("truncate", &segment.path, source))?;
        }
        let preparer = Preparer::start(dir, spares, next_spare)
            .map_err(|source| LogError::io("start a thread for", dir, source))?;
        let active = activate(&preparer, dir, last.next())?;
        preparer.recycle(replayed.dropped);
        let (poison, sync_times) = (poison.clone(), SyncTimes::new());
        let mut log = Self {
            dir: dir.to_owned(),
            poison,
            preparer,
            sealed,
            active,
            last,
            written_bytes: 0,
            sync_times,
        };
        log.drop_through(checkpoint);
        Ok(log)
    }

    /// Writes a batch. When this returns, the batch is durable.
    ///
    /// # Errors
    /// When the batch is too large; nothing has happened then. Any other error ends all writing.
    pub fn append(&mut self, batch: &mut BatchBuf) -> Result<BatchNo, LogError> {
        self.poison.check()?;
        let number = self.last.next();
        let bytes = batch.payload_bytes();
        if bytes > limits::BATCH_BYTES_MAX {
            return Err(LogError::TooLarge { bytes });
        }
        if !self.active.fits(bytes + record::RECORD_HEADER_BYTES) && !self.active.is_empty() {
            self.seal_active()?;
        }
        let Some(record) = batch.seal(number, self.active.header.salt) else {
            return Err(LogError::TooLarge { bytes });
        };
        match self.active.append(record) {
            Ok(took) => self.sync_times.record(took),
            Err(source) => {
                return Err(self.fail(LogError::io("append to", &self.active.path, source)));
            }
        }
        self.written_bytes += record.len() as u64;
        self.last = number;
        if self.active.is_half_full() {
            self.preparer.want(limits::SEGMENT_BYTES);
        }
        Ok(number)
    }

    /// Ends the current segment, so that everything up to the returned batch can be dropped after a
    /// checkpoint.
    ///
    /// # Errors
    /// Any error ends all writing.
    pub fn rotate(&mut self) -> Result<BatchNo, LogError> {
        self.poison.check()?;
        if !self.active.is_empty() {
            self.seal_active()?;
        }
        Ok(self.last)
    }

    /// Drops the segments that hold nothing above this batch. The trees hold it durably; nothing
    /// loads to wait for the files.
    pub fn drop_through(&mut self, batch: BatchNo) {
        let keep = self
            .sealed
            .iter()
            .position(|sealed| sealed.last > batch)
            .unwrap_or(self.sealed.len());
        self.preparer
            .recycle(self.sealed.drain(..keep).map(|sealed| sealed.path));
    }

    /// The last batch.
    #[must_use]
    pub fn last(&self) -> BatchNo {
        self.last
    }

    /// The bytes of all batches in the log.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        self.bytes_since(BatchNo::ZERO)
    }

    /// The bytes of the batches above this one, to the segment: a segment that ends above it counts
    /// as a whole.
    #[must_use]
    pub fn bytes_since(&self, batch: BatchNo) -> u64 {
        let sealed: u64 = self
            .sealed
            .iter()
            .filter(|sealed| sealed.last > batch)
            .map(|sealed| sealed.record_bytes)
            .sum();
        sealed + self.active.end - segment::SEGMENT_HEADER_BYTES as u64
    }

    /// The bytes that were appended since the log was opened.
    #[must_use]
    pub const fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// The zeros that were written ahead of need since the log was opened, in bytes.
    #[must_use]
    pub fn prepared_bytes(&self) -> u64 {
        self.preparer.prepared_bytes()
    }

    /// How long the fdatasync of each batch took since the log was opened.
    #[must_use]
    pub fn sync_times(&self) -> Histogram {
        self.sync_times.recorded()
    }

    /// Ends the log so that the folder is as small as it can be: no spares, and nothing allocated
    /// beyond the last record.
    ///
    /// # Errors
    /// When files cannot be removed or truncated. The log is whole all the same.
    pub fn close_clean(self) -> Result<(), LogError> {
        for spare in self.preparer.stop() {
            let path = spare.path.clone();
            spare
                .remove()
                .map_err(|source| LogError::io("remove", &path, source))?;
        }
        self.active
            .truncate()
            .map_err(|source| LogError::io("truncate", &self.active.path, source))?;
        durable::sync_dir(&self.dir).map_err(|source| LogError::io("sync", &self.dir, source))
    }

    fn seal_active(&mut self) -> Result<(), LogError> {
        let next = match activate(&self.preparer, &self.dir, self.last.next()) {
            Ok(next) => next,
            Err(error) => return Err(self.fail(error)),
        };
        let full = std::mem::replace(&mut self.active, next);
        let record_bytes = full.end - segment::SEGMENT_HEADER_BYTES as u64;
        self.sealed.push_back(Sealed {
            path: full.path,
            first: full.header.first,
            last: self.last,
            record_bytes,
        });
        Ok(())
    }

    fn fail(&self, error: LogError) -> LogError {
        self.poison.set(&error);
        error
    }
}

fn activate(preparer: &Preparer, dir: &Path, first: BatchNo) -> Result<Active, LogError> {
    preparer
        .take()
        .and_then(|spare| spare.activate(dir, first))
        .map_err(|source| LogError::io("start a segment in", dir, source))
}

#[cfg(test)]
mod tests;
