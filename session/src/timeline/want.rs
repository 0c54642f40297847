//! What a window lacks.

use cairn_client::proto::ids::MsgId;
use cairn_client::proto::wire::request::session::PullRange;

use super::window::Window;
use crate::limits::{PAGE_ENTRIES, PREFETCH_ENTRIES};
use crate::log::Log;

/// Entries to request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    /// The entry that is wanted most.
    pub(crate) wanted: MsgId,
    pub(crate) range: PullRange,
    pub(crate) limit: u32,
    /// Whether it is not held, as opposed to out of date.
    pub(crate) is_missing: bool,
}

/// A part of a log, and what is held of it.
#[derive(Clone, Copy)]
struct Part<'a> {
    log: &'a Log,
    floor: MsgId,
    head: MsgId,
}

impl Window {
    /// Returns what the window lacks, the most urgent first: what it is to show next, what is on
    /// screen, what is there but may be out of date, and what is around it.
    pub(crate) fn wants(&self, log: &Log, floor: MsgId, head: MsgId) -> Vec<Want> {
        if head <= floor {
            return Vec::new();
        }
        let part = Part { log, floor, head };
        let target = self.target.filter(|target| !log.contains(*target));
        let target = target.and_then(|target| part.around(target));
        let (first, last) = match self.seen {
            Some(seen) => (seen.first, seen.last),
            None => self.target.map_or((head, head), |target| (target, target)),
        };
        let bounds = |msgid: MsgId| msgid.clamp(floor.next(), head.max(floor.next()));
        let (first, last) = (bounds(first), bounds(last));
        let before = MsgId::new(first.get().saturating_sub(PREFETCH_ENTRIES));
        let around = [
            part.missing_before(last, first),
            // What was recalled meanwhile must not stay readable.
            part.outdated(first, last),
            part.missing_before(first, bounds(before)),
            part.missing_from(last, bounds(last.plus(PREFETCH_ENTRIES))),
        ];
        let around = around.into_iter().flatten();
        target.into_iter().chain(around).collect()
    }
}

impl Part<'_> {
    /// A page with some entries before `msgid`.
    fn around(self, msgid: MsgId) -> Option<Want> {
        let before = u64::from(PAGE_ENTRIES / 3);
        let first = msgid.get().saturating_sub(before);
        let first = MsgId::new(first).max(self.floor.next());
        // Answers are bounded in bytes: one from `first` on may have ended before `msgid`.
        let first = if self.log.contains(first) {
            msgid
        } else {
            first
        };
        (msgid > self.floor && msgid <= self.head).then_some(Want {
            wanted: msgid,
            range: PullRange::From(first),
            limit: PAGE_ENTRIES,
            is_missing: true,
        })
    }

    /// The last entry up to `from` that is not held, if it is not below `to`.
    fn missing_before(self, from: MsgId, to: MsgId) -> Option<Want> {
        let segments = self.log.segments();
        let missing = match segments.held_since(from) {
            Some(first) => first.prev(),
            None => from,
        };
        if missing < to || missing <= self.floor {
            return None;
        }
        let held = segments.iter().rev().find(|held| held.last < missing);
        let below = held.map_or(self.floor, |held| held.last.max(self.floor));
        Some(Want {
            wanted: missing,
            range: PullRange::Before(missing.next()),
            limit: limit(missing.above(below)),
            is_missing: true,
        })
    }

    /// The first entry from `from` on that is not held, if it is not above `to`.
    fn missing_from(self, from: MsgId, to: MsgId) -> Option<Want> {
        let segments = self.log.segments();
        let missing = match segments.held_through(from) {
            Some(last) => last.next(),
            None => from,
        };
        if missing > to || missing > self.head {
            return None;
        }
        let held = segments.iter().find(|held| held.first > missing);
        let above = held.map_or(self.head, |held| held.first.prev());
        Some(Want {
            wanted: missing,
            range: PullRange::From(missing),
            limit: limit(above.above(missing.prev())),
            is_missing: true,
        })
    }

    /// The first entries on screen that may be out of date.
    fn outdated(self, first: MsgId, last: MsgId) -> Option<Want> {
        let mut segments = self.log.segments().iter();
        let outdated = segments
            .find(|held| held.as_of < self.head && held.first <= last && held.last >= first)?;
        // Reading the few entries since then brings it up to date as well.
        let since = outdated.as_of.next();
        if self.head.above(outdated.as_of) <= u64::from(PAGE_ENTRIES) && !self.log.contains(since) {
            return self.missing_from(since, self.head);
        }
        let wanted = outdated.first.max(first);
        let until = outdated.last.min(last.plus(PREFETCH_ENTRIES));
        Some(Want {
            wanted,
            range: PullRange::From(wanted),
            limit: limit(until.above(wanted.prev())),
            is_missing: false,
        })
    }
}

fn limit(entries: u64) -> u32 {
    u32::try_from(entries).map_or(PAGE_ENTRIES, |entries| entries.min(PAGE_ENTRIES))
}
