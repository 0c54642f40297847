//! The part of one log that a window holds.

mod segments;

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::MsgId;

use crate::conversation::Entry;
use crate::conversation::entries::Entries;

pub use self::segments::{Segment, Segments};

/// Entries by number, with gaps between segments.
///
/// Entries come in any order and more than once. Each segment knows as of which entry it is
/// current; whenever the entries after that one are held, they are applied to it. So the order of
/// arrival does not matter, and an entry is applied once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    entries: Entries,
    segments: Segments,
    /// Edits from the store, which keeps their words only in the messages that they edit. They
    /// cannot be applied to other ones.
    wordless: BTreeSet<MsgId>,
}

impl Log {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Entries::new(),
            segments: Segments::new(),
            wordless: BTreeSet::new(),
        }
    }

    pub(crate) const fn segments(&self) -> &Segments {
        &self.segments
    }

    pub(crate) fn get(&self, msgid: MsgId) -> Option<&Arc<Entry>> {
        self.entries.get(msgid)
    }

    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (MsgId, &Arc<Entry>)> {
        self.entries.after(MsgId::ZERO)
    }

    /// Entries above `msgid`.
    pub(crate) fn after(
        &self,
        msgid: MsgId,
    ) -> impl DoubleEndedIterator<Item = (MsgId, &Arc<Entry>)> {
        self.entries.after(msgid)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn last(&self) -> Option<MsgId> {
        self.entries.last()
    }

    pub(crate) fn contains(&self, msgid: MsgId) -> bool {
        self.segments.covering(msgid).is_some()
    }

    /// Returns whether all entries of a range are held; true for an empty range.
    pub(crate) fn covers(&self, first: MsgId, last: MsgId) -> bool {
        first > last || self.segments.held_through(first) >= Some(last)
    }

    /// Adds consecutive entries of the server, as they were when the log ended at `as_of`.
    pub(crate) fn insert(&mut self, messages: &[Message], as_of: MsgId) {
        for message in messages {
            if self.wordless.remove(&message.msgid) {
                self.entries.put(message.msgid, Entry::from(message));
            }
        }
        self.put(messages, as_of);
        self.catch_up();
    }

    /// Adds consecutive entries of the store, as they were when the log ended at `as_of`.
    pub(crate) fn insert_stored(&mut self, messages: &[Message], as_of: MsgId) {
        for msgid in self.put(messages, as_of) {
            let entry = self.entries.get(msgid);
            let is_wordless = entry.is_some_and(|entry| {
                matches!(
                    entry.body,
                    Body::Amendment(Amendment::Edited { text: None, .. })
                )
            });
            if is_wordless {
                self.wordless.insert(msgid);
            }
        }
        self.catch_up();
    }

    /// Returns the last entry, up to `through`, that can be applied to what is current as of the
    /// entry before `from`.
    pub(crate) fn applicable(&self, from: MsgId, through: MsgId) -> MsgId {
        let first = self.wordless.range(from..=through).next();
        first.map_or(through, |wordless| wordless.prev())
    }

    /// Returns the entries that were put, as those that are held were older.
    fn put(&mut self, messages: &[Message], as_of: MsgId) -> Vec<MsgId> {
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
            return Vec::new();
        };
        let mut put = Vec::with_capacity(messages.len());
        for message in messages {
            let held = self.segments.covering(message.msgid);
            if held.is_none_or(|held| held.as_of < as_of) {
                self.entries.put(message.msgid, Entry::from(message));
                put.push(message.msgid);
            }
        }
        self.segments.insert(first.msgid, last.msgid, as_of);
        put
    }

    /// Adds consecutive entries as they were appended, each as it was then or later.
    pub(crate) fn append(&mut self, messages: &[Message]) {
        if let Some(first) = messages.first() {
            self.insert(messages, first.msgid);
        }
    }

    /// Drops everything up to `floor`.
    pub(crate) fn expire(&mut self, floor: MsgId) {
        self.entries.expire(floor);
        self.segments.remove_through(floor);
        self.wordless = self.wordless.split_off(&floor.next());
    }

    /// Evicts the entries that are farthest from `center`, until at most `max` are held.
    pub(crate) fn evict(&mut self, max: usize, center: MsgId) {
        while self.entries.len() > max
            && let (Some(first), Some(last)) = (self.entries.first(), self.entries.last())
        {
            let is_first_farther = center.above(first) >= last.above(center);
            let evicted = if is_first_farther {
                self.segments.remove_through(first);
                self.entries.pop_first()
            } else {
                self.segments.remove_from(last);
                self.entries.pop_last()
            };
            let Some(evicted) = evicted else {
                return;
            };
            self.wordless.remove(&evicted);
        }
    }

    /// Applies held entries to the segments that are current as of the entry before.
    fn catch_up(&mut self) {
        let outdated: Vec<Segment> = self.segments.iter().copied().collect();
        for segment in outdated {
            let from = segment.as_of.next();
            let Some(through) = self.segments.held_through(from) else {
                continue;
            };
            let through = self.applicable(from, through);
            if through < from {
                continue;
            }
            let later = self.entries.range(from..=through);
            let amendments: Vec<_> = later
                .filter(|(_, entry)| matches!(entry.body, Body::Amendment(_)))
                .map(|(msgid, entry)| (msgid, Arc::clone(entry)))
                .collect();
            let within = segment.first..=segment.last;
            for (msgid, by) in amendments {
                if let Body::Amendment(amendment) = &by.body {
                    // No server writes an edit that does not fit; the message stays as it was.
                    let _ = self.entries.amend(msgid, &by, amendment, &within);
                }
            }
            self.segments.raise(segment.first, through);
        }
        self.segments.merge();
    }
}
