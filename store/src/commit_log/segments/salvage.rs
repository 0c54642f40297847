//! What can be kept of a damaged log: the batches that continue the trees, up to the first one that
//! is missing or unreadable. [`Salvage::cut`] removes the rest.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;

use super::LogPlace;
use super::record::{BatchNo, Found, RecordReader};
use super::recovery::{self, Known, Listing};
use super::segment::{Sealed, SegmentEnd, SegmentHeader, Spare};
use super::watermark::{self, Mark};
use crate::commit_log::error::{LogError, OpenError};
use crate::commit_log::position::Position;
use crate::env::Env;
use crate::files::durable;
use crate::files::format::Format;
use crate::limits;

/// Checks a log without changing it.
///
/// # Errors
///
/// As [`SegmentLog::open`](super::SegmentLog::open).
pub(crate) fn check(env: &Env, place: &LogPlace, checkpoint: Position) -> Result<(), LogError> {
    let (disk, checkpoint) = (env.disk.as_ref(), checkpoint.batch());
    let listing = Listing::read(disk, &place.dir)?;
    let mark = super::read_mark(disk, place, listing.is_new())?;
    let known = Known {
        disk,
        directory: place.directory,
        checkpoint,
        mark,
    };
    let is_unused = mark.is_none_or(|mark| mark.segment == BatchNo::ZERO);
    if listing.is_new() && checkpoint == BatchNo::ZERO && is_unused {
        return Ok(());
    }
    match listing.replay(known, |_, _| Ok::<(), Infallible>(())) {
        Ok(_) => Ok(()),
        Err(OpenError::Log(error)) => Err(error),
        Err(OpenError::Replay { source, .. }) => match source {},
    }
}

/// A log that was read as far as it can be kept.
#[derive(Debug)]
pub(crate) struct Salvage {
    checkpoint: BatchNo,
    /// `None` if it is missing or damaged.
    mark: Option<Mark>,
    kept: Vec<Sealed>,
    /// The records of the last of them.
    last_records: Bytes,
    removed: Vec<PathBuf>,
}

/// A batch after the point where the log must be cut.
pub(crate) type OnLost<'a> = &'a mut dyn FnMut(BatchNo, Bytes);

impl Salvage {
    /// Reads a log, and passes each readable batch that cannot be kept to `on_lost`.
    pub(crate) fn read(
        env: &Env,
        place: &LogPlace,
        checkpoint: Position,
        on_lost: OnLost<'_>,
    ) -> Result<Self, LogError> {
        let checkpoint = checkpoint.batch();
        let listing = Listing::read(env.disk.as_ref(), &place.dir)?;
        let mark = match place.format {
            Format::Current | Format::Format4 | Format::Format3 => read_mark(env, place)?,
            Format::Format2 => None,
        };
        let mut salvage = Self {
            checkpoint,
            mark,
            kept: Vec::new(),
            last_records: Bytes::new(),
            removed: Vec::new(),
        };
        let mut whole = true;
        for (first, path) in listing.needed(checkpoint) {
            let io = |source| LogError::io("read", &path, source);
            let bytes = env.disk.read(&path).map_err(io)?;
            let file = File {
                place,
                path,
                first,
                bytes: Bytes::from(bytes),
            };
            whole = whole && salvage.keep(&file);
            if !whole {
                file.lose(salvage.last(), on_lost);
                salvage.drop_file(file.path);
            }
        }
        Ok(salvage)
    }

    /// The last batch that remains, in the log or in the trees.
    pub(crate) fn last(&self) -> BatchNo {
        let last = self.kept.last().map_or(BatchNo::ZERO, |kept| kept.last);
        last.max(self.checkpoint)
    }

    /// The last batch that is known to have been accepted.
    pub(crate) fn accepted(&self) -> Option<BatchNo> {
        self.mark.map(|mark| mark.last)
    }

    /// The segment that is shortened, and the files that are removed.
    pub(crate) fn files(&self) -> (Option<&PathBuf>, &[PathBuf]) {
        (self.kept.last().map(|kept| &kept.path), &self.removed)
    }

    /// Removes everything after the last batch that remains.
    pub(crate) fn cut(mut self, env: &Env, place: &LogPlace) -> Result<(), LogError> {
        let disk = env.disk.as_ref();
        let last = self.last();
        if self
            .kept
            .last()
            .is_none_or(|kept| kept.last < self.checkpoint)
        {
            // The trees hold more than what is left of the log.
            let useless = std::mem::take(&mut self.kept);
            self.removed
                .extend(useless.into_iter().map(|kept| kept.path));
        }
        let end = self.kept.last();
        let mark = Mark {
            segment: end.map_or(BatchNo::ZERO, |kept| kept.first),
            last,
            checksum: end.map_or(0, |kept| kept.end.checksum),
            ..Mark::new(place.directory)
        };
        watermark::reset(disk, &place.watermark, mark)?;
        for path in &self.removed {
            disk.remove_file(path)
                .map_err(|source| LogError::io("remove", path, source))?;
        }
        match end {
            Some(kept) => recovery::close(disk, kept, &self.last_records)
                .map_err(|source| LogError::io("close", &kept.path, source))?,
            None => create_empty(env, place, last.next())?,
        }
        disk.sync_dir(&place.dir)
            .map_err(|source| LogError::io("sync", &place.dir, source))
    }

    /// Keeps what continues the segments before. Returns whether that is the whole segment.
    fn keep(&mut self, file: &File<'_>) -> bool {
        let before = self.kept.last();
        let continues = match before {
            Some(before) => file.first == before.last.next(),
            None => file.first <= self.checkpoint.next(),
        };
        if !continues {
            return false;
        }
        let previous = before.map(|before| before.end.checksum);
        let Some(header) = file.header(previous) else {
            return false;
        };
        let (sealed, whole) = file.read(&header, self.mark);
        // One without a batch only stands for the end of the log.
        if sealed.last < sealed.first && !self.kept.is_empty() {
            return false;
        }
        let end = usize::try_from(sealed.end.at).unwrap_or(usize::MAX);
        self.last_records = file.bytes.slice(header.end()..end);
        self.kept.push(sealed);
        whole
    }

    fn drop_file(&mut self, path: PathBuf) {
        if self.kept.last().is_none_or(|kept| kept.path != path) {
            self.removed.push(path);
        }
    }
}

/// A watermark that cannot be used is none.
fn read_mark(env: &Env, place: &LogPlace) -> Result<Option<Mark>, LogError> {
    match watermark::read(env.disk.as_ref(), &place.watermark) {
        Err(LogError::Damaged { .. }) => Ok(None),
        read => Ok(read?.filter(|mark| mark.directory == place.directory)),
    }
}

/// Leaves a segment without a batch, so that the next start finds the end of the log.
fn create_empty(env: &Env, place: &LogPlace, first: BatchNo) -> Result<(), LogError> {
    let io = |source| LogError::io("start a segment in", &place.dir, source);
    let disk = env.disk.as_ref();
    durable::create_dir_all(disk, &place.dir).map_err(io)?;
    let (path, bytes) = (Spare::path(&place.dir, 0), limits::SEGMENT_BYTES_SMALL);
    let spare = Spare::create(disk, path, bytes, &AtomicU64::new(0)).map_err(io)?;
    spare
        .activate(env, &place.dir, first, place.directory, 0)
        .map(drop)
        .map_err(io)
}

/// A segment in memory.
struct File<'a> {
    place: &'a LogPlace,
    path: PathBuf,
    first: BatchNo,
    bytes: Bytes,
}

impl File<'_> {
    /// Returns the header of a segment that follows a batch with this checksum.
    fn header(&self, previous: Option<u32>) -> Option<SegmentHeader> {
        let header = SegmentHeader::decode(&self.bytes)?;
        let fits = header.place.is_none_or(|place| {
            place.directory == self.place.directory
                && previous.is_none_or(|previous| previous == place.previous)
        });
        (header.first == self.first && fits).then_some(header)
    }

    /// Reads the batches up to the first one that does not continue the one before it. Returns also
    /// whether nothing is missing at the end.
    fn read(&self, header: &SegmentHeader, mark: Option<Mark>) -> (Sealed, bool) {
        let records = header.records();
        let mut expected = self.first;
        let mut checksum = header.place.map_or(0, |place| place.previous);
        let mut at = header.end();
        let mut is_open = true;
        let mut whole = true;
        while let Some(found) = records.read_at(&self.bytes, at) {
            if found.previous.is_some_and(|previous| previous != checksum) {
                whole = false;
                break;
            }
            if found.is_end() {
                is_open = false;
                break;
            }
            let is_other =
                mark.is_some_and(|mark| mark.last == expected && mark.checksum != found.checksum);
            if found.number != expected || is_other {
                whole = false;
                break;
            }
            at = found.end;
            checksum = found.checksum;
            expected = expected.next();
        }
        whole = whole && (!is_open || records.find_later(&self.bytes, at, expected).is_none());
        let sealed = Sealed {
            path: self.path.clone(),
            first: self.first,
            last: BatchNo::new(expected.get().saturating_sub(1)),
            record_bytes: (at - header.end()) as u64,
            end: SegmentEnd {
                at: at as u64,
                salt: header.salt,
                checksum,
                is_open,
                layout: records.layout,
            },
        };
        (sealed, whole)
    }

    /// Passes on the readable batches above `last`, wherever they lie.
    fn lose(&self, last: BatchNo, on_lost: OnLost<'_>) {
        let Some(header) = SegmentHeader::decode(&self.bytes) else {
            return;
        };
        let records = header.records();
        let mut at = header.end();
        while let Some((_, found)) = next_record(records, &self.bytes, at, self.first) {
            if found.number > last && !found.is_end() {
                on_lost(found.number, self.bytes.slice(found.changes..found.end));
            }
            at = found.end;
        }
    }
}

/// Returns the record at this offset, or else the next one after it.
fn next_record(
    records: RecordReader,
    bytes: &Bytes,
    at: usize,
    first: BatchNo,
) -> Option<(usize, Found)> {
    let here = records.read_at(bytes, at).map(|found| (at, found));
    here.or_else(|| records.find_later(bytes, at, first))
}

#[cfg(test)]
mod tests;
