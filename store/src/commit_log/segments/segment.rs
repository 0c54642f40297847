//! A file of the commit log: a header, then records, then whatever the file held before.
//!
//! ```text
//! [magic 8][first batch u64][salt u32][bytes u64][directory 16][previous u32][crc32c u32]
//! ```
//!
//! `bytes` is the size of the file when it became a segment: one that is shorter and lacks the
//! record that ends a segment was cut. `previous` is the checksum of the last record before this
//! segment. Format 2 has neither these nor the directory.
//!
//! A segment is named by its first batch. It gets its name only when its header is durable, and
//! records only when its name is, so a file with such a name and another header is damaged, never
//! the trace of a crash. Its disk blocks are allocated and written in advance: fdatasync of those
//! takes half as long as of a growing file.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::env::{Clock, Env};
use crate::files::directory_id::DirectoryId;

use super::record::{self, BatchNo, Layout, RecordReader};

pub(super) const SEGMENT_HEADER_BYTES: usize = 52;

const MAGIC: &[u8; 8] = b"cairnlg2";
const MAGIC_FORMAT_2: &[u8; 8] = b"cairnlg1";
const SPARE_PREFIX: &str = "spare-";
const ZEROS: &[u8] = &[0; 256 * 1024];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) first: BatchNo,
    /// Distinguishes this use of a file from earlier ones.
    pub(super) salt: u32,
    /// `None` in format 2.
    pub(super) place: Option<SegmentPlace>,
}

/// Where a segment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentPlace {
    /// The size of the file.
    pub(super) bytes: u64,
    pub(super) directory: DirectoryId,
    /// The checksum of the last record before the segment.
    pub(super) previous: u32,
}

impl SegmentHeader {
    pub(super) fn encode(self) -> Vec<u8> {
        let magic = match self.place {
            Some(_) => MAGIC,
            None => MAGIC_FORMAT_2,
        };
        let mut bytes = [
            magic.as_slice(),
            &self.first.get().to_le_bytes(),
            &self.salt.to_le_bytes(),
        ]
        .concat();
        if let Some(place) = self.place {
            bytes.extend_from_slice(&place.bytes.to_le_bytes());
            bytes.extend_from_slice(&place.directory.bytes());
            bytes.extend_from_slice(&place.previous.to_le_bytes());
        }
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    pub(super) fn decode(segment: &[u8]) -> Option<Self> {
        let first = u64::from_le_bytes(*segment.get(8..)?.first_chunk()?);
        let salt = u32::from_le_bytes(*segment.get(16..)?.first_chunk()?);
        let place = match segment.starts_with(MAGIC) {
            true => Some(SegmentPlace {
                bytes: u64::from_le_bytes(*segment.get(20..)?.first_chunk()?),
                directory: DirectoryId::from_bytes(*segment.get(28..)?.first_chunk()?),
                previous: u32::from_le_bytes(*segment.get(44..)?.first_chunk()?),
            }),
            false => None,
        };
        let header = Self {
            first: BatchNo::new(first),
            salt,
            place,
        };
        segment.starts_with(&header.encode()).then_some(header)
    }

    /// The offset of the first record.
    pub(super) const fn end(&self) -> usize {
        match self.place {
            Some(_) => SEGMENT_HEADER_BYTES,
            None => 24,
        }
    }

    pub(super) const fn records(&self) -> RecordReader {
        let layout = match self.place {
            Some(_) => Layout::Format3,
            None => Layout::Format2,
        };
        RecordReader {
            layout,
            salt: self.salt,
        }
    }
}

pub(super) fn file_name(first: BatchNo) -> String {
    format!("{:016x}", first.get())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Segment(BatchNo),
    Spare(u64),
}

/// Returns what a file is by its name; `None` for foreign names.
pub(super) fn parse_name(name: &OsStr) -> Option<FileKind> {
    let name = name.to_str()?;
    let (digits, kind): (_, fn(u64) -> FileKind) = match name.strip_prefix(SPARE_PREFIX) {
        Some(digits) => (digits, FileKind::Spare),
        None => (name, |first| FileKind::Segment(BatchNo::new(first))),
    };
    let number = (digits.len() == 16)
        .then(|| u64::from_str_radix(digits, 16).ok())
        .flatten()?;
    (format!("{number:016x}") == digits).then(|| kind(number))
}

/// A file that is ready to become a segment.
#[derive(Debug)]
pub(super) struct Spare {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl Spare {
    pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
        dir.join(format!("{SPARE_PREFIX}{number:016x}"))
    }

    /// Creates a durable file of this many zeros. Adds them to `written` along the way.
    pub(super) fn create(
        disk: &dyn Disk,
        path: PathBuf,
        bytes: u64,
        written: &AtomicU64,
    ) -> io::Result<Self> {
        let file = disk.open(&path, OpenMode::CreateEmpty)?;
        let mut end = 0;
        while end < bytes {
            let chunk = usize::try_from(bytes - end)
                .ok()
                .and_then(|left| ZEROS.get(..left))
                .unwrap_or(ZEROS);
            file.write_at(chunk, end)?;
            end += chunk.len() as u64;
            written.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        file.sync_all()?;
        Ok(Self { file, path, bytes })
    }

    /// Takes a file that was a segment or a spare before.
    pub(super) fn adopt(disk: &dyn Disk, path: PathBuf) -> io::Result<Self> {
        let file = disk.open(&path, OpenMode::Write)?;
        let bytes = file.bytes()?;
        Ok(Self { file, path, bytes })
    }

    pub(super) fn remove(self, disk: &dyn Disk) -> io::Result<()> {
        disk.remove_file(&self.path)
    }

    /// Turns the spare into the segment that begins with this batch, durably. Replaces a segment
    /// with that name.
    pub(super) fn activate(
        self,
        env: &Env,
        dir: &Path,
        first: BatchNo,
        directory: DirectoryId,
        previous: u32,
    ) -> io::Result<Active> {
        // A new salt each time: the file still holds records of its last use, and with the old salt
        // recovery would read them as batches of this segment.
        let header = SegmentHeader {
            first,
            salt: env.salts.next(),
            place: Some(SegmentPlace {
                bytes: self.bytes,
                directory,
                previous,
            }),
        };
        self.file.write_at(&header.encode(), 0)?;
        self.file.sync_data()?;
        // The header is durable before the name, and the name before the first record. Otherwise a
        // crash could leave a segment whose header is of another use, or lose an acknowledged batch
        // together with its file name.
        let path = dir.join(file_name(first));
        env.disk.rename(&self.path, &path)?;
        env.disk.sync_dir(dir)?;
        Ok(Active {
            file: self.file,
            path,
            header,
            end: SEGMENT_HEADER_BYTES as u64,
            bytes: self.bytes,
            checksum: previous,
        })
    }
}

/// A segment that is complete. If it holds no batch, `last` is below `first`.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) path: PathBuf,
    pub(super) first: BatchNo,
    pub(super) last: BatchNo,
    pub(super) record_bytes: u64,
    pub(super) end: SegmentEnd,
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentEnd {
    /// The offset after its last batch.
    pub(super) at: u64,
    pub(super) salt: u32,
    /// The checksum of its last batch.
    pub(super) checksum: u32,
    /// Whether the record that ends a segment is missing, which format 2 never has.
    pub(super) is_open: bool,
    pub(super) layout: Layout,
}

/// The segment being written.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) path: PathBuf,
    pub(super) header: SegmentHeader,
    pub(super) end: u64,
    pub(super) bytes: u64,
    /// The checksum of the last record, or of the one before the segment.
    pub(super) checksum: u32,
}

impl Active {
    pub(super) fn is_empty(&self) -> bool {
        self.end == SEGMENT_HEADER_BYTES as u64
    }

    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.end.saturating_add(bytes as u64) <= self.bytes
    }

    pub(super) fn is_half_full(&self) -> bool {
        self.end > self.bytes / 2
    }

    /// Appends a record and makes it durable. Returns how long fdatasync took. After an error
    /// nothing may be written again.
    pub(super) fn append(&mut self, record: &[u8], clock: &Clock) -> io::Result<Duration> {
        self.file.write_at(record, self.end)?;
        let written = clock.now();
        self.file.sync_data()?;
        let took = clock.since(written);
        self.end += record.len() as u64;
        Ok(took)
    }

    /// Ends the segment, and frees what is allocated after it.
    pub(super) fn close(&self) -> io::Result<()> {
        close(
            self.file.as_ref(),
            self.end,
            self.checksum,
            self.header.salt,
        )
    }
}

/// Ends a segment that is not written to again, over whatever follows its last batch.
///
/// The record that ends it is durable before the file becomes shorter: a short file without one is
/// taken for damage.
pub(super) fn close(file: &dyn DiskFile, at: u64, checksum: u32, salt: u32) -> io::Result<()> {
    let mark = record::end_mark(checksum, salt);
    file.write_at(&mark, at)?;
    file.sync_data()?;
    file.set_len(at + mark.len() as u64)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_bytes_are_pinned() {
        let header = SegmentHeader {
            first: BatchNo::new(0x0102),
            salt: 0x0403,
            place: Some(SegmentPlace {
                bytes: 0x0605,
                directory: DirectoryId::from_bytes([9; 16]),
                previous: 0x0807,
            }),
        };
        let bytes = header.encode();
        assert_eq!(bytes.len(), SEGMENT_HEADER_BYTES);
        assert_eq!(bytes[..20], *b"cairnlg2\x02\x01\0\0\0\0\0\0\x03\x04\0\0");
        assert_eq!(bytes[20..28], [5, 6, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[28..44], [9; 16]);
        assert_eq!(bytes[44..48], [7, 8, 0, 0]);
        let old = SegmentHeader {
            place: None,
            ..header
        };
        assert_eq!(old.encode()[..8], *b"cairnlg1");
        assert_eq!(old.encode().len(), old.end());
        assert_eq!(SegmentHeader::decode(&old.encode()), Some(old));
        assert_eq!(SegmentHeader::decode(&bytes), Some(header));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(SegmentHeader::decode(&flipped), None, "byte {at}");
            assert_eq!(SegmentHeader::decode(&bytes[..at]), None);
        }
    }

    #[test]
    fn names_round_trip_and_others_are_refused() {
        assert_eq!(
            parse_name(OsStr::new(&file_name(BatchNo::new(255)))),
            Some(FileKind::Segment(BatchNo::new(255)))
        );
        assert_eq!(
            parse_name(OsStr::new("spare-0000000000000002")),
            Some(FileKind::Spare(2))
        );
        for other in [
            "ff",
            "00000000000000FF",
            "+0000000000000ff",
            "spare-",
            "00000000000000ff.old",
            "spare-ff",
        ] {
            assert_eq!(parse_name(OsStr::new(other)), None, "{other}");
        }
    }
}
