//! Reading the log back. A torn record at the very end is the trace of a crash; anything else that
//! does not fit is reported as damage.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::disk::{Disk, OpenMode};

use super::error::{LogError, OpenError};
use super::record::{self, BatchNo};
use super::segment::{self, FileKind, SEGMENT_HEADER_BYTES, Sealed, SegmentHeader, Spare};

/// The files in the log's folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Sorted by batch.
    segments: Vec<(BatchNo, PathBuf)>,
    pub(super) spares: Vec<Spare>,
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
                    listing.spares.push(
                        Spare::adopt(disk, path.clone())
                            .map_err(|source| LogError::io("open", &path, source))?,
                    );
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

    /// Replays every batch above the checkpoint.
    pub(super) fn replay<E>(
        self,
        disk: &dyn Disk,
        checkpoint: BatchNo,
        mut replay: impl FnMut(BatchNo, Bytes) -> Result<(), E>,
    ) -> Result<Replayed, OpenError<E>> {
        // Segments below the one with the checkpoint remain from a drop that a crash interrupted.
        let needed = self
            .segments
            .partition_point(|(first, _)| *first <= checkpoint.next());
        let Some(begin) = needed.checked_sub(1) else {
            let found = self.segments.first().map(|(first, _)| *first);
            return Err(LogError::Missing {
                expected: checkpoint.next(),
                found,
                checkpoint,
            }
            .into());
        };
        let mut replayed = Replayed::default();
        let mut expected = None;
        let mut segments = self.segments.into_iter().enumerate().peekable();
        while let Some((at, (first, path))) = segments.next() {
            if at < begin {
                replayed.dropped.push(path);
                continue;
            }
            if let Some(expected) = expected.filter(|expected| *expected != first) {
                return Err(LogError::Missing {
                    expected,
                    found: Some(first),
                    checkpoint,
                }
                .into());
            }
            let next = segments.peek().map(|(_, (next, _))| *next);
            let sealed = read_segment(disk, &path, first, next, checkpoint, &mut replay)?;
            expected = Some(sealed.last.next());
            replayed.segments.push(sealed);
        }
        if replayed.last() < checkpoint {
            return Err(LogError::Missing {
                expected: replayed.last().next(),
                found: None,
                checkpoint,
            }
            .into());
        }
        Ok(replayed)
    }
}

#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) segments: Vec<Sealed>,
    /// Files without a batch above the checkpoint.
    pub(super) dropped: Vec<PathBuf>,
}

impl Replayed {
    pub(super) fn last(&self) -> BatchNo {
        self.segments
            .last()
            .map_or(BatchNo::ZERO, |sealed| sealed.last)
    }
}

fn read_segment<E>(
    disk: &dyn Disk,
    path: &Path,
    first: BatchNo,
    next_segment: Option<BatchNo>,
    checkpoint: BatchNo,
    replay: &mut impl FnMut(BatchNo, Bytes) -> Result<(), E>,
) -> Result<Sealed, OpenError<E>> {
    let bytes = disk
        .read(path)
        .map_err(|source| LogError::io("read", path, source))?;
    let bytes = Bytes::from(bytes);
    let header = SegmentHeader::decode(&bytes).filter(|header| header.first == first);
    let Some(SegmentHeader { salt, .. }) = header else {
        return Err(LogError::damaged(path, 0, "its header does not match its name").into());
    };
    let mut expected = first;
    let mut end = SEGMENT_HEADER_BYTES;
    while next_segment != Some(expected) {
        let Some(found) = record::read_at(&bytes, end, salt) else {
            check_end(path, &bytes, end, expected, next_segment, salt)?;
            break;
        };
        if found.number != expected {
            return Err(LogError::damaged(
                path,
                end,
                format!("found batch {} where {expected} belongs", found.number),
            )
            .into());
        }
        if expected > checkpoint {
            let changes = bytes.slice(found.changes..found.end);
            replay(expected, changes).map_err(|source| OpenError::Replay {
                batch: expected,
                source,
            })?;
        }
        end = found.end;
        expected = expected.next();
    }
    let last = BatchNo::new(expected.get().saturating_sub(1));
    Ok(Sealed {
        path: path.to_owned(),
        first,
        last,
        record_bytes: (end - SEGMENT_HEADER_BYTES) as u64,
    })
}

/// Checks that the log may end at `end`, where there is no record: in the last segment, with no
/// later record after it.
fn check_end(
    path: &Path,
    bytes: &[u8],
    end: usize,
    expected: BatchNo,
    next_segment: Option<BatchNo>,
    salt: u32,
) -> Result<(), LogError> {
    if let Some(next) = next_segment {
        let what = format!(
            "batch {expected} is missing, but the next file starts with {next}; one between \
             them may be missing"
        );
        return Err(LogError::damaged(path, end, what));
    }
    if let Some((at, later)) = record::find_later(bytes, end, expected, salt) {
        let what = format!(
            "batch {expected} is unreadable, but batch {} follows it at offset {at}",
            later.number
        );
        return Err(LogError::damaged(path, end, what));
    }
    let header_is_zero = bytes.get(end..).is_none_or(|rest| {
        rest.iter()
            .take(record::RECORD_HEADER_BYTES)
            .all(|byte| *byte == 0)
    });
    if !header_is_zero {
        tracing::info!(
            file = %path.display(),
            offset = end,
            batch = %expected,
            "the log ends here; what follows was never accepted"
        );
    }
    Ok(())
}

/// Truncates a segment after its last record. It will not be written to again, and a torn record
/// must not be found by a later start.
pub(super) fn truncate(disk: &dyn Disk, sealed: &Sealed) -> io::Result<()> {
    let file = disk.open(&sealed.path, OpenMode::Write)?;
    file.set_len(SEGMENT_HEADER_BYTES as u64 + sealed.record_bytes)?;
    file.sync_all()
}
