//! Cutting messages into blocks of the target size, without compressing everything repeatedly.

use std::io;

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId};

use crate::limits;

use crate::blocks::block::{BlockPlace, BlockWriter};

/// First guess of the compression ratio: compressed bytes of 1,000.
const FIRST_GUESS_PER_MILLE: usize = 500;

/// Cuts messages into blocks. It remembers how well the last ones compressed.
#[derive(Debug)]
pub(crate) struct Packer {
    writer: BlockWriter,
    per_mille: usize,
}

/// A block to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedBlock {
    pub place: BlockPlace,
    /// The number of messages.
    pub count: usize,
    pub value: Vec<u8>,
}

impl Packer {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            writer: BlockWriter::new()?,
            per_mille: FIRST_GUESS_PER_MILLE,
        })
    }

    /// Packs entries into blocks, starting at message `first`. The first block holds at least
    /// `together` entries: the block that it replaces held them, and no crash may lose one.
    pub(crate) fn pack(
        &mut self,
        conversation: ConversationId,
        first: MsgId,
        entries: &[Bytes],
        together: usize,
    ) -> io::Result<Vec<PackedBlock>> {
        let mut blocks =
            Vec::with_capacity(entries.len() / limits::BLOCK_MESSAGES_MAX as usize + 1);
        let (mut first, mut rest, mut together) = (first, entries, together.max(1));
        while !rest.is_empty() {
            let block = self.pack_one(
                BlockPlace {
                    conversation,
                    first,
                },
                rest,
                together,
            )?;
            first = first.plus(block.count as u64);
            rest = rest.get(block.count..).unwrap_or_default();
            together = 1;
            blocks.push(block);
        }
        Ok(blocks)
    }

    fn pack_one(
        &mut self,
        place: BlockPlace,
        entries: &[Bytes],
        together: usize,
    ) -> io::Result<PackedBlock> {
        let mut block = self.pack_prefix(
            place,
            entries,
            prefix(entries, self.per_mille).max(together),
        )?;
        if block.value.len() < limits::BLOCK_BYTES_TARGET / 2 && block.count < entries.len() {
            // The guess was poor. Try again with the measured ratio.
            let count = prefix(entries, self.per_mille);
            if count > block.count {
                block = self.pack_prefix(place, entries, count)?;
            }
        }
        while block.value.len() > limits::BLOCK_BYTES_MAX && block.count > together {
            block = self.pack_prefix(place, entries, (block.count / 2).max(together))?;
        }
        Ok(block)
    }

    fn pack_prefix(
        &mut self,
        place: BlockPlace,
        entries: &[Bytes],
        count: usize,
    ) -> io::Result<PackedBlock> {
        let entries = entries.get(..count).unwrap_or(entries);
        let value = self.writer.pack(place, entries)?;
        let raw: usize = entries.iter().map(Bytes::len).sum();
        self.per_mille = (value.len() * 1000 / raw.max(1)).clamp(1, 1000);
        Ok(PackedBlock {
            place,
            count: entries.len(),
            value,
        })
    }
}

/// Returns how many entries compress to the target size at this ratio; at least one.
fn prefix(entries: &[Bytes], per_mille: usize) -> usize {
    let raw_max =
        (limits::BLOCK_BYTES_TARGET * 1000 / per_mille.max(1)).min(limits::BLOCK_RAW_BYTES_MAX);
    let mut raw = 0;
    let fitting = entries
        .iter()
        .take(limits::BLOCK_MESSAGES_MAX as usize)
        .take_while(|entry| {
            raw += entry.len();
            raw <= raw_max
        });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::super::block::BlockReader;
    use super::*;

    const CONVERSATION: ConversationId = ConversationId::new(5);

    fn entry(bytes: &[u8]) -> Bytes {
        [&(bytes.len() as u32).to_le_bytes()[..], bytes]
            .concat()
            .into()
    }

    fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..len).map(next).collect()
    }

    /// Packs, and checks the invariants of any input.
    fn pack(packer: &mut Packer, entries: &[Bytes], together: usize) -> Vec<PackedBlock> {
        let blocks = packer
            .pack(CONVERSATION, MsgId::new(1), entries, together)
            .unwrap();
        let reader = BlockReader::default();
        let mut next = MsgId::new(1);
        let mut raw = Vec::new();
        for packed in &blocks {
            assert_eq!(packed.place.first, next);
            let block = reader.unpack(packed.place, &packed.value).unwrap();
            assert!(
                block.count as usize == packed.count && block.count <= limits::BLOCK_MESSAGES_MAX
            );
            assert!(
                block.entries.len() <= limits::BLOCK_RAW_BYTES_MAX
                    && packed.value.len() <= limits::TREE_VALUE_BYTES_MAX
            );
            assert!(
                block.count == 1
                    || packed.value.len() <= limits::BLOCK_BYTES_MAX
                    || packed.count <= together
            );
            raw.extend_from_slice(&block.entries);
            next = block.last().next();
        }
        assert_eq!(raw, entries.concat());
        assert!(blocks.first().is_none_or(|block| block.count >= together));
        blocks
    }

    #[test]
    fn short_messages_fill_blocks() {
        let entries: Vec<Bytes> = (0..200)
            .map(|n| entry(format!("message number {n}").as_bytes()))
            .collect();
        let counts: Vec<usize> = pack(&mut Packer::new().unwrap(), &entries, 0)
            .iter()
            .map(|block| block.count)
            .collect();
        assert_eq!(counts, [64, 64, 64, 8]);
    }

    #[test]
    fn largest_messages_get_their_own_block() {
        let largest = cairn_proto::limits::ENTRY_BYTES_MAX;
        let entries: Vec<Bytes> = (0..5).map(|n| entry(&noise(largest, n))).collect();
        assert_eq!(pack(&mut Packer::new().unwrap(), &entries, 0).len(), 5);
    }

    #[test]
    fn compressibility_change_creates_no_small_blocks() {
        let mut packer = Packer::new().unwrap();
        let hard: Vec<Bytes> = (0..40).map(|n| entry(&noise(500, n))).collect();
        let easy: Vec<Bytes> = (0..64)
            .map(|n| entry(format!("{n}{}", "z".repeat(300)).as_bytes()))
            .collect();
        pack(&mut packer, &hard, 0);
        assert_eq!(pack(&mut packer, &easy, 0).len(), 1);
        pack(&mut packer, &hard, 0);
        pack(&mut packer, &[easy, hard].concat(), 0);
    }

    #[test]
    fn entries_of_one_block_stay_together() {
        let mut packer = Packer::new().unwrap();
        pack(
            &mut packer,
            &(0..40).map(|n| entry(&noise(900, n))).collect::<Vec<_>>(),
            0,
        );
        let entries: Vec<Bytes> = (0..50).map(|n| entry(&noise(60, n))).collect();
        for together in [1, 20, 40, 50] {
            pack(&mut packer, &entries, together);
        }
    }

    proptest::proptest! {
        #[test]
        fn blocks_respect_their_bounds(
            lens in proptest::collection::vec((0..3000usize, proptest::bool::ANY), 1..150),
        ) {
            let entries: Vec<Bytes> =
                lens
                .iter()
                .zip(0..)
                .map(|((len, is_noise), n)| {
                    entry(&if *is_noise { noise(*len, n) } else { vec![b'a'; *len] })
                })
                .collect();
            pack(&mut Packer::new().unwrap(), &entries, 0);
        }
    }
}
