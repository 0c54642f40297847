//! The bytes of one batch:
//!
//! ```text
//! [len u32][crc32c u32][batch number u64][changes]   little-endian; len starts at the batch number
//! ```
//!
//! The checksum covers the length and the payload and starts from the segment's salt, a secret
//! random number. So bytes that a recycled segment held before, or that a client wrote into a
//! message to look like a batch, are never taken for one.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::limits;

pub(super) const RECORD_HEADER_BYTES: usize = 16;

/// The batch number is the first part of the payload.
const NUMBER_BYTES: usize = 8;

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

    /// Fills in the header. Returns `None` when its reserved bytes were removed, or the batch is
    /// too long for a record.
    pub(super) fn seal(&mut self, number: BatchNo, salt: u32) -> Option<&[u8]> {
        let len = u32::try_from(
            self.0
                .len()
                .checked_sub(RECORD_HEADER_BYTES - NUMBER_BYTES)?,
        )
        .ok()?;
        let (header, changes) = self.0.split_first_chunk_mut::<RECORD_HEADER_BYTES>()?;
        let crc = checksum(salt, len, number, changes);
        let mut word = u128::from(number.0) << 64;
        word |= u128::from(crc) << 32 | u128::from(len);
        *header = word.to_le_bytes();
        Some(&self.0)
    }
}

fn checksum(salt: u32, len: u32, number: BatchNo, changes: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(salt, &len.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, &number.0.to_le_bytes());
    crc32c::crc32c_append(crc, changes)
}

/// A record found in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) number: BatchNo,
    pub(super) changes: usize,
    /// The offset of the next record.
    pub(super) end: usize,
}

struct Header {
    len: u32,
    crc: u32,
    number: BatchNo,
}

fn header_at(segment: &[u8], at: usize) -> Option<Header> {
    let word = u128::from_le_bytes(*segment.get(at..)?.first_chunk()?);
    Some(Header {
        len: word as u32,
        crc: (word >> 32) as u32,
        number: BatchNo((word >> 64) as u64),
    })
}

/// Returns the record at this offset, if there is a complete one.
pub(super) fn read_at(segment: &[u8], at: usize, salt: u32) -> Option<Found> {
    let Header { len, crc, number } = header_at(segment, at)?;
    let len_bytes = usize::try_from(len).ok()?;
    let changes_bytes = len_bytes
        .checked_sub(NUMBER_BYTES)
        .filter(|bytes| *bytes <= limits::BATCH_BYTES_MAX)?;
    let changes = at + RECORD_HEADER_BYTES;
    let end = changes.checked_add(changes_bytes)?;
    let bytes = segment.get(changes..end)?;
    (checksum(salt, len, number, bytes) == crc).then_some(Found {
        number,
        changes,
        end,
    })
}

/// Looks for a complete record of `expected` or a later batch after `from`. If there is one, the
/// bytes at `from` are not the torn end of the log but damage within it.
pub(super) fn find_later(
    segment: &[u8],
    from: usize,
    expected: BatchNo,
    salt: u32,
) -> Option<(usize, Found)> {
    let used = segment
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    // A record may end with zeros, but its header is not all zeros.
    let last_start = used.min(segment.len().saturating_sub(RECORD_HEADER_BYTES));
    let ahead_max = segment.len().saturating_sub(from) / RECORD_HEADER_BYTES;
    let ahead_max = u64::try_from(ahead_max).unwrap_or(u64::MAX);
    (from + 1..=last_start).find_map(|at| {
        let number = header_at(segment, at)?.number;
        if number.0.wrapping_sub(expected.0) > ahead_max {
            return None;
        }
        read_at(segment, at, salt).map(|found| (at, found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u32 = 0x5eed;

    fn record(number: u64, changes: &[u8]) -> Vec<u8> {
        let mut batch = BatchBuf::new();
        batch.payload_mut().extend_from_slice(changes);
        batch.seal(BatchNo(number), SALT).unwrap().to_vec()
    }

    #[test]
    fn record_bytes_are_pinned() {
        let bytes = record(0x0102, b"hello");
        assert_eq!(bytes[..4], [13, 0, 0, 0]);
        assert_eq!(
            bytes[8..],
            [&[2u8, 1, 0, 0, 0, 0, 0, 0][..], b"hello"].concat()
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
                changes: 16,
                end: 19
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
            find_later(&[vec![1; 16], later].concat(), 0, BatchNo(8), SALT + 1),
            None
        );
        assert_eq!(find_later(&[0; 64], 0, BatchNo(8), SALT), None);
        assert_eq!(find_later(&[], 0, BatchNo(8), SALT), None);
    }

    #[test]
    fn empty_batch_is_valid() {
        let bytes = record(1, b"");
        assert_eq!(read_at(&bytes, 0, SALT).unwrap().end, RECORD_HEADER_BYTES);
    }
}
