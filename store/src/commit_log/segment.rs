//! A file of the commit log: a header, then records, then whatever the file held before.
//!
//! ```text
//! [magic 8][number of the first batch u64][salt u32][crc32c u32]      little-endian
//! ```
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

use super::record::BatchNo;

pub(super) const SEGMENT_HEADER_BYTES: usize = 24;

const MAGIC: &[u8; 8] = b"cairnlg1";
const SPARE_PREFIX: &str = "spare-";
const ZEROS: &[u8] = &[0; 256 * 1024];

/// Distinguishes this use of a file from earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) first: BatchNo,
    pub(super) salt: u32,
}

impl SegmentHeader {
    fn encode(self) -> Vec<u8> {
        let mut bytes = [
            MAGIC.as_slice(),
            &self.first.get().to_le_bytes(),
            &self.salt.to_le_bytes(),
        ]
        .concat();
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    pub(super) fn decode(segment: &[u8]) -> Option<Self> {
        let first = u64::from_le_bytes(*segment.get(8..)?.first_chunk()?);
        let salt = u32::from_le_bytes(*segment.get(16..)?.first_chunk()?);
        let header = Self {
            first: BatchNo::new(first),
            salt,
        };
        segment.starts_with(&header.encode()).then_some(header)
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
    pub(super) fn activate(self, env: &Env, dir: &Path, first: BatchNo) -> io::Result<Active> {
        // A new salt each time: the file still holds records of its last use, and with the old salt
        // recovery would read them as batches of this segment.
        let header = SegmentHeader {
            first,
            salt: env.salts.next(),
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
}

/// The segment being written.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) path: PathBuf,
    pub(super) header: SegmentHeader,
    pub(super) end: u64,
    bytes: u64,
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

    /// Frees what is allocated after the last record.
    pub(super) fn truncate(&self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_bytes_are_pinned() {
        let header = SegmentHeader {
            first: BatchNo::new(0x0102),
            salt: 0x0403,
        };
        let bytes = header.encode();
        assert_eq!(bytes.len(), SEGMENT_HEADER_BYTES);
        assert_eq!(bytes[..20], *b"cairnlg1\x02\x01\0\0\0\0\0\0\x03\x04\0\0");
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
