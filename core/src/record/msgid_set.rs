//! Sets of message ids as compressed bitmaps, which count exactly and cheaply in any range.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use cairn_proto::ids::MsgId;
use roaring::RoaringBitmap;

/// A set of message ids in chunks of 2^16 that are stored separately.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MsgIdSet {
    chunks: BTreeMap<u64, RoaringBitmap>,
}

const CHUNK_BITS: u32 = 16;
const LOW: u64 = (1 << CHUNK_BITS) - 1;

impl MsgIdSet {
    #[must_use]
    pub const fn chunk_of(msgid: MsgId) -> u64 {
        msgid.get() >> CHUNK_BITS
    }

    /// Returns whether `msgid` was new.
    pub fn insert(&mut self, msgid: MsgId) -> bool {
        self.chunks
            .entry(Self::chunk_of(msgid))
            .or_default()
            .insert(low(msgid.get()))
    }

    /// Returns whether `msgid` was in the set.
    pub fn remove(&mut self, msgid: MsgId) -> bool {
        let Some(bitmap) = self.chunks.get_mut(&Self::chunk_of(msgid)) else {
            return false;
        };
        let was_in = bitmap.remove(low(msgid.get()));
        if bitmap.is_empty() {
            self.chunks.remove(&Self::chunk_of(msgid));
        }
        was_in
    }

    /// The first chunk that is not entirely at or below `floor`.
    #[must_use]
    pub const fn first_above(floor: MsgId) -> u64 {
        Self::chunk_of(floor.next())
    }

    /// Drops the chunks that lie entirely at or below `floor`.
    pub fn drop_through(&mut self, floor: MsgId) {
        self.chunks = self.chunks.split_off(&Self::first_above(floor));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    #[must_use]
    pub fn contains(&self, msgid: MsgId) -> bool {
        self.chunks
            .get(&Self::chunk_of(msgid))
            .is_some_and(|bitmap| bitmap.contains(low(msgid.get())))
    }

    /// The greatest id; 0 if the set is empty.
    #[must_use]
    pub fn last(&self) -> MsgId {
        let last =
            self.chunks.iter().next_back().and_then(|(&chunk, bitmap)| {
                Some((chunk << CHUNK_BITS) | u64::from(bitmap.max()?))
            });
        MsgId::new(last.unwrap_or_default())
    }

    /// Counts the ids above `base` up to and including `head`.
    #[must_use]
    pub fn count(&self, base: MsgId, head: MsgId) -> u64 {
        self.in_range(base, head)
            .map(|(_, bitmap, range)| bitmap.range_cardinality(range))
            .sum()
    }

    /// Counts those that are not in `other`.
    #[must_use]
    pub(crate) fn count_without(&self, base: MsgId, head: MsgId, other: &Self) -> u64 {
        let both = |chunk: u64, bitmap: &RoaringBitmap| {
            other.chunks.get(&chunk).map(|others| bitmap & others)
        };
        let counts = self.in_range(base, head).map(|(chunk, bitmap, range)| {
            let all = bitmap.range_cardinality(range.clone());
            all - both(chunk, bitmap).map_or(0, |both| both.range_cardinality(range))
        });
        counts.sum()
    }

    /// Counts those that are in `and` as well, and not in `other`.
    #[must_use]
    pub(crate) fn count_both_without(
        &self,
        and: &Self,
        base: MsgId,
        head: MsgId,
        other: &Self,
    ) -> u64 {
        let counts = self.in_range(base, head).map(|(chunk, bitmap, range)| {
            let Some(both) = and.chunks.get(&chunk).map(|and| bitmap & and) else {
                return 0;
            };
            match other.chunks.get(&chunk) {
                Some(other) => (both - other).range_cardinality(range),
                None => both.range_cardinality(range),
            }
        });
        counts.sum()
    }

    /// The chunks that overlap the range above `base` up to `head`, with the overlap.
    fn in_range(
        &self,
        base: MsgId,
        head: MsgId,
    ) -> impl Iterator<Item = (u64, &RoaringBitmap, RangeInclusive<u32>)> {
        let (first, last) = (base.get().saturating_add(1), head.get());
        let chunks =
            (first <= last).then(|| self.chunks.range(first >> CHUNK_BITS..=last >> CHUNK_BITS));
        chunks.into_iter().flatten().map(move |(&chunk, bitmap)| {
            let from = if chunk == first >> CHUNK_BITS {
                low(first)
            } else {
                0
            };
            let to = if chunk == last >> CHUNK_BITS {
                low(last)
            } else {
                low(LOW)
            };
            (chunk, bitmap, from..=to)
        })
    }

    /// A chunk in roaring's portable format; `None` if it is empty.
    #[must_use]
    pub fn chunk_bytes(&self, chunk: u64) -> Option<Vec<u8>> {
        let bitmap = self.chunks.get(&chunk)?;
        let mut bytes = Vec::with_capacity(bitmap.serialized_size());
        bitmap.serialize_into(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Installs a chunk from [`MsgIdSet::chunk_bytes`]; `None` if the bytes are malformed.
    pub fn install(&mut self, chunk: u64, bytes: &[u8]) -> Option<()> {
        let bitmap = RoaringBitmap::deserialize_from(bytes).ok()?;
        self.chunks.insert(chunk, bitmap);
        Some(())
    }
}

const fn low(raw: u64) -> u32 {
    (raw & LOW) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_match_a_plain_set() {
        let ids = [1, 2, 3, 70, 65_535, 65_536, 65_537, 200_000, 200_001];
        let mut set = MsgIdSet::default();
        for id in ids {
            assert!(set.insert(MsgId::new(id)));
            assert!(!set.insert(MsgId::new(id)));
        }
        let mut even = MsgIdSet::default();
        for id in ids.into_iter().filter(|id| id % 2 == 0).chain([4, 131_072]) {
            even.insert(MsgId::new(id));
        }
        for base in [
            0, 1, 3, 69, 70, 65_534, 65_535, 65_536, 199_999, 200_001, 300_000,
        ] {
            for head in [0, 1, 2, 70, 65_535, 65_536, 131_072, 200_000, 400_000] {
                let expected = ids.iter().filter(|&&id| base < id && id <= head).count() as u64;
                assert_eq!(
                    set.count(MsgId::new(base), MsgId::new(head)),
                    expected,
                    "({base}, {head}]"
                );
                let odd = ids
                    .iter()
                    .filter(|&&id| base < id && id <= head && id % 2 == 1)
                    .count() as u64;
                let (base, head) = (MsgId::new(base), MsgId::new(head));
                assert_eq!(
                    set.count_without(base, head, &even),
                    odd,
                    "({base}, {head}]"
                );
                let none = MsgIdSet::default();
                let both = |and, other| set.count_both_without(and, base, head, other);
                assert_eq!(both(&set, &even), odd);
                assert_eq!(both(&even, &none), set.count(base, head) - odd);
                assert_eq!((both(&even, &even), both(&none, &none)), (0, 0));
            }
        }
    }

    #[test]
    fn chunks_round_trip() {
        let mut set = MsgIdSet::default();
        set.insert(MsgId::new(5));
        set.insert(MsgId::new(70_000));
        let mut back = MsgIdSet::default();
        for chunk in [0, 1] {
            back.install(chunk, &set.chunk_bytes(chunk).unwrap())
                .unwrap();
        }
        assert_eq!(back, set);
        assert_eq!(set.chunk_bytes(2), None);
        assert_eq!(back.install(2, b"damaged"), None);
    }

    #[test]
    fn only_entire_chunks_are_dropped() {
        let mut set = MsgIdSet::default();
        for id in [5, 65_535, 65_536, 70_000, 200_000] {
            set.insert(MsgId::new(id));
        }
        for (floor, first) in [
            (0, 5),
            (65_534, 5),
            (65_535, 65_536),
            (131_070, 65_536),
            (131_071, 200_000),
            (500_000, 0),
        ] {
            set.drop_through(MsgId::new(floor));
            let left = (0..=200_000)
                .map(MsgId::new)
                .find(|&id| set.contains(id))
                .unwrap_or_default();
            assert_eq!(left, MsgId::new(first), "above {floor}");
        }
        assert!(set.is_empty());
    }

    #[test]
    fn emptied_chunks_are_dropped() {
        let mut set = MsgIdSet::default();
        let ids = [5, 6, 70_000].map(MsgId::new);
        ids.into_iter().for_each(|id| assert!(set.insert(id)));
        assert!(!set.remove(MsgId::new(7)) && !set.remove(MsgId::new(200_000)));
        for id in ids {
            assert!(set.remove(id) && !set.remove(id));
            assert!(!set.contains(id));
        }
        assert_eq!(set.chunk_bytes(0), None);
        assert!(set.is_empty());
    }

    #[test]
    fn last_spans_chunks() {
        let mut set = MsgIdSet::default();
        assert_eq!(set.last(), MsgId::ZERO);
        for id in [70_000, 5] {
            set.insert(MsgId::new(id));
        }
        assert_eq!(set.last(), MsgId::new(70_000));
    }
}
