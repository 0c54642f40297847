//! The bytes of one batch:
//!
//! ```text
//! [len u32][crc32c u32][batch number u64][previous u32][changes]
//! ```
//!
//! Integers are little-endian, and the length starts at the batch number. `previous` is the
//! checksum of the record before, so that no record can be replaced by an older one of the same
//! number. Format 2 has no `previous`.
//!
//! The checksum covers the length and the payload and starts from the segment's salt, a secret
//! random number. So bytes that a recycled segment held before, or that a client wrote into a
//! message to look like a batch, are never taken for one.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::limits;

pub(super) const RECORD_HEADER_BYTES: usize = 20;

/// Length and checksum, which the length does not count.
pub(super) const FRAME_BYTES: usize = 8;

/// The number of the record that ends a segment which is not written to again. It has no changes.
const END: BatchNo = BatchNo(u64::MAX);

/// The number of a batch, from 1 without a gap; 0 is the position before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct BatchNo(u64);

impl BatchNo {
    /// The position before the first batch.
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for BatchNo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A batch being encoded, with its header reserved in front, so that it reaches the disk without a
/// copy.
#[derive(Debug)]
pub(crate) struct BatchBuf(Vec<u8>);

impl Default for BatchBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuf {
    #[must_use]
    pub(crate) fn new() -> Self {
        Self(vec![0; RECORD_HEADER_BYTES])
    }

    /// The buffer to append changes to. It begins with the header's bytes, and offsets in it are
    /// offsets in [`BatchBuf::into_bytes`].
    pub(crate) fn payload_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The changes.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub(crate) fn payload(&self) -> &[u8] {
        self.0.get(RECORD_HEADER_BYTES..).unwrap_or_default()
    }

    /// The bytes of the changes.
    #[must_use]
    pub(crate) fn payload_bytes(&self) -> usize {
        self.0.len().saturating_sub(RECORD_HEADER_BYTES)
    }

    /// The whole buffer, header included, shared by all readers of the batch's messages.
    #[must_use]
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0.into()
    }

    /// Fills in the header. Returns the record and its checksum; `None` when the reserved bytes
    /// were removed, or the batch is too long for a record.
    pub(super) fn seal(
        &mut self,
        number: BatchNo,
        previous: u32,
        salt: u32,
    ) -> Option<(&[u8], u32)> {
        let len = u32::try_from(self.0.len().checked_sub(FRAME_BYTES)?).ok()?;
        let (header, changes) = self.0.split_first_chunk_mut::<RECORD_HEADER_BYTES>()?;
        let (frame, rest) = header.split_first_chunk_mut::<FRAME_BYTES>()?;
        let (number_bytes, previous_bytes) = rest.split_first_chunk_mut::<8>()?;
        *number_bytes = number.0.to_le_bytes();
        previous_bytes.copy_from_slice(&previous.to_le_bytes());
        let crc = checksum(salt, len, rest, changes);
        *frame = (u64::from(crc) << 32 | u64::from(len)).to_le_bytes();
        Some((&self.0, crc))
    }
}

/// Returns the record that ends a segment.
pub(super) fn end_mark(previous: u32, salt: u32) -> Vec<u8> {
    let mut mark = BatchBuf::new();
    let _ = mark.seal(END, previous, salt);
    mark.0
}

fn checksum(salt: u32, len: u32, head: &[u8], changes: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(salt, &len.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, head);
    crc32c::crc32c_append(crc, changes)
}

/// A record found in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) number: BatchNo,
    pub(super) checksum: u32,
    /// The checksum of the record before; `None` in format 2.
    pub(super) previous: Option<u32>,
    pub(super) changes: usize,
    /// The offset of the next record.
    pub(super) end: usize,
}

impl Found {
    /// Whether this record ends the segment.
    pub(super) fn is_end(&self) -> bool {
        self.number == END
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Format2,
    Format3,
}

impl Layout {
    const fn header_bytes(self) -> usize {
        match self {
            Self::Format2 => 16,
            Self::Format3 => RECORD_HEADER_BYTES,
        }
    }
}

/// How the records of one segment are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordReader {
    pub(super) layout: Layout,
    pub(super) salt: u32,
}

impl RecordReader {
    /// Returns the length of a record by its first bytes, which may be anything.
    pub(super) fn record_bytes(self, frame: [u8; FRAME_BYTES]) -> Option<usize> {
        let len = usize::try_from(u64::from_le_bytes(frame) as u32).ok()?;
        let changes = len.checked_sub(self.layout.header_bytes() - FRAME_BYTES)?;
        (changes <= limits::BATCH_BYTES_MAX).then_some(len + FRAME_BYTES)
    }

    /// Returns the record at this offset, if there is a complete one.
    pub(super) fn read_at(self, segment: &[u8], at: usize) -> Option<Found> {
        let header_bytes = self.layout.header_bytes();
        let frame = u64::from_le_bytes(*segment.get(at..)?.first_chunk()?);
        let (len, crc) = (frame as u32, (frame >> 32) as u32);
        let changes = at.checked_add(header_bytes)?;
        let changes_bytes = usize::try_from(len)
            .ok()?
            .checked_sub(header_bytes - FRAME_BYTES)
            .filter(|bytes| *bytes <= limits::BATCH_BYTES_MAX)?;
        let end = changes.checked_add(changes_bytes)?;
        let head = segment.get(at + FRAME_BYTES..changes)?;
        let number = number_at(segment, at)?;
        let previous = head.get(8..)?.first_chunk().copied();
        (checksum(self.salt, len, head, segment.get(changes..end)?) == crc).then_some(Found {
            number,
            checksum: crc,
            previous: previous.map(u32::from_le_bytes),
            changes,
            end,
        })
    }

    /// Looks for a complete record of `expected` or a later batch after `from`. If there is one,
    /// the bytes at `from` are not the torn end of the log but damage within it.
    pub(super) fn find_later(
        self,
        segment: &[u8],
        from: usize,
        expected: BatchNo,
    ) -> Option<(usize, Found)> {
        let header_bytes = self.layout.header_bytes();
        let used = segment
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        // A record may end with zeros, but its header is not all zeros.
        let last_start = used.min(segment.len().saturating_sub(header_bytes));
        let ahead_max = segment.len().saturating_sub(from) / header_bytes;
        let ahead_max = u64::try_from(ahead_max).unwrap_or(u64::MAX);
        (from + 1..=last_start).find_map(|at| {
            let number = number_at(segment, at)?;
            if number.0.wrapping_sub(expected.0) > ahead_max && number != END {
                return None;
            }
            self.read_at(segment, at).map(|found| (at, found))
        })
    }
}

fn number_at(segment: &[u8], at: usize) -> Option<BatchNo> {
    let number = segment.get(at.checked_add(FRAME_BYTES)?..)?.first_chunk()?;
    Some(BatchNo(u64::from_le_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u32 = 0x5eed;
    const PREVIOUS: u32 = 0x0a0b_0c0d;

    fn record(number: u64, changes: &[u8]) -> Vec<u8> {
        let mut batch = BatchBuf::new();
        batch.payload_mut().extend_from_slice(changes);
        batch
            .seal(BatchNo(number), PREVIOUS, SALT)
            .unwrap()
            .0
            .to_vec()
    }

    fn read_at(segment: &[u8], at: usize, salt: u32) -> Option<Found> {
        let layout = Layout::Format3;
        RecordReader { layout, salt }.read_at(segment, at)
    }

    fn find_later(
        segment: &[u8],
        from: usize,
        expected: BatchNo,
        salt: u32,
    ) -> Option<(usize, Found)> {
        let layout = Layout::Format3;
        RecordReader { layout, salt }.find_later(segment, from, expected)
    }

    #[test]
    fn record_bytes_are_pinned() {
        let bytes = record(0x0102, b"hello");
        assert_eq!(bytes[..4], [17, 0, 0, 0]);
        assert_eq!(
            bytes[8..],
            [&[2u8, 1, 0, 0, 0, 0, 0, 0, 13, 12, 11, 10][..], b"hello"].concat()
        );
        let crc = crc32c::crc32c_append(SALT, &[&bytes[..4], &bytes[8..]].concat());
        assert_eq!(bytes[4..8], crc.to_le_bytes());
    }

    #[test]
    fn record_needs_its_salt() {
        let bytes = record(7, b"abc");
        assert_eq!(
            read_at(&bytes, 0, SALT),
            Some(Found {
                number: BatchNo(7),
                checksum: u32::from_le_bytes(*bytes[4..].first_chunk().unwrap()),
                previous: Some(PREVIOUS),
                changes: 20,
                end: 23
            })
        );
        assert_eq!(read_at(&bytes, 0, SALT + 1), None);
    }

    #[test]
    fn every_cut_and_flip_is_detected() {
        let bytes = record(7, b"some changes");
        for cut in 0..bytes.len() {
            assert_eq!(read_at(&bytes[..cut], 0, SALT), None);
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert_eq!(read_at(&flipped, 0, SALT), None, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn later_batch_is_found_anywhere() {
        let torn = vec![0xAB; 37];
        let later = record(9, &[0; 40]);
        let segment = [torn, later.clone(), vec![0; 100]].concat();
        assert_eq!(
            find_later(&segment, 0, BatchNo(8), SALT).map(|(at, found)| (at, found.number)),
            Some((37, BatchNo(9)))
        );
        // An earlier batch is what the segment held before it was recycled.
        assert_eq!(find_later(&segment, 0, BatchNo(10), SALT), None);
        assert_eq!(
            find_later(&[vec![1; 20], later].concat(), 0, BatchNo(8), SALT + 1),
            None
        );
        assert_eq!(find_later(&[0; 64], 0, BatchNo(8), SALT), None);
        assert_eq!(find_later(&[], 0, BatchNo(8), SALT), None);
    }

    #[test]
    fn records_of_format_2_are_read() {
        let head = 7_u64.to_le_bytes();
        let len = 11_u32;
        let crc = checksum(SALT, len, &head, b"abc");
        let bytes = [&len.to_le_bytes()[..], &crc.to_le_bytes(), &head, b"abc"].concat();
        let layout = Layout::Format2;
        let found = RecordReader { layout, salt: SALT }
            .read_at(&bytes, 0)
            .unwrap();
        assert_eq!((found.number, found.previous), (BatchNo(7), None));
        assert_eq!(bytes[found.changes..found.end], *b"abc");
        assert_eq!(read_at(&bytes, 0, SALT), None);
    }

    #[test]
    fn end_of_a_segment_is_no_batch() {
        let bytes = end_mark(PREVIOUS, SALT);
        assert!(read_at(&bytes, 0, SALT).unwrap().is_end());
        let after_damage = [vec![1; 20], bytes].concat();
        assert!(find_later(&after_damage, 0, BatchNo(8), SALT).is_some());
    }

    #[test]
    fn empty_batch_is_valid() {
        let bytes = record(1, b"");
        assert_eq!(read_at(&bytes, 0, SALT).unwrap().end, RECORD_HEADER_BYTES);
    }
}
