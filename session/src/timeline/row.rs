//! Rows of a timeline.

use std::sync::Arc;

use cairn_client::proto::ids::{MsgId, Timestamp, UserId};

use super::system::SystemLine;
use crate::conversation::Entry;
use crate::day::Day;
use crate::outbox::{LocalId, Pending, SendState};

/// Identifies a row while its window is open, however many rows are loaded, edited or evicted.
///
/// A [`RowKey::Mine`] stays valid after the message is in the log, where its row has the key
/// [`RowKey::Entry`]; see [`WindowView::find`](crate::WindowView::find).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// The beginning.
    Start,
    /// The first row of a local day, by its number from 1970-01-01.
    Day(i64),
    /// The divider before the first unread message.
    Unread,
    /// An entry of the log.
    Entry(MsgId),
    /// Missing entries, by the first of them.
    Gap(MsgId),
    /// An own message that is not in the log yet.
    Mine(LocalId),
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub key: RowKey,
    /// What it shows.
    pub what: What,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Nothing older exists for the user.
    Start,
    /// A day begins.
    Day(Day),
    /// Unread messages follow.
    Unread {
        /// How many there were when the window was opened.
        count: u64,
    },
    /// A message, or the tombstone of one.
    Message(MessageRow),
    /// A change of the conversation.
    System {
        /// Who made it.
        by: UserId,
        /// When.
        at: Timestamp,
        /// The change.
        line: SystemLine,
    },
    /// Entries that are not held.
    Gap {
        /// The first one.
        from: MsgId,
        /// The last one.
        to: MsgId,
    },
    /// An own message that is not in the log yet.
    Mine(Pending),
}

/// A message in a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its number.
    pub msgid: MsgId,
    /// Its content, as it reads now.
    pub entry: Arc<Entry>,
    /// Whether the user sent it.
    pub is_mine: bool,
    /// Whether the row before is a message of the same sender, sent shortly before.
    pub is_continued: bool,
    /// How far an own message got.
    pub sent: Option<SendState>,
    /// Whether it is pinned.
    pub is_pinned: bool,
    /// Whether it mentions the user.
    pub is_mention: bool,
    /// Whether later edits and recalls may be missing. It is requested again while it is on screen.
    pub is_stale: bool,
}
