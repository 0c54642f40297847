//! A part: the scan of one conversation, from its newest entry to its oldest.

use std::collections::VecDeque;

use cairn_proto::content::message::peek_entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_store::timeline::history::{History, HistoryError};

use crate::history::Window;

/// Before anything is known of an entry.
pub(super) const END_OF_TIME: Timestamp = Timestamp::new(u64::MAX);

/// What a search knows of a conversation besides its entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Extent {
    /// Messages of others above it are unread.
    pub(super) unread_above: MsgId,
    pub(super) pins: Vec<MsgId>,
}

/// Looks at entries.
pub(super) trait Look {
    /// Called before the entries of a chunk, with all their bytes if they are as they were stored
    /// and visible.
    fn begin(&mut self, packed: Option<&[u8]>);

    /// Returns whether this packed entry is a hit. Called once for each visible entry, as it is
    /// now.
    fn look(&mut self, part: &Place<'_>, msgid: MsgId, entry: &[u8]) -> bool;
}

/// The conversation of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) conversation: ConversationId,
    pub(super) extent: &'a Extent,
}

#[derive(Debug)]
pub(super) struct Part {
    window: Window,
    extent: Extent,
    /// Everything from here on was read.
    before: MsgId,
    /// No unread entry is later, unless it was imported.
    bound: Timestamp,
    has_begun: bool,
    /// The time of the entry at the head, once it was read.
    newest: Option<Timestamp>,
    /// Hits that were not taken, the newest first.
    hits: VecDeque<(MsgId, Timestamp)>,
}

impl Part {
    /// Creates a part that begins with the newest entry, whose time may be known.
    pub(super) fn new(window: Window, extent: Extent, newest: Option<Timestamp>) -> Self {
        Self {
            before: window.head.next(),
            window,
            extent,
            bound: newest.unwrap_or(END_OF_TIME),
            has_begun: false,
            newest: None,
            hits: VecDeque::new(),
        }
    }

    /// Continues where an earlier scan stopped.
    pub(super) fn resume(&mut self, before: MsgId, reached: Timestamp) {
        self.before = before.min(self.window.head.next());
        self.bound = reached;
        self.has_begun = true;
    }

    pub(super) fn conversation(&self) -> ConversationId {
        self.window.timeline.conversation()
    }

    pub(super) const fn extent(&self) -> &Extent {
        &self.extent
    }

    pub(super) const fn bound(&self) -> Timestamp {
        self.bound
    }

    /// Returns the head and its time, if this scan has read it.
    pub(super) fn newest(&self) -> Option<(MsgId, Timestamp)> {
        Some((self.window.head, self.newest?))
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Returns whether there are entries to read.
    pub(super) fn has_more(&self) -> bool {
        self.before.prev() > self.window.floor
    }

    /// Returns the newest hit that was not taken.
    pub(super) fn next_hit(&self) -> Option<(MsgId, Timestamp)> {
        self.hits.front().copied()
    }

    pub(super) fn take_hit(&mut self) -> Option<MsgId> {
        self.hits.pop_front().map(|(msgid, _)| msgid)
    }

    /// Where a later scan continues.
    pub(super) fn place(&self) -> MsgId {
        self.next_hit()
            .map_or(self.before, |(msgid, _)| msgid.next())
    }

    /// Reads the next block.
    pub(super) fn read(
        &mut self,
        history: &History,
        look: &mut dyn Look,
    ) -> Result<(), HistoryError> {
        self.has_begun = true;
        let Window {
            timeline, floor, ..
        } = &self.window;
        let Some(chunk) = history.chunk_before(timeline, self.before, *floor)? else {
            self.before = floor.next();
            return Ok(());
        };
        let place = Place {
            conversation: timeline.conversation(),
            extent: &self.extent,
        };
        let is_first = self.before == self.window.head.next();
        let newest = chunk.newest_first().next().filter(|_| is_first);
        let newest = newest.and_then(|(_, entry)| peek_entry(entry).ok());
        self.newest = newest.map(|head| head.sent_at).or(self.newest);
        // What is hidden decides nothing, not even how long it takes.
        let is_visible = self.window.shows(chunk.first());
        look.begin(chunk.as_stored().filter(|_| is_visible));
        for (msgid, entry) in chunk.newest_first() {
            if self.window.shows(msgid)
                && look.look(&place, msgid, entry)
                && let Ok(head) = peek_entry(entry)
            {
                self.hits.push_back((msgid, head.sent_at));
            }
        }
        let oldest = chunk.oldest().and_then(|entry| peek_entry(entry).ok());
        self.bound = oldest.map_or(self.bound, |head| head.sent_at.min(self.bound));
        self.before = chunk.first();
        Ok(())
    }
}
