//! Frames: the form of drafts and of the outbox, which can be found in a damaged file without its
//! tables. A frame says what it is, and carries a checksum over all of itself, which differs for
//! each account: frames of another one are not found.
//!
//! ```text
//! magic  8 bytes     table 1    key 8    generation 8    oldest 8    length 4    payload    xxh3 8
//! ```
//!
//! The generation grows with every write, so the latest of several frames of one key is known.
//! `oldest` is the lowest id in the outbox at the time of writing: frames of lower ids are left
//! over in freed pages, and what they hold was sent.

mod second;

use std::collections::BTreeMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

pub(crate) use self::second::Second;

use super::row::Table;

const MAGIC: [u8; 8] = *b"\xc4irnFr\x001";
const HEAD_BYTES: usize = MAGIC.len() + 1 + 8 + 8 + 8 + 4;
const SUM_BYTES: usize = 8;

/// The largest payload; an entry has at most a quarter of it.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;

/// What the checksums of an account begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seal(u64);

impl Seal {
    pub(crate) fn of(identity: &[u8]) -> Self {
        Self(xxh3_64(identity))
    }

    fn sum(self, bytes: &[u8]) -> u64 {
        xxh3_64_with_seed(bytes, self.0)
    }
}

/// A value with what is needed to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) table: u8,
    pub(crate) key: u64,
    pub(crate) generation: u64,
    pub(crate) oldest: u64,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn encode(&self, seal: Seal) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_BYTES + self.payload.len() + SUM_BYTES);
        out.extend(MAGIC);
        out.push(self.table);
        out.extend(self.key.to_le_bytes());
        out.extend(self.generation.to_le_bytes());
        out.extend(self.oldest.to_le_bytes());
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        out.extend(length.to_le_bytes());
        out.extend(&self.payload);
        out.extend(seal.sum(&out).to_le_bytes());
        out
    }

    /// Decodes the frame at the beginning of `bytes`.
    fn decode_some(bytes: &[u8], seal: Seal) -> Option<(Self, usize)> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (&table, rest) = rest.split_first()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (oldest, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > PAYLOAD_BYTES_MAX {
            return None;
        }
        let payload = rest.get(..length)?;
        let sum = rest.get(length..length + SUM_BYTES)?.try_into().ok()?;
        if seal.sum(bytes.get(..HEAD_BYTES + length)?) != u64::from_le_bytes(sum) {
            return None;
        }
        let frame = Self {
            table,
            key: u64::from_le_bytes(*key),
            generation: u64::from_le_bytes(*generation),
            oldest: u64::from_le_bytes(*oldest),
            payload: payload.to_vec(),
        };
        Some((frame, HEAD_BYTES + length + SUM_BYTES))
    }

    /// Decodes a whole frame.
    pub(crate) fn decode(bytes: &[u8], seal: Seal) -> Option<Self> {
        let (frame, read) = Self::decode_some(bytes, seal)?;
        (read == bytes.len()).then_some(frame)
    }
}

/// What a damaged file still holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The latest frame of each key.
    pub(crate) frames: BTreeMap<(u8, u64), Frame>,
    pub(crate) last_generation: u64,
}

/// Finds all frames in a file.
pub(crate) fn find(bytes: &[u8], seal: Seal) -> Found {
    let mut found = Found::default();
    let mut oldest = (0, 0);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let Some(next) = rest.iter().position(|&byte| byte == MAGIC[0]) else {
            break;
        };
        at += next;
        let tail = bytes.get(at..).unwrap_or_default();
        let Some((frame, _)) = Frame::decode_some(tail, seal) else {
            at += 1;
            continue;
        };
        // Not by the length of the frame: a damaged one may begin inside of another.
        at += MAGIC.len();
        oldest = oldest.max((frame.generation, frame.oldest));
        found.last_generation = found.last_generation.max(frame.generation);
        let known = found.frames.entry((frame.table, frame.key));
        let known = known.or_insert_with(|| frame.clone());
        if known.generation < frame.generation {
            *known = frame;
        }
    }
    found
        .frames
        .retain(|&(table, key), _| table != Table::Outbox.number() || key >= oldest.1);
    found
}

/// Finds all frames in a file and in its second copy, which alone counts if nothing is missing in
/// it: frames that were removed are left over in freed pages of the file.
pub(crate) fn find_in(mut file: Vec<u8>, second: &[u8], seal: Seal) -> Found {
    let (in_file, in_second) = (find(&file, seal), find(second, seal));
    if in_second.last_generation >= in_file.last_generation {
        return in_second;
    }
    file.extend(second);
    find(&file, seal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL: Seal = Seal(3);

    fn frame(key: u64, generation: u64, oldest: u64) -> Frame {
        Frame {
            table: Table::Outbox.number(),
            key,
            generation,
            oldest,
            payload: vec![key as u8; 30],
        }
    }

    #[test]
    fn latest_frames_are_found_and_left_over_ones_are_not() {
        let all = [
            frame(4, 1, 4),
            frame(5, 2, 4),
            frame(5, 4, 5),
            frame(6, 3, 4),
        ];
        let mut file = vec![0xc4; 100];
        for frame in &all {
            file.extend(frame.encode(SEAL));
            file.extend([0xc4, 7, 9]);
        }
        let found = find(&file, SEAL);
        assert_eq!(found.last_generation, 4);
        let left: Vec<_> = found.frames.values().cloned().collect();
        assert_eq!(left, [all[2].clone(), all[3].clone()]);
    }

    #[test]
    fn damaged_frames_are_not_found() {
        let whole = frame(1, 1, 1).encode(SEAL);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 16;
            assert!(find(&damaged, SEAL).frames.is_empty(), "{at}");
            assert!(find(&whole[..at], SEAL).frames.is_empty(), "{at}");
        }
        assert_eq!(find(&whole, SEAL).frames.len(), 1);
        assert!(find(&whole, Seal::of(b"other")).frames.is_empty());
    }
}
