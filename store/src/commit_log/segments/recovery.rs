//! Reading the log back. A torn record at the very end is the trace of a crash; anything else that
//! does not fit is reported as damage.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::commit_log::position::Position;
use crate::disk::{Disk, OpenMode};
use crate::files::directory_id::DirectoryId;

use super::record::{self, BatchNo, Found, Layout};
use super::segment::{self, FileKind, Sealed, SegmentEnd, SegmentHeader};
use super::watermark::Mark;
use crate::commit_log::error::{LogError, OpenError};

/// The files in the log's folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Sorted by batch.
    segments: Vec<(BatchNo, PathBuf)>,
    pub(super) spares: Vec<PathBuf>,
    pub(super) next_spare: u64,
}

impl Listing {
    pub(super) fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, LogError> {
        let mut listing = Self::default();
        let names = disk
            .list(dir)
            .map_err(|source| LogError::io("list", dir, source))?;
        for name in names {
            let path = dir.join(&name);
            match segment::parse_name(&name) {
                Some(FileKind::Segment(first)) => listing.segments.push((first, path)),
                Some(FileKind::Spare(number)) => {
                    listing.next_spare = listing.next_spare.max(number.saturating_add(1));
                    listing.spares.push(path);
                }
                None => {
                    return Err(LogError::Foreign {
                        name,
                        dir: dir.to_owned(),
                    });
                }
            }
        }
        listing.segments.sort_unstable();
        Ok(listing)
    }

    pub(super) fn is_new(&self) -> bool {
        self.segments.is_empty()
    }

    /// Returns the segments from the one with the batch after the checkpoint on, or all of them if
    /// none has it.
    pub(super) fn needed(mut self, checkpoint: BatchNo) -> Vec<(BatchNo, PathBuf)> {
        let begin = self.begin(checkpoint).unwrap_or(0);
        self.segments.split_off(begin)
    }

    /// Segments before this one remain from a drop that a crash interrupted.
    fn begin(&self, checkpoint: BatchNo) -> Option<usize> {
        self.segments
            .partition_point(|(first, _)| *first <= checkpoint.next())
            .checked_sub(1)
    }

    /// Replays every batch above the checkpoint.
    pub(super) fn replay<E>(
        self,
        known: Known<'_>,
        mut replay: impl FnMut(BatchNo, Bytes) -> Result<(), E>,
    ) -> Result<Replayed, OpenError<E>> {
        let Known {
            checkpoint, mark, ..
        } = known;
        let begin = self.begin(checkpoint);
        if let (None, Some(&(first, _))) = (begin, self.segments.first()) {
            return Err(LogError::Apart { checkpoint, first }.into());
        }
        self.check_anchor(mark)?;
        let Some(begin) = begin else {
            return Err(LogError::Missing {
                expected: checkpoint.next(),
                found: None,
                checkpoint,
            }
            .into());
        };
        let mut replayed = Replayed::default();
        let mut segments = self.segments.into_iter().enumerate().peekable();
        while let Some((at, (first, path))) = segments.next() {
            if at < begin {
                replayed.dropped.push(path);
                continue;
            }
            let before = replayed.segments.last();
            let expected = before.map(|before| before.last.next());
            if let Some(expected) = expected.filter(|expected| *expected != first) {
                return Err(LogError::Missing {
                    expected,
                    found: Some(first),
                    checkpoint,
                }
                .into());
            }
            let segment = SegmentFile {
                path: &path,
                first,
                next: segments.peek().map(|(_, (next, _))| *next),
                previous: before.map(|before| before.end.checksum),
            };
            let (sealed, unconfirmed) = segment.read(known, &mut replay)?;
            replayed.segments.push(sealed);
            replayed.unconfirmed = unconfirmed;
        }
        let last = replayed.last();
        if last < checkpoint {
            return Err(LogError::Missing {
                expected: last.next(),
                found: None,
                checkpoint,
            }
            .into());
        }
        if let Some(mark) = mark.filter(|mark| mark.last > last) {
            return Err(LogError::Short {
                last,
                accepted: mark.last,
            }
            .into());
        }
        Ok(replayed)
    }

    fn check_anchor(&self, mark: Option<Mark>) -> Result<(), LogError> {
        let Some(mark) = mark.filter(|mark| mark.segment > BatchNo::ZERO) else {
            return Ok(());
        };
        if self
            .segments
            .binary_search_by_key(&mark.segment, |(first, _)| *first)
            .is_ok()
        {
            return Ok(());
        }
        Err(LogError::NoSegment {
            name: segment::file_name(mark.segment),
            accepted: mark.last,
        })
    }
}

/// What is known of the log from elsewhere.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) directory: DirectoryId,
    pub(super) checkpoint: BatchNo,
    pub(super) mark: Option<Mark>,
}

#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) segments: Vec<Sealed>,
    /// Files without a batch above the checkpoint.
    pub(super) dropped: Vec<PathBuf>,
    /// The records at the end of the last segment that the watermark does not name.
    pub(super) unconfirmed: Bytes,
}

impl Replayed {
    pub(super) fn last(&self) -> BatchNo {
        self.segments
            .last()
            .map_or(BatchNo::ZERO, |sealed| sealed.last)
    }

    /// The checksum of the last record.
    pub(super) fn checksum(&self) -> u32 {
        self.segments.last().map_or(0, |sealed| sealed.end.checksum)
    }
}

/// A segment to be read.
pub(super) struct SegmentFile<'a> {
    pub(super) path: &'a Path,
    pub(super) first: BatchNo,
    /// The first batch of the next segment; `None` for the last one.
    pub(super) next: Option<BatchNo>,
    /// The checksum of the last record before it, if that was read.
    pub(super) previous: Option<u32>,
}

impl SegmentFile<'_> {
    /// Returns also the records that the watermark does not name.
    fn read<E>(
        &self,
        known: Known<'_>,
        replay: &mut impl FnMut(BatchNo, Bytes) -> Result<(), E>,
    ) -> Result<(Sealed, Bytes), OpenError<E>> {
        let Self { path, first, .. } = *self;
        let bytes = known
            .disk
            .read(path)
            .map_err(|source| LogError::io("read", path, source))?;
        let bytes = Bytes::from(bytes);
        let header = self.header(&bytes, known.directory)?;
        let records = header.records();
        let mut expected = first;
        let mut end = header.end();
        let mut confirmed = end;
        let mut checksum = header.place.map_or(0, |place| place.previous);
        let mut is_open = true;
        while self.next != Some(expected) {
            let Some(found) = records.read_at(&bytes, end) else {
                self.check_end(&bytes, &header, end, expected)?;
                break;
            };
            self.check_order(&found, end, expected, checksum)?;
            if found.is_end() {
                self.check_followed(end, expected)?;
                is_open = false;
                break;
            }
            if let Some(mark) = known.mark
                && mark.last == expected
                && mark.checksum != found.checksum
            {
                let what = format!("batch {expected} is not the one that was accepted");
                return Err(LogError::damaged(path, end, what).into());
            }
            if expected > known.checkpoint {
                let changes = bytes.slice(found.changes..found.end);
                replay(expected, changes).map_err(|source| OpenError::Replay {
                    batch: Position::after(expected),
                    source,
                })?;
            }
            end = found.end;
            if known.mark.is_some_and(|mark| mark.last >= expected) {
                confirmed = end;
            }
            checksum = found.checksum;
            expected = expected.next();
        }
        let sealed = Sealed {
            path: path.to_owned(),
            first,
            last: BatchNo::new(expected.get().saturating_sub(1)),
            record_bytes: (end - header.end()) as u64,
            end: SegmentEnd {
                at: end as u64,
                salt: header.salt,
                checksum,
                is_open,
                layout: records.layout,
            },
        };
        Ok((sealed, bytes.slice(confirmed..end)))
    }

    fn header(&self, bytes: &[u8], directory: DirectoryId) -> Result<SegmentHeader, LogError> {
        let header = SegmentHeader::decode(bytes).filter(|header| header.first == self.first);
        let header = header
            .ok_or_else(|| LogError::damaged(self.path, 0, "its header does not match its name"))?;
        let Some(place) = header.place else {
            return Ok(header);
        };
        if place.directory != directory {
            return Err(LogError::OtherDirectory {
                path: self.path.to_owned(),
                found: place.directory,
                expected: directory,
            });
        }
        if self
            .previous
            .is_some_and(|previous| previous != place.previous)
        {
            let what = "it does not continue the segment before it";
            return Err(LogError::damaged(self.path, 0, what));
        }
        Ok(header)
    }

    /// Checks that a record continues the one before it.
    fn check_order(
        &self,
        found: &Found,
        at: usize,
        expected: BatchNo,
        checksum: u32,
    ) -> Result<(), LogError> {
        if found.number != expected && !found.is_end() {
            let what = format!("found batch {} where {expected} belongs", found.number);
            return Err(LogError::damaged(self.path, at, what));
        }
        if found.previous.is_some_and(|previous| previous != checksum) {
            let what = format!("batch {expected} does not continue the one before it");
            return Err(LogError::damaged(self.path, at, what));
        }
        Ok(())
    }

    /// Checks that the log may end at `end`, where there is no record: in the last segment, with no
    /// later record after it, in a file that was not cut.
    fn check_end(
        &self,
        bytes: &[u8],
        header: &SegmentHeader,
        end: usize,
        expected: BatchNo,
    ) -> Result<(), LogError> {
        if let Some((at, later)) = header.records().find_later(bytes, end, expected) {
            let what = match later.is_end() {
                true => {
                    format!("batch {expected} is unreadable, and the segment ends at offset {at}")
                }
                false => format!(
                    "batch {expected} is unreadable, but batch {} follows it at offset {at}",
                    later.number
                ),
            };
            return Err(LogError::damaged(self.path, end, what));
        }
        self.check_followed(end, expected)?;
        if let Some(place) = header.place
            && (bytes.len() as u64) < place.bytes
        {
            let what = format!(
                "it was cut: {} of {} bytes are there",
                bytes.len(),
                place.bytes
            );
            return Err(LogError::damaged(self.path, end, what));
        }
        let header_is_zero = bytes.get(end..).is_none_or(|rest| {
            rest.iter()
                .take(record::RECORD_HEADER_BYTES)
                .all(|byte| *byte == 0)
        });
        if !header_is_zero {
            tracing::info!(
                file = %self.path.display(),
                offset = end,
                batch = %expected,
                "the log ends here; what follows was never accepted"
            );
        }
        Ok(())
    }

    /// Checks that no other segment lacks a batch that belongs at the end of this one.
    fn check_followed(&self, end: usize, expected: BatchNo) -> Result<(), LogError> {
        let Some(next) = self.next else {
            return Ok(());
        };
        let what = format!(
            "batch {expected} is missing, but the next file starts with {next}; one between them \
             may be missing"
        );
        Err(LogError::damaged(self.path, end, what))
    }
}

/// Ends a segment after its last batch. It will not be written to again, and a torn record must not
/// be found by a later start. `unconfirmed` are its last records, as they were read.
pub(super) fn close(disk: &dyn Disk, sealed: &Sealed, unconfirmed: &[u8]) -> io::Result<()> {
    let SegmentEnd {
        at,
        salt,
        checksum,
        is_open,
        layout,
    } = sealed.end;
    if !is_open && unconfirmed.is_empty() {
        return Ok(());
    }
    let file = disk.open(&sealed.path, OpenMode::Write)?;
    // They may have been read from a page cache that the disk never got: after a sync that failed,
    // the kernel takes the lost pages for written, and another sync succeeds without them. Only
    // bytes that are written again are durable after it. From memory: the page may be read from the
    // disk by now.
    file.write_at(unconfirmed, at - unconfirmed.len() as u64)?;
    match layout {
        Layout::Format3 => segment::close(file.as_ref(), at, checksum, salt),
        Layout::Format2 => {
            file.set_len(at)?;
            file.sync_all()
        }
    }
}
