//! Reading a conversation backward, a block at a time, for readers that look at every entry.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use cairn_proto::content::message::split_entry_ref;
use cairn_proto::ids::MsgId;

use crate::blocks::BlocksError;
use crate::limits;
use crate::timeline::Timeline;
use crate::timeline::history::{History, HistoryError};

/// Consecutive entries as one buffer, with those that were rewritten since it was written.
#[derive(Clone, Debug)]
pub struct Chunk {
    first: MsgId,
    packed: Bytes,
    /// Where each entry is in `packed`, with its length prefix.
    places: Vec<Range<usize>>,
    rewritten: Vec<(MsgId, Bytes)>,
}

impl Chunk {
    /// The first entry.
    #[must_use]
    pub const fn first(&self) -> MsgId {
        self.first
    }

    /// Returns all bytes of the entries that readers see. `None` if some were rewritten, or others
    /// are among them.
    #[must_use]
    pub fn as_stored(&self) -> Option<&[u8]> {
        let is_whole = self.places.last()?.end == self.packed.len();
        (is_whole && self.rewritten.is_empty()).then_some(&*self.packed)
    }

    /// Returns the entries that readers see, each with its prefix, the last one first.
    pub fn newest_first(&self) -> impl Iterator<Item = (MsgId, &[u8])> {
        let places = self.places.iter().enumerate().rev();
        places.filter_map(|(at, place)| {
            let msgid = self.first.plus(at as u64);
            let rewritten = self.rewritten.iter().find(|(of, _)| *of == msgid);
            match rewritten {
                Some((_, entry)) => Some((msgid, entry.as_ref())),
                None => Some((msgid, self.packed.get(place.clone())?)),
            }
        })
    }

    /// Returns the first entry that readers see.
    #[must_use]
    pub fn oldest(&self) -> Option<&[u8]> {
        match self.rewritten.first() {
            Some((msgid, entry)) if *msgid == self.first => Some(entry),
            _ => self.packed.get(self.places.first()?.clone()),
        }
    }
}

/// The places of up to `count` packed entries. `None` if the bytes hold fewer.
fn places_of(packed: &Bytes, count: usize) -> Option<Vec<Range<usize>>> {
    let mut places = Vec::with_capacity(count.min(limits::BLOCK_MESSAGES_MAX as usize));
    let mut left: &[u8] = packed;
    for _ in 0..count {
        let start = packed.len() - left.len();
        let entry = split_entry_ref(&mut left).ok()??;
        places.push(start..start + entry.len());
    }
    Some(places)
}

impl History {
    /// Reads the entries of one block that are below `before`, or as many of the tail. Returns
    /// `None` if none of them is above `floor`; the chunk may begin below it. Waits for the disk
    /// where it must.
    ///
    /// # Errors
    ///
    /// When something that exists cannot be read as it was written.
    pub fn chunk_before(
        &self,
        timeline: &Timeline,
        before: MsgId,
        floor: MsgId,
    ) -> Result<Option<Chunk>, HistoryError> {
        let last = before.min(timeline.head().next()).prev();
        loop {
            let floor = floor.max(timeline.floor());
            if last <= floor {
                return Ok(None);
            }
            if let Some(chunk) = timeline.tail_chunk(last, floor) {
                return Ok(Some(chunk));
            }
            // Before the block: what is missing here is in the block.
            let rewritten = timeline.rewritten();
            let block = match self.block_with(timeline.conversation(), last) {
                Ok(block) => block,
                // It expired meanwhile.
                Err(_) if timeline.floor() >= last => continue,
                Err(error) => return Err(error),
            };
            let first = block.place.first;
            let count = usize::try_from(last.next().above(first)).unwrap_or(usize::MAX);
            let places = places_of(&block.entries, count.min(block.count as usize))
                .ok_or_else(|| BlocksError::from(block.damaged_entries()))?;
            let rewritten = match rewritten.is_empty() {
                true => Vec::new(),
                false => rewritten
                    .range(first..=last)
                    .map(|(&msgid, entry)| (msgid, entry.clone()))
                    .collect(),
            };
            return Ok(Some(Chunk {
                first,
                packed: block.entries,
                places,
                rewritten,
            }));
        }
    }
}

impl Timeline {
    /// Returns the entries in memory up to `last`, as many as a block holds and none below `floor`.
    /// `None` if `last` is in the blocks.
    fn tail_chunk(&self, last: MsgId, floor: MsgId) -> Option<Chunk> {
        let (first, entries) = self.tail_before(last, floor, limits::BLOCK_MESSAGES_MAX)?;
        let mut packed = BytesMut::with_capacity(entries.iter().map(Bytes::len).sum());
        let mut places = Vec::with_capacity(entries.len());
        for entry in &entries {
            places.push(packed.len()..packed.len() + entry.len());
            packed.put_slice(entry);
        }
        Some(Chunk {
            first,
            packed: packed.freeze(),
            places,
            rewritten: Vec::new(),
        })
    }
}
