//! The log of a data directory: segment files.
//!
//! A batch is one record: one write and one fdatasync, and after a crash all of it or nothing.
//! Segments are filled one after the other. When the trees hold everything of a segment, it is
//! dropped and its file is reused. Each use of a file has its own salt, so its earlier content is
//! never read ([`segment`], [`record`]). After each start, the log continues in a new segment, so
//! nothing is ever written after a torn record.
//!
//! Damage of the last records, which the watermark does not name yet, cannot be distinguished from
//! a crash during their write. All other damage is reported: records chain their checksums, a
//! closed segment is marked as such, and the watermark records the position of the log
//! ([`watermark`]). What follows the watermark counts as durable once a start has written it again
//! ([`recovery`]).

#[cfg(any(test, feature = "testing"))]
pub(crate) mod damage;
mod preparer;
pub(crate) mod reader;
pub(crate) mod record;
mod recovery;
pub(crate) mod salvage;
mod segment;
mod watermark;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::disk::Disk;
use crate::durations::Durations;
use crate::limits;

use self::preparer::Preparer;
use self::reader::{SegmentList, SegmentReader};
use self::record::{BatchBuf, BatchNo, Layout};
use self::recovery::{Known, Listing};
use self::segment::{Active, FileKind, Sealed, SegmentEnd};
use self::watermark::{Mark, Watermark};
use crate::commit_log::counters::LogCounters;
use crate::commit_log::error::{LogError, OpenError};
use crate::env::Env;
use crate::files::directory_id::DirectoryId;
use crate::files::durable;
use crate::files::format::Format;
use crate::files::poison::Poison;

const LOG_DIR: &str = "log";

/// The log of one data directory, owned by the sequencer.
#[derive(Debug)]
pub(crate) struct SegmentLog {
    env: Env,
    dir: PathBuf,
    poison: Poison,
    preparer: Preparer,
    directory: DirectoryId,
    watermark: Watermark,
    sealed: VecDeque<Sealed>,
    active: Active,
    /// What followers can read.
    listed: SegmentList,
    last: BatchNo,
    /// Since the log was opened.
    written_bytes: u64,
    sync_times: Durations,
}

/// Where a log is kept.
#[derive(Debug)]
pub(crate) struct LogPlace {
    dir: PathBuf,
    /// The file of the watermark, outside the folder of the log.
    watermark: PathBuf,
    directory: DirectoryId,
    format: Format,
}

impl LogPlace {
    /// The log of a data directory.
    #[must_use]
    pub(crate) fn in_dir(dir: &Path, directory: DirectoryId, format: Format) -> Self {
        Self {
            dir: dir.join(LOG_DIR),
            watermark: dir.join("watermark"),
            directory,
            format,
        }
    }
}

/// Returns whether the log of a data directory has a segment, whatever is in it.
pub(crate) fn has_segments(disk: &dyn Disk, dir: &Path) -> Result<bool, LogError> {
    let dir = dir.join(LOG_DIR);
    if !disk.is_dir(&dir) {
        return Ok(false);
    }
    let names = disk
        .list(&dir)
        .map_err(|source| LogError::io("list", &dir, source))?;
    Ok(names
        .iter()
        .any(|name| matches!(segment::parse_name(name), Some(FileKind::Segment(_)))))
}

impl SegmentLog {
    /// Opens the log, or creates it, and replays each batch above `checkpoint` in order. The
    /// payload passed to `replay` shares the memory of a whole segment: copy what is kept.
    ///
    /// # Errors
    ///
    /// When the log is damaged or lacks batches, when files cannot be used, and when `replay`
    /// refuses a batch.
    pub(crate) fn open<E>(
        env: &Env,
        place: &LogPlace,
        checkpoint: BatchNo,
        poison: &Poison,
        replay: impl FnMut(BatchNo, Bytes) -> Result<(), E>,
    ) -> Result<Self, OpenError<E>> {
        let disk = env.disk.as_ref();
        let LogPlace {
            dir,
            watermark: watermark_path,
            directory,
            ..
        } = place;
        let directory = *directory;
        durable::create_dir_all(disk, dir).map_err(|source| LogError::io("create", dir, source))?;
        let mut listing = Listing::read(disk, dir)?;
        let mark = read_mark(disk, place, listing.is_new())?;
        let spares = std::mem::take(&mut listing.spares);
        let next_spare = listing.next_spare;
        let is_new = listing.is_new()
            && checkpoint == BatchNo::ZERO
            && mark.is_none_or(|mark| mark.segment == BatchNo::ZERO);
        let replayed = match is_new {
            true => recovery::Replayed::default(),
            false => {
                let known = Known {
                    disk,
                    directory,
                    checkpoint,
                    mark,
                };
                listing.replay(known, replay)?
            }
        };
        let (last, checksum) = (replayed.last(), replayed.checksum());
        let mut sealed = VecDeque::from(replayed.segments);
        // The new segment will replace one without a batch, as both have the same name.
        if sealed
            .back()
            .is_some_and(|segment| segment.last < segment.first)
        {
            sealed.pop_back();
        } else if let Some(segment) = sealed.back() {
            recovery::close(disk, segment, &replayed.unconfirmed)
                .map_err(|source| LogError::io("close", &segment.path, source))?;
        }
        if mark.is_none() {
            // Before the first segment, since one without a watermark is damage; after the last one
            // was closed, since it names what is durable.
            let mark = Mark {
                last,
                checksum,
                ..Mark::new(directory)
            };
            watermark::reset(disk, watermark_path, mark)?;
        }
        let watermark = Watermark::start(env, watermark_path, poison)?;
        // None is used again: after a failed sync of the folder, the disk may still know it by the
        // name of the segment that it was.
        for path in spares {
            disk.remove_file(&path)
                .map_err(|source| LogError::io("remove", &path, source))?;
        }
        let preparer = Preparer::start(env, dir, next_spare)
            .map_err(|source| LogError::io("start a thread for", dir, source))?;
        // A new segment after each start: appending after a torn record would hide it from the next
        // recovery.
        let active = preparer
            .take()
            .and_then(|spare| spare.activate(env, dir, last.next(), directory, checksum))
            .map_err(|source| LogError::io("start a segment in", dir, source))?;
        watermark.anchor(last.next(), active.bytes, last, checksum)?;
        preparer.recycle(replayed.dropped);
        let listed = SegmentList::default();
        for segment in &sealed {
            listed.push(segment.first, &segment.path);
        }
        listed.push(active.header.first, &active.path);
        let (poison, sync_times) = (poison.clone(), Durations::default());
        let mut log = Self {
            env: env.clone(),
            dir: dir.to_owned(),
            poison,
            preparer,
            directory,
            watermark,
            sealed,
            active,
            listed,
            last,
            written_bytes: 0,
            sync_times,
        };
        log.drop_through(checkpoint);
        Ok(log)
    }

    /// Appends a batch. When this returns, the batch is durable.
    ///
    /// # Errors
    ///
    /// When the batch is too large; nothing has happened then. Any other error poisons the store.
    pub(crate) fn append(&mut self, batch: &mut BatchBuf) -> Result<BatchNo, LogError> {
        self.poison.check()?;
        let number = self.last.next();
        let bytes = batch.payload_bytes();
        if bytes > limits::BATCH_BYTES_MAX {
            return Err(LogError::TooLarge { bytes });
        }
        // Sealed before the record is encoded: its checksum starts from the salt of the segment.
        if !self.active.fits(bytes + record::RECORD_HEADER_BYTES) && !self.active.is_empty() {
            self.seal_active()?;
        }
        let (previous, salt) = (self.active.checksum, self.active.header.salt);
        let Some((record, checksum)) = batch.seal(number, previous, salt) else {
            return Err(LogError::TooLarge { bytes });
        };
        match self.active.append(record, &self.env.clock) {
            Ok(took) => self.sync_times.record(took),
            Err(source) => {
                return Err(self.fail(LogError::io("append to", &self.active.path, source)));
            }
        }
        self.written_bytes += record.len() as u64;
        self.last = number;
        self.active.checksum = checksum;
        self.watermark.advance(number, checksum);
        if self.active.is_half_full() {
            self.preparer.want();
        }
        Ok(number)
    }

    /// Seals the current segment, so that everything up to the returned batch can be dropped after
    /// a checkpoint.
    ///
    /// # Errors
    ///
    /// Every error poisons the store.
    pub(crate) fn rotate(&mut self) -> Result<BatchNo, LogError> {
        self.poison.check()?;
        if !self.active.is_empty() {
            self.seal_active()?;
        }
        self.watermark.want_sync();
        Ok(self.last)
    }

    /// Drops the segments without a batch above this one, which the trees must hold durably. Does
    /// not wait for the files.
    pub(crate) fn drop_through(&mut self, batch: BatchNo) {
        let keep = self
            .sealed
            .iter()
            .position(|sealed| sealed.last > batch)
            .unwrap_or(self.sealed.len());
        let first = self.sealed.get(keep).map(|sealed| sealed.first);
        // Before the files are reused.
        self.listed
            .remove_before(first.unwrap_or(self.active.header.first));
        self.preparer
            .recycle(self.sealed.drain(..keep).map(|sealed| sealed.path));
    }

    #[must_use]
    pub(crate) fn last(&self) -> BatchNo {
        self.last
    }

    #[cfg(test)]
    pub(crate) fn live_bytes(&self) -> u64 {
        self.bytes_since(BatchNo::ZERO)
    }

    /// The bytes of the batches above this one. A segment that ends above it counts completely.
    #[must_use]
    pub(crate) fn bytes_since(&self, batch: BatchNo) -> u64 {
        let sealed: u64 = self
            .sealed
            .iter()
            .filter(|sealed| sealed.last > batch)
            .map(|sealed| sealed.record_bytes)
            .sum();
        sealed + self.active.end - segment::SEGMENT_HEADER_BYTES as u64
    }

    /// A reader for another thread.
    #[must_use]
    pub(crate) fn reader(&self) -> SegmentReader {
        SegmentReader::new(&self.env.disk, &self.listed)
    }

    #[must_use]
    pub(crate) fn counters(&self) -> LogCounters {
        LogCounters {
            written_bytes: self.written_bytes,
            prepared_bytes: self.preparer.prepared_bytes(),
            syncs: self.sync_times.recorded(),
        }
    }

    /// Prepares a segment if one is wanted. Returns whether one was.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn prepare_segment(&self) -> bool {
        self.preparer.step()
    }

    /// Writes the watermark if it changed. Returns whether it had.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn write_watermark(&self) -> bool {
        self.watermark.step()
    }

    /// Closes the log with a minimal folder: no spares, and nothing allocated after the last
    /// record.
    ///
    /// # Errors
    ///
    /// When files cannot be removed or truncated. The log is complete all the same.
    pub(crate) fn close_clean(self) -> Result<(), LogError> {
        for spare in self.preparer.stop() {
            let path = spare.path.clone();
            spare
                .remove(self.env.disk.as_ref())
                .map_err(|source| LogError::io("remove", &path, source))?;
        }
        self.active
            .close()
            .map_err(|source| LogError::io("close", &self.active.path, source))?;
        self.watermark.close()?;
        self.env
            .disk
            .sync_dir(&self.dir)
            .map_err(|source| LogError::io("sync", &self.dir, source))
    }

    fn seal_active(&mut self) -> Result<(), LogError> {
        let next = self.activate_next().map_err(|error| self.fail(error))?;
        self.listed.push(next.header.first, &next.path);
        let full = std::mem::replace(&mut self.active, next);
        let record_bytes = full.end - segment::SEGMENT_HEADER_BYTES as u64;
        self.sealed.push_back(Sealed {
            path: full.path,
            first: full.header.first,
            last: self.last,
            record_bytes,
            end: SegmentEnd {
                at: full.end,
                salt: full.header.salt,
                checksum: full.checksum,
                is_open: true,
                layout: Layout::Format3,
            },
        });
        Ok(())
    }

    fn activate_next(&self) -> Result<Active, LogError> {
        let (first, checksum) = (self.last.next(), self.active.checksum);
        let next = self
            .preparer
            .take()
            .and_then(|spare| spare.activate(&self.env, &self.dir, first, self.directory, checksum))
            .map_err(|source| LogError::io("start a segment in", &self.dir, source))?;
        // Before the first batch of the segment: without this, a lost last segment would look like
        // a log that ended earlier.
        self.watermark
            .anchor(first, next.bytes, self.last, checksum)?;
        Ok(next)
    }

    fn fail(&self, error: LogError) -> LogError {
        self.poison.set(&error);
        error
    }
}

/// Reads the watermark; `None` if there is none yet.
fn read_mark(disk: &dyn Disk, place: &LogPlace, is_new: bool) -> Result<Option<Mark>, LogError> {
    let path = &place.watermark;
    let mark = watermark::read(disk, path)?;
    match mark {
        None if !is_new && place.format.has_watermark() => Err(LogError::NoWatermark {
            path: path.to_owned(),
        }),
        Some(mark) if mark.directory != place.directory => Err(LogError::OtherDirectory {
            path: path.to_owned(),
            found: mark.directory,
            expected: place.directory,
        }),
        mark => Ok(mark),
    }
}

#[cfg(test)]
mod tests;
