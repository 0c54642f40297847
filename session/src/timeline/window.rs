//! The state of one open window.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use cairn_client::proto::ids::{MsgId, Timestamp, UserId};

use super::date::DateSearch;
use super::row::RowKey;
use super::view::WindowView;
use crate::limits;
use crate::log::Log;
use crate::model::RequestId;
use crate::outbox::LocalId;
use crate::time::plus;

/// Where a window is to be scrolled, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Grows with each anchor of the window: a view scrolls when it changes.
    pub number: u64,
    /// Where to.
    pub to: AnchorTo,
}

/// A place in the rows of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorTo {
    /// The end, following new messages.
    End,
    /// A row, or the row after it if there is none of this number.
    Row(RowKey),
}

/// A jump to a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateJump {
    /// None is in progress.
    #[default]
    Idle,
    /// Entries are being read to find the date.
    Searching,
    /// There are no messages of that day or later.
    NotFound,
}

/// The divider before the first unread message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Divider {
    /// Nothing was unread.
    None,
    /// It belongs before the first unread message after this entry, which is not held yet.
    After { read: MsgId, count: u64 },
    /// It is before this message.
    Before {
        msgid: MsgId,
        count: u64,
        /// Whether the user is away since it was placed, so that more messages are unread.
        is_growing: bool,
    },
}

impl Divider {
    /// Places the divider once everything up to the first unread message is held. It then stays
    /// there.
    pub(crate) fn advance(&mut self, log: &Log, floor: MsgId, me: UserId) {
        let Self::After { read, count } = *self else {
            return;
        };
        let from = read.max(floor);
        let mut unread = log.after(from);
        let first = unread.find(|(_, entry)| entry.was_message() && entry.sender != me);
        if let Some((msgid, _)) = first.filter(|(first, _)| log.covers(from.next(), *first)) {
            *self = Self::Before {
                msgid,
                count,
                is_growing: false,
            };
        }
    }

    /// A message arrives while the user is away. Where nothing was unread, the divider is placed
    /// before the first such message.
    pub(crate) const fn missed(&mut self, first: MsgId) {
        match self {
            Self::None => {
                *self = Self::Before {
                    msgid: first,
                    count: 1,
                    is_growing: true,
                }
            }
            Self::Before {
                count,
                is_growing: true,
                ..
            } => *count += 1,
            _ => {}
        }
    }

    /// The user is back.
    pub(crate) const fn returned(&mut self) {
        if let Self::Before { is_growing, .. } = self {
            *is_growing = false;
        }
    }

    /// The message after the divider, and how many were unread.
    pub(crate) const fn place(&self) -> Option<(MsgId, u64)> {
        match *self {
            Self::Before { msgid, count, .. } => Some((msgid, count)),
            Self::None | Self::After { .. } => None,
        }
    }
}

/// Rows that are on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) first: MsgId,
    pub(crate) last: MsgId,
    /// Whether the last row is on screen, so that the window follows new messages.
    pub(crate) is_at_end: bool,
}

/// A request for entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    /// The entry that is wanted.
    pub(crate) wanted: MsgId,
    pub(crate) is_stored: bool,
}

/// An open window.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Grows with each opening.
    pub(crate) opened: u64,
    pub(crate) divider: Divider,
    pub(crate) anchor: Anchor,
    /// The entry to show next, once it is held.
    pub(crate) target: Option<MsgId>,
    pub(crate) seen: Option<Seen>,
    /// The last message on screen, and since when.
    reading: Option<(MsgId, Timestamp)>,
    /// The user marked messages as unread: nothing is read until the window is left.
    pub(crate) is_reading_held: bool,
    pub(crate) asked: Option<Asked>,
    /// Entries that are not in the store.
    pub(crate) not_stored: BTreeSet<MsgId>,
    /// A request failed. None is made until something changes.
    pub(crate) is_blocked: bool,
    pub(crate) search: Option<DateSearch>,
    /// The time of an entry is being read for the search.
    pub(crate) is_probing: bool,
    pub(crate) date_jump: DateJump,
    pub(crate) places: Vec<AnchorTo>,
    /// Own messages whose rows moved into the log.
    pub(crate) sent_rows: VecDeque<(LocalId, MsgId)>,
    pub(crate) has_asked_receipts: bool,
    pub(crate) view: CachedView,
}

/// The view as it was read last, until something changes. A copy is empty.
#[derive(Debug, Default)]
pub(crate) struct CachedView(RefCell<Option<Arc<WindowView>>>);

impl Clone for CachedView {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl CachedView {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(None))
    }

    pub(crate) fn clear(&mut self) {
        *self.0.get_mut() = None;
    }

    pub(crate) fn read(&self, build: impl FnOnce() -> WindowView) -> Arc<WindowView> {
        let mut view = self.0.borrow_mut();
        Arc::clone(view.get_or_insert_with(|| Arc::new(build())))
    }
}

impl Window {
    pub(crate) const fn new(opened: u64, divider: Divider) -> Self {
        Self {
            opened,
            divider,
            anchor: Anchor {
                number: 0,
                to: AnchorTo::End,
            },
            target: None,
            seen: None,
            reading: None,
            is_reading_held: false,
            asked: None,
            not_stored: BTreeSet::new(),
            is_blocked: false,
            search: None,
            is_probing: false,
            date_jump: DateJump::Idle,
            places: Vec::new(),
            sent_rows: VecDeque::new(),
            has_asked_receipts: false,
            view: CachedView::new(),
        }
    }

    /// Enters the window again.
    pub(crate) fn reopen(&mut self, opened: u64, divider: Divider) {
        self.opened = opened;
        self.divider = divider;
        self.is_reading_held = false;
        self.has_asked_receipts = false;
        self.asked = None;
    }

    /// Leaves the window, which stays open.
    pub(crate) const fn lose_focus(&mut self) {
        self.reading = None;
        self.is_reading_held = false;
    }

    /// Scrolls the window. What is on screen then is not known until it is drawn.
    pub(crate) fn scroll(&mut self, to: AnchorTo) {
        self.anchor = Anchor {
            number: self.anchor.number + 1,
            to,
        };
        self.seen = None;
        self.reading = None;
    }

    /// Remembers the present place, to go back to it.
    pub(crate) fn remember(&mut self) {
        let place = match self.seen {
            Some(seen) if seen.is_at_end => AnchorTo::End,
            Some(seen) => AnchorTo::Row(RowKey::Entry(seen.first)),
            None => self.anchor.to,
        };
        if self.places.len() == limits::PLACES_MAX {
            self.places.remove(0);
        }
        self.places.push(place);
    }

    /// Notes which rows are on screen.
    pub(crate) fn see(&mut self, seen: Seen, has_attention: bool, now: Timestamp) {
        self.seen = Some(seen);
        let is_on_screen = |msgid| (seen.first..=seen.last).contains(&msgid);
        self.reading = match self.reading {
            _ if !has_attention => None,
            Some((msgid, since)) if is_on_screen(msgid) => Some((msgid, since)),
            _ => Some((seen.last, now)),
        };
    }

    /// The user came to the program, or left it.
    pub(crate) fn attend(&mut self, has_attention: bool, now: Timestamp) {
        if has_attention {
            self.divider.returned();
        }
        let last = self.seen.map(|seen| seen.last);
        self.reading = last.filter(|_| has_attention).map(|last| (last, now));
    }

    /// When a message will have been on screen long enough.
    pub(crate) fn read_at(&self) -> Option<Timestamp> {
        let (_, since) = self.reading.filter(|_| !self.is_reading_held)?;
        Some(plus(since, limits::READ_DELAY))
    }

    /// Takes the last message that was on screen long enough.
    pub(crate) fn take_read(&mut self, now: Timestamp) -> Option<MsgId> {
        if self.read_at().is_none_or(|at| now < at) {
            return None;
        }
        let (msgid, _) = self.reading.take()?;
        let last = self.seen.map(|seen| seen.last);
        self.reading = last.filter(|last| *last > msgid).map(|last| (last, now));
        Some(msgid)
    }

    /// The present key of a row.
    pub(crate) fn resolve(&self, key: RowKey) -> RowKey {
        let RowKey::Mine(id) = key else {
            return key;
        };
        let sent = self.sent_rows.iter().find(|(sent, _)| *sent == id);
        sent.map_or(key, |(_, msgid)| RowKey::Entry(*msgid))
    }

    /// Whether entries can be requested.
    pub(crate) const fn can_ask(&self) -> bool {
        self.asked.is_none() && !self.is_blocked
    }

    /// Notes that the store does not have an entry.
    pub(crate) fn note_not_stored(&mut self, msgid: MsgId) {
        if self.not_stored.len() == limits::ENTRIES_MAX {
            self.not_stored.clear();
        }
        self.not_stored.insert(msgid);
    }

    /// The entry around which entries are held.
    pub(crate) fn center(&self, head: MsgId) -> MsgId {
        match (self.target, self.seen) {
            (Some(target), _) => target,
            (None, Some(seen)) if !seen.is_at_end => seen.last,
            _ => head,
        }
    }

    pub(crate) fn settle(&mut self, rows: Vec<(LocalId, MsgId)>) {
        for row in rows {
            if self.sent_rows.len() == limits::SENT_ROWS_MAX {
                self.sent_rows.pop_front();
            }
            self.sent_rows.push_back(row);
        }
    }
}
