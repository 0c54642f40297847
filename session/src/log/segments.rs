//! Segments: the ranges of a log that are held, and how current each of them is.

use cairn_client::proto::ids::MsgId;

/// Consecutive entries that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first entry.
    pub first: MsgId,
    /// The last entry, not below the first.
    pub last: MsgId,
    /// The entries read as they did when the log ended here. Later edits and recalls may be
    /// missing.
    pub as_of: MsgId,
}

/// The segments of one log: disjoint, in ascending order. Two segments may touch if they are
/// current as of different entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments(Vec<Segment>);

impl Segment {
    /// Returns whether the segment contains an entry.
    #[must_use]
    pub fn contains(&self, msgid: MsgId) -> bool {
        (self.first..=self.last).contains(&msgid)
    }
}

impl Segments {
    /// Creates an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Creates a list from segments in any order. Where they overlap, the most current one counts.
    #[must_use]
    pub fn from_vec(segments: Vec<Segment>) -> Self {
        let mut list = Self::new();
        for Segment { first, last, as_of } in segments {
            list.insert(first, last, as_of);
        }
        list
    }

    /// Returns the segments in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.0.iter()
    }

    /// Returns whether nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the segment that contains an entry.
    #[must_use]
    pub fn covering(&self, msgid: MsgId) -> Option<Segment> {
        let after = self.0.partition_point(|segment| segment.first <= msgid);
        let found = self.0.get(after.checked_sub(1)?)?;
        found.contains(msgid).then_some(*found)
    }

    /// Returns the last entry that is reached from this one without a gap, or `None` if this one is
    /// not held.
    #[must_use]
    pub fn held_through(&self, msgid: MsgId) -> Option<MsgId> {
        let mut last = self.covering(msgid)?.last;
        while let Some(next) = self.covering(last.next()) {
            if next.last <= last {
                break;
            }
            last = next.last;
        }
        Some(last)
    }

    /// Returns the first entry from which this one is reached without a gap, or `None` if this one
    /// is not held.
    #[must_use]
    pub fn held_since(&self, msgid: MsgId) -> Option<MsgId> {
        let mut first = self.covering(msgid)?.first;
        while first > MsgId::ZERO
            && let Some(before) = self.covering(first.prev())
        {
            first = before.first;
        }
        Some(first)
    }

    /// Adds a range. Parts that are held and more current stay as they are.
    pub fn insert(&mut self, first: MsgId, last: MsgId, as_of: MsgId) {
        if first > last {
            return;
        }
        let mut pieces = Vec::with_capacity(self.0.len() + 2);
        let mut from = Some(first);
        for held in std::mem::take(&mut self.0) {
            if held.last < first || held.first > last {
                pieces.push(held);
                continue;
            }
            let (start, end) = (held.first.max(first), held.last.min(last));
            if held.first < first {
                let last = first.prev();
                pieces.push(Segment { last, ..held });
            }
            if let Some(from) = from.filter(|from| *from < start) {
                let last = start.prev();
                let first = from;
                pieces.push(Segment { first, last, as_of });
            }
            pieces.push(Segment {
                first: start,
                last: end,
                as_of: held.as_of.max(as_of),
            });
            if held.last > last {
                let first = last.next();
                pieces.push(Segment { first, ..held });
            }
            from = (end < last).then(|| end.next());
        }
        if let Some(first) = from {
            pieces.push(Segment { first, last, as_of });
        }
        pieces.sort_unstable_by_key(|segment| segment.first);
        self.set(pieces);
    }

    /// Raises what was current as of the entry before `from`, or later, to `to`: the entries
    /// between were applied to it.
    pub fn advance(&mut self, from: MsgId, to: MsgId) {
        for segment in &mut self.0 {
            if segment.as_of >= from.prev() {
                segment.as_of = segment.as_of.max(to);
            }
        }
        let advanced = std::mem::take(&mut self.0);
        self.set(advanced);
    }

    /// Removes everything up to `through`.
    pub fn remove_through(&mut self, through: MsgId) {
        self.0.retain(|segment| segment.last > through);
        if let Some(first) = self.0.first_mut() {
            first.first = first.first.max(through.next());
        }
    }

    /// Removes everything from `from` on.
    pub fn remove_from(&mut self, from: MsgId) {
        self.0.retain(|segment| segment.first < from);
        if let Some(last) = self.0.last_mut() {
            last.last = last.last.min(from.prev());
        }
    }

    /// Removes one entry.
    pub fn remove(&mut self, msgid: MsgId) {
        let Some(held) = self.covering(msgid) else {
            return;
        };
        self.0.retain(|segment| segment.first != held.first);
        let (last, first) = (msgid.prev(), msgid.next());
        let pieces = [Segment { last, ..held }, Segment { first, ..held }];
        let pieces = pieces.into_iter().filter(|piece| piece.first <= piece.last);
        self.0.extend(pieces);
        self.0.sort_unstable_by_key(|segment| segment.first);
    }

    pub(super) fn raise(&mut self, first: MsgId, as_of: MsgId) {
        let held = self.0.iter_mut().find(|segment| segment.first == first);
        if let Some(held) = held {
            held.as_of = held.as_of.max(as_of);
        }
    }

    pub(super) fn merge(&mut self) {
        let pieces = std::mem::take(&mut self.0);
        self.set(pieces);
    }

    /// Takes sorted pieces, and merges those that touch and are equally current.
    fn set(&mut self, pieces: Vec<Segment>) {
        for piece in pieces {
            match self.0.last_mut() {
                Some(before)
                    if before.last.next() == piece.first && before.as_of == piece.as_of =>
                {
                    before.last = piece.last;
                }
                _ => self.0.push(piece),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(msgid: u64) -> MsgId {
        MsgId::new(msgid)
    }

    fn segments(list: &[(u64, u64, u64)]) -> Segments {
        let segment = |&(first, last, as_of): &(u64, u64, u64)| Segment {
            first: id(first),
            last: id(last),
            as_of: id(as_of),
        };
        Segments::from_vec(list.iter().map(segment).collect())
    }

    fn list(segments: &Segments) -> Vec<(u64, u64, u64)> {
        let numbers = |s: &Segment| (s.first.get(), s.last.get(), s.as_of.get());
        segments.iter().map(numbers).collect()
    }

    #[test]
    fn newer_parts_stay() {
        let mut held = segments(&[(1, 10, 50), (20, 30, 30)]);
        held.insert(id(5), id(25), id(40));
        let expected = [(1, 10, 50), (11, 30, 40)];
        assert_eq!(list(&held), [expected[0], (11, 25, 40), (26, 30, 30)]);
        held.insert(id(26), id(30), id(40));
        assert_eq!(list(&held), expected);
        assert_eq!(held.held_through(id(3)), Some(id(30)));
        assert_eq!(held.held_since(id(30)), Some(id(1)));
        assert_eq!(held.held_through(id(31)), None);
    }

    #[test]
    fn contiguous_entries_keep_segments_current() {
        let mut held = segments(&[(1, 10, 12), (20, 22, 22)]);
        held.advance(id(13), id(14));
        assert_eq!(list(&held), [(1, 10, 14), (20, 22, 22)]);
        held.advance(id(20), id(25));
        assert_eq!(list(&held), [(1, 10, 14), (20, 22, 25)]);
    }

    #[test]
    fn removal_splits() {
        let mut held = segments(&[(1, 10, 10)]);
        held.remove(id(4));
        assert_eq!(list(&held), [(1, 3, 10), (5, 10, 10)]);
        held.remove_through(id(6));
        assert_eq!(list(&held), [(7, 10, 10)]);
        held.remove_from(id(9));
        assert_eq!(list(&held), [(7, 8, 10)]);
    }
}
