//! Builds the rows of a window.

use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};

use super::receipts::{Counter, Cursors};
use super::row::{MessageRow, Row, RowKey, What};
use super::system::SystemLine;
use crate::conversation::{Details, Entry};
use crate::day::{Day, Zone};
use crate::limits::GROUP_TIME;
use crate::log::Log;
use crate::outbox::Pending;
use crate::time::since;

/// What rows are built from.
pub(crate) struct Source<'a> {
    pub(crate) me: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) log: &'a Log,
    pub(crate) floor: MsgId,
    pub(crate) head: MsgId,
    pub(crate) details: Option<&'a Details>,
    pub(crate) cursors: &'a Cursors,
    /// The message after the divider, and how many messages were unread.
    pub(crate) divider: Option<(MsgId, u64)>,
    pub(crate) zone: &'a Zone,
    pub(crate) now: Timestamp,
    /// Own messages that are not in the log.
    pub(crate) pending: Vec<Pending>,
}

/// Rows in the making.
struct Builder<'a> {
    source: &'a Source<'a>,
    counter: Counter,
    today: i64,
    rows: Vec<Row>,
    last_day: Option<i64>,
    /// Sender and time of the message right above.
    above: Option<(UserId, Timestamp)>,
}

/// Builds the rows, in their order.
pub(crate) fn rows(source: &Source<'_>) -> Vec<Row> {
    let Source {
        me,
        conversation,
        details,
        cursors,
        ..
    } = *source;
    let mut builder = Builder {
        source,
        counter: Counter::new(me, conversation, details, cursors),
        today: source.zone.day_number(source.now),
        rows: Vec::with_capacity(source.log.len() + 8),
        last_day: None,
        above: None,
    };
    builder.log();
    for pending in &source.pending {
        builder.push(RowKey::Mine(pending.id), What::Mine(pending.clone()));
    }
    builder.rows
}

impl Builder<'_> {
    fn push(&mut self, key: RowKey, what: What) {
        self.rows.push(Row { key, what });
    }

    fn log(&mut self) {
        let Source {
            log, floor, head, ..
        } = *self.source;
        let mut next = floor.next();
        if head <= floor || log.contains(next) {
            self.push(RowKey::Start, What::Start);
        }
        for segment in log.segments().iter() {
            self.gap(next, segment.first.prev());
            let is_stale = segment.as_of < head;
            let entries = log.after(segment.first.prev());
            for (msgid, entry) in entries.take_while(|(msgid, _)| *msgid <= segment.last) {
                if entry.is_shown() {
                    self.entry(msgid, entry, is_stale);
                }
            }
            next = segment.last.next();
        }
        self.gap(next, head);
    }

    fn gap(&mut self, from: MsgId, to: MsgId) {
        if from <= to {
            self.push(RowKey::Gap(from), What::Gap { from, to });
            self.above = None;
        }
    }

    fn entry(&mut self, msgid: MsgId, entry: &Arc<Entry>, is_stale: bool) {
        let day = self.source.zone.day_number(entry.sent_at);
        // Times of imported messages may go back; a day begins once.
        if self.last_day.is_none_or(|last| day > last) {
            let what = What::Day(Day::relative(day, self.today));
            self.push(RowKey::Day(day), what);
            self.last_day = Some(day);
            self.above = None;
        }
        if let Some((first, count)) = self.source.divider
            && first == msgid
        {
            self.push(RowKey::Unread, What::Unread { count });
            self.above = None;
        }
        let what = match SystemLine::of(entry) {
            Some(line) => {
                self.above = None;
                let (by, at) = (entry.sender, entry.sent_at);
                What::System { by, at, line }
            }
            None => What::Message(self.message(msgid, entry, is_stale)),
        };
        self.push(RowKey::Entry(msgid), what);
    }

    fn message(&mut self, msgid: MsgId, entry: &Arc<Entry>, is_stale: bool) -> MessageRow {
        let Source { me, details, .. } = *self.source;
        let (sender, sent_at) = (entry.sender, entry.sent_at);
        let is_continued = self.above.is_some_and(|(above, at)| {
            above == sender && sent_at >= at && since(at, sent_at) < GROUP_TIME
        });
        self.above = Some((sender, sent_at));
        let is_mine = sender == me;
        MessageRow {
            msgid,
            entry: Arc::clone(entry),
            is_mine,
            is_continued,
            sent: (is_mine && entry.body.is_message()).then(|| self.counter.state(msgid)),
            is_pinned: details.is_some_and(|details| details.pins.contains(&msgid)),
            is_mention: entry.mentions_user(me),
            is_stale,
        }
    }
}
