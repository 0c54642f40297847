//! A block: consecutive messages of one conversation as one value.
//!
//! ```text
//! [format u8][count u32][crc32c u32][raw len u32][body]      little-endian
//! ```
//!
//! The raw bytes are packed entries, as on the wire ([`cairn_proto::content::message`]). The body
//! is a zstd frame of them, or the raw bytes themselves if that is not longer. The checksum covers
//! everything else and the key.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use cairn_proto::content::message::split_entry;
use cairn_proto::ids::{ConversationId, MsgId};
use parking_lot::Mutex;
use zstd::bulk::{Compressor, Decompressor};

use crate::limits;

use crate::trees::RowKey;

const FORMAT_RAW: u8 = 0;
const FORMAT_ZSTD: u8 = 1;
const HEADER_BYTES: usize = 13;
/// The fastest ordinary level. The third takes a third more time and saves 2 % of the bytes of real
/// chat.
const ZSTD_LEVEL: i32 = 1;
/// A block below this size takes further messages.
const OPEN_BYTES_MAX: usize = limits::BLOCK_BYTES_TARGET / 4 * 3;
/// Contexts kept for readers. Further concurrent readers create their own.
const READERS_KEPT_MAX: usize = 4;

/// A block's conversation and first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockPlace {
    pub conversation: ConversationId,
    pub first: MsgId,
}

impl BlockPlace {
    #[must_use]
    pub fn key(self) -> RowKey {
        RowKey::block(self.conversation, self.first)
    }
}

/// A decompressed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub place: BlockPlace,
    /// The number of messages.
    pub count: u32,
    pub entries: Bytes,
    /// The size of its stored value.
    pub stored_bytes: usize,
}

impl Block {
    #[must_use]
    pub fn last(&self) -> MsgId {
        self.place.first.plus(u64::from(self.count)).prev()
    }

    /// Returns whether the next message may join this block.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.count < limits::BLOCK_MESSAGES_MAX && self.stored_bytes < OPEN_BYTES_MAX
    }

    /// Splits the block into entries, taking rewritten ones from `rewritten`.
    pub(crate) fn split_with(
        &self,
        rewritten: &BTreeMap<MsgId, Bytes>,
    ) -> Result<Vec<Bytes>, BlockError> {
        let mut entries = self.split()?;
        for (msgid, entry) in rewritten.range(self.place.first..=self.last()) {
            if let Some(place) = usize::try_from(msgid.above(self.place.first))
                .ok()
                .and_then(|at| entries.get_mut(at))
            {
                *place = entry.clone();
            }
        }
        Ok(entries)
    }

    /// The error of a block whose entries are not what it says.
    pub(crate) const fn damaged_entries(&self) -> BlockError {
        BlockError {
            place: self.place,
            what: BlockDamage::Entries,
        }
    }

    /// Splits the block into entries, each with its prefix.
    pub fn split(&self) -> Result<Vec<Bytes>, BlockError> {
        let damaged = |what| BlockError {
            place: self.place,
            what,
        };
        let mut packed = self.entries.clone();
        let mut entries = Vec::with_capacity(limits::BLOCK_MESSAGES_MAX as usize);
        while let Some(entry) =
            split_entry(&mut packed).map_err(|_| damaged(BlockDamage::Entries))?
        {
            entries.push(entry);
        }
        if entries.len() == self.count as usize {
            Ok(entries)
        } else {
            Err(damaged(BlockDamage::Entries))
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the block of conversation {} at message {} is damaged: {what}; restore the data directory \
     from a backup",
    .place.conversation, .place.first
)]
pub struct BlockError {
    pub place: BlockPlace,
    pub what: BlockDamage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockDamage {
    #[error("it is cut short")]
    Short,
    #[error("its format {0} is not known")]
    Format(u8),
    #[error("its checksum does not match")]
    Checksum,
    /// Not zstd, or of another length.
    #[error("it does not decompress")]
    Compression,
    #[error("it does not hold as many messages as it says")]
    Entries,
    #[error("it is empty")]
    Empty,
}

/// Corrects the checksum of a value that may be damaged otherwise.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn seal(place: BlockPlace, value: &mut [u8]) {
    let crc = match Header::parse(value) {
        Some((header, _, body)) => header.checksum(place, body),
        None => return,
    };
    if let Some(field) = value.get_mut(5..9) {
        field.copy_from_slice(&crc.to_le_bytes());
    }
}

/// Encodes blocks. It keeps a compression context and a buffer.
pub(crate) struct BlockWriter {
    compressor: Compressor<'static>,
    raw: Vec<u8>,
}

impl std::fmt::Debug for BlockWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockWriter").finish_non_exhaustive()
    }
}

impl BlockWriter {
    pub(crate) fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(ZSTD_LEVEL)?;
        // Length and checksum are in the block's own header.
        compressor.include_contentsize(false)?;
        compressor.include_checksum(false)?;
        Ok(Self {
            compressor,
            raw: Vec::new(),
        })
    }

    /// Encodes the block at this place with these packed entries.
    ///
    /// # Errors
    ///
    /// When compression runs out of memory.
    pub(crate) fn pack(&mut self, place: BlockPlace, entries: &[Bytes]) -> io::Result<Vec<u8>> {
        self.raw.clear();
        entries
            .iter()
            .for_each(|entry| self.raw.extend_from_slice(entry));
        let frame = self.compressor.compress(&self.raw)?;
        let (format, body) = if frame.len() < self.raw.len() {
            (FORMAT_ZSTD, &frame)
        } else {
            (FORMAT_RAW, &self.raw)
        };
        let header = Header {
            format,
            count: length(entries.len()),
            raw_len: length(self.raw.len()),
        };
        let crc = header.checksum(place, body);
        Ok([
            &[format][..],
            &header.count.to_le_bytes(),
            &crc.to_le_bytes(),
            &header.raw_len.to_le_bytes(),
            body,
        ]
        .concat())
    }
}

/// Decodes blocks, from any number of threads.
#[derive(Default)]
pub(crate) struct BlockReader {
    kept: Mutex<Vec<Decompressor<'static>>>,
}

impl std::fmt::Debug for BlockReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockReader").finish_non_exhaustive()
    }
}

impl BlockReader {
    /// Decodes the value of the block at this place.
    ///
    /// # Errors
    ///
    /// When it is not what was packed for this place.
    pub(crate) fn unpack(&self, place: BlockPlace, value: &[u8]) -> Result<Block, BlockError> {
        self.read(place, value)
            .map_err(|what| BlockError { place, what })
    }

    fn read(&self, place: BlockPlace, value: &[u8]) -> Result<Block, BlockDamage> {
        let (header, crc, body) = Header::parse(value).ok_or(BlockDamage::Short)?;
        if header.checksum(place, body) != crc {
            return Err(BlockDamage::Checksum);
        }
        let raw_len = header.raw_len as usize;
        let entries = match header.format {
            FORMAT_RAW => Bytes::copy_from_slice(body),
            FORMAT_ZSTD if raw_len <= limits::BLOCK_RAW_BYTES_MAX => {
                self.decompress(body, raw_len)?.into()
            }
            FORMAT_ZSTD => return Err(BlockDamage::Compression),
            other => return Err(BlockDamage::Format(other)),
        };
        if entries.len() != raw_len {
            return Err(BlockDamage::Compression);
        }
        if header.count == 0 {
            return Err(BlockDamage::Empty);
        }
        Ok(Block {
            place,
            count: header.count,
            entries,
            stored_bytes: value.len(),
        })
    }

    fn decompress(&self, frame: &[u8], raw_len: usize) -> Result<Vec<u8>, BlockDamage> {
        let kept = self.kept.lock().pop();
        let mut decompressor = match kept {
            Some(kept) => kept,
            None => Decompressor::new().map_err(|_| BlockDamage::Compression)?,
        };
        let raw = decompressor
            .decompress(frame, raw_len)
            .map_err(|_| BlockDamage::Compression);
        let mut kept = self.kept.lock();
        if kept.len() < READERS_KEPT_MAX {
            kept.push(decompressor);
        }
        raw
    }
}

struct Header {
    format: u8,
    count: u32,
    raw_len: u32,
}

impl Header {
    fn parse(value: &[u8]) -> Option<(Self, u32, &[u8])> {
        let (header, body) = value.split_first_chunk::<HEADER_BYTES>()?;
        let (format, numbers) = header.split_first()?;
        let [count, crc, raw_len] = numbers.as_chunks::<4>().0 else {
            return None;
        };
        let header = Self {
            format: *format,
            count: u32::from_le_bytes(*count),
            raw_len: u32::from_le_bytes(*raw_len),
        };
        Some((header, u32::from_le_bytes(*crc), body))
    }

    fn checksum(&self, place: BlockPlace, body: &[u8]) -> u32 {
        let crc = crc32c::crc32c(place.key().bytes());
        let crc = crc32c::crc32c_append(crc, &[self.format]);
        let crc = crc32c::crc32c_append(crc, &self.count.to_le_bytes());
        let crc = crc32c::crc32c_append(crc, &self.raw_len.to_le_bytes());
        crc32c::crc32c_append(crc, body)
    }
}

/// Both lengths are far below the limit, since a block's raw bytes are bounded.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: BlockPlace = BlockPlace {
        conversation: ConversationId::new(5),
        first: MsgId::new(65),
    };

    fn entry(bytes: &[u8]) -> Bytes {
        [&(bytes.len() as u32).to_le_bytes()[..], bytes]
            .concat()
            .into()
    }

    fn value(entries: &[Bytes]) -> Vec<u8> {
        BlockWriter::new().unwrap().pack(PLACE, entries).unwrap()
    }

    #[test]
    fn messages_round_trip() {
        for entries in [
            vec![entry(b"x")],
            vec![entry(&[b'a'; 3000]), entry(b""), entry(b"tail")],
        ] {
            let block = BlockReader::default()
                .unpack(PLACE, &value(&entries))
                .unwrap();
            assert_eq!(block.count as usize, entries.len());
            assert_eq!(block.entries, entries.concat());
            assert_eq!(block.split().unwrap(), entries);
            assert_eq!(block.last(), MsgId::new(64 + entries.len() as u64));
        }
    }

    #[test]
    fn incompressible_bytes_are_stored_raw() {
        let noise: Vec<u8> = (0..2000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let entries = [entry(&noise)];
        let value = value(&entries);
        assert!(value.len() <= HEADER_BYTES + entries[0].len());
        assert_eq!(
            BlockReader::default()
                .unpack(PLACE, &value)
                .unwrap()
                .entries,
            entries[0]
        );
    }

    #[test]
    fn every_flip_cut_and_move_is_detected() {
        let reader = BlockReader::default();
        let value = value(&[
            entry(b"hello hello hello hello hello hello"),
            entry(b"world"),
        ]);
        for at in 0..value.len() {
            let mut flipped = value.clone();
            flipped[at] ^= 0x10;
            assert!(reader.unpack(PLACE, &flipped).is_err(), "byte {at}");
            assert!(reader.unpack(PLACE, &value[..at]).is_err(), "cut at {at}");
        }
        let elsewhere = BlockPlace {
            first: MsgId::new(66),
            ..PLACE
        };
        assert_eq!(
            reader.unpack(elsewhere, &value).unwrap_err().what,
            BlockDamage::Checksum
        );
    }

    #[test]
    fn wrong_count_is_detected() {
        let block = BlockReader::default()
            .unpack(PLACE, &value(&[entry(b"one")]))
            .unwrap();
        assert!(Block { count: 2, ..block }.split().is_err());
    }
}
