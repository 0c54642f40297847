//! How many unread messages mention the user.
//!
//! The server does not count a mention by a user whom the mentioned one had blocked when it was
//! made, and no entry of the log says so. It states the count whenever it leaves one out. Entries
//! and statements travel on different streams, so a statement may come long before or after the
//! entry that it is about.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{MsgId, UserId};
use cairn_client::proto::model::conversation::Conversation as Summary;

use super::Entry;
use crate::limits::NAMED_MAX;

/// What the server says: so many of the messages above `base` mention the user, as of `head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) base: MsgId,
    pub(crate) head: MsgId,
    pub(crate) mentions: u64,
}

/// The mentions of the user in one conversation: a statement of the server, and what the log says
/// after it.
#[derive(Clone, Debug)]
pub(crate) struct Mentions {
    me: UserId,
    named: BTreeMap<MsgId, Named>,
    /// All messages above this one that name the user are in `named`,
    after: MsgId,
    /// up to this one.
    through: MsgId,
    /// The last statement, for the present base, without the mentions that ended since.
    stated: Statement,
    /// Whether `stated` is certain.
    is_known: bool,
    /// The head in the last statement of the server.
    stated_head: MsgId,
    /// A statement as of one of these entries cannot be compared with `named`: mentions that it
    /// may have counted ended before it came.
    unclear: Range<MsgId>,
}

/// A message of another user that names this one.
#[derive(Clone, Copy, Debug)]
struct Named {
    naming: Naming,
    /// The entry that named the user, or a later one up to which this is unknown.
    since: MsgId,
    /// What a statement said, if it was clear.
    counts: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    ByName,
    WithAll,
    /// It came as a recalled message. The recall is still to come in the log.
    Unknown,
}

impl Statement {
    /// The statement in a summary. `base` is the entry above which it counts.
    pub(crate) const fn new(summary: &Summary, base: MsgId) -> Self {
        Self {
            base,
            head: summary.head,
            mentions: summary.mentions,
        }
    }
}

impl Mentions {
    /// Begins with a statement. The log follows from the entry after `through`.
    pub(crate) const fn new(me: UserId, stated: Statement, through: MsgId) -> Self {
        Self {
            me,
            named: BTreeMap::new(),
            after: through,
            through,
            stated,
            is_known: true,
            stated_head: stated.head,
            unclear: MsgId::ZERO..MsgId::ZERO,
        }
    }

    /// Returns whether the count is certain. If not, a new statement is needed.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known && self.after <= self.stated.head.max(self.stated.base)
    }

    /// The messages above the base that mention the user; if that is unknown, those that certainly
    /// do.
    pub(crate) fn count(&self) -> u64 {
        let later = self.unread().filter(|named| self.is_later(named));
        let later = later.count() as u64;
        if self.is_known {
            return self.stated.mentions + later;
        }
        let certain = self.unread().filter(|named| named.counts == Some(true));
        certain.count() as u64 + later
    }

    /// Takes a statement of the server. Each is more recent than the one before.
    pub(crate) fn state(&mut self, statement: Statement) {
        if statement.head < self.stated_head {
            // The server was restored from a backup.
            *self = Self::new(self.me, statement, statement.head);
            return;
        }
        self.stated_head = statement.head;
        // Entries that were dropped from `named` cannot be counted after it.
        let is_outdated = statement.head < self.stated.head && self.after > statement.head;
        if self.unclear.contains(&statement.head) || is_outdated {
            self.is_known = false;
            return;
        }
        if statement.head >= self.unclear.end {
            self.unclear = MsgId::ZERO..MsgId::ZERO;
        }
        self.stated = statement;
        self.is_known = true;
        self.settle();
    }

    /// Counts the messages above `base`. Returns false if some of them count only because no
    /// statement has said otherwise.
    pub(crate) fn move_to(&mut self, base: MsgId) -> bool {
        let head = self.stated_head.max(self.stated.head);
        if base >= head {
            self.is_known = true;
            self.stated = Statement {
                base,
                head,
                mentions: 0,
            };
            return true;
        }
        let before = std::mem::replace(&mut self.stated.base, base);
        if base >= before {
            self.leave_behind(before);
            return true;
        }
        let added = || self.stated_in(base, before);
        let mentions = added().filter(|named| named.counts != Some(false)).count() as u64;
        let is_certain = added().all(|named| named.counts.is_some());
        self.is_known &= self.after <= base;
        self.stated.mentions += mentions;
        is_certain
    }

    /// Forgets the messages up to `through`: they are not held any longer.
    pub(crate) fn forget(&mut self, through: MsgId) {
        if through > self.after {
            self.named = self.named.split_off(&through.next());
            self.after = through;
            self.through = self.through.max(through);
        }
    }

    /// Follows the log by one entry. Entries that are missing before it are those of the last
    /// statement, or make the count unknown.
    pub(crate) fn follow(&mut self, message: &Message) {
        let at = message.msgid;
        if at <= self.through {
            return;
        }
        if at > self.through.next() {
            self.after = at.prev();
        }
        self.through = at;
        let is_mine = message.sender == self.me;
        match &message.body {
            Body::Amendment(Amendment::Edited { msgid, text }) if !is_mine => match text {
                Some(_) => self.change(at, *msgid, self.naming(&message.extras)),
                // A later edit has replaced it, which says nothing of the time in between.
                None => self.blur(*msgid, at),
            },
            Body::Amendment(Amendment::Recalled { msgid }) => self.change(at, *msgid, None),
            Body::Recalled { .. } if !is_mine => self.insert(at, Naming::Unknown, at),
            body if body.is_message() && !is_mine => {
                let edited = message.extras.edited().map_or(at, |(_, edit)| edit);
                if let Some(naming) = self.naming(&message.extras) {
                    self.insert(at, naming, edited);
                }
                self.blur(at, edited);
            }
            _ => {}
        }
        if at == self.stated.head {
            self.settle();
        }
    }

    /// Returns whether all entries above `after`, up to `through`, were followed or held.
    pub(crate) fn has_all(&self, after: MsgId, through: MsgId) -> bool {
        self.after <= after && self.through >= through
    }

    /// Takes all entries above `after`, up to `through`, as they are now.
    pub(crate) fn hold<'a>(
        &mut self,
        after: MsgId,
        through: MsgId,
        entries: impl Iterator<Item = (MsgId, &'a Entry)>,
    ) {
        let mut held: BTreeMap<MsgId, (Option<Naming>, MsgId)> = BTreeMap::new();
        for (msgid, entry) in entries {
            match &entry.body {
                Body::Amendment(
                    Amendment::Edited { msgid: of, .. } | Amendment::Recalled { msgid: of },
                ) => {
                    if let Some((_, changed)) = held.get_mut(of) {
                        *changed = msgid.max(*changed);
                    }
                }
                _ if entry.was_message() && entry.sender != self.me => {
                    let edited = entry.edited.map_or(msgid, |edited| edited.entry);
                    held.insert(msgid, (self.naming_of(entry), edited));
                }
                _ => {}
            }
        }
        let followed = self.after.next()..=self.through;
        for (msgid, (naming, changed)) in held {
            if followed.contains(&msgid) && followed.contains(&changed) {
                continue;
            }
            self.blur(msgid, changed);
            self.named.remove(&msgid);
            if let Some(naming) = naming {
                self.insert(msgid, naming, changed);
            }
        }
        if self.through < after {
            self.named = self.named.split_off(&after.next());
            self.after = after;
        }
        self.after = self.after.min(after);
        self.through = self.through.max(through);
        self.settle();
    }

    fn naming(&self, extras: &Extras) -> Option<Naming> {
        let by_name = || extras.mentioned().any(|user| user == self.me);
        Naming::new(extras.mentions_all(), by_name)
    }

    fn naming_of(&self, entry: &Entry) -> Option<Naming> {
        let by_name = || entry.mentions.contains(&self.me);
        Naming::new(entry.mentions_all, by_name).filter(|_| entry.body.is_message())
    }

    /// The messages that name the user, above the base.
    fn unread(&self) -> impl Iterator<Item = &Named> {
        let unread = self.named.range(self.stated.base.next()..);
        unread.map(|(_, named)| named)
    }

    /// The messages in a range that named the user as of the statement.
    fn stated_in(&self, after: MsgId, through: MsgId) -> impl Iterator<Item = &Named> {
        let named = self.named.range(after.next()..);
        let named = named.take_while(move |(msgid, _)| **msgid <= through);
        let named = named.map(|(_, named)| named);
        named.filter(|named| named.since <= self.stated.head)
    }

    fn is_later(&self, named: &Named) -> bool {
        named.since > self.stated.head && named.naming != Naming::Unknown
    }

    /// The base moved up from `before`, to a place below the head of the statement.
    fn leave_behind(&mut self, before: MsgId) {
        let Statement { base, head, .. } = self.stated;
        if !self.is_known || base == before || self.stated.mentions == 0 {
            return;
        }
        let clear = |named: &Named| named.counts.is_some();
        let counting = |named: &&Named| named.counts == Some(true);
        let passed = || self.stated_in(before, base);
        let rest = || self.stated_in(base, head);
        let left = if self.after <= before && self.through >= base && passed().all(clear) {
            let passed = passed().filter(counting).count() as u64;
            Some(self.stated.mentions.saturating_sub(passed))
        } else if self.after <= base && self.through >= head && rest().all(clear) {
            Some(rest().filter(counting).count() as u64)
        } else {
            None
        };
        self.is_known = left.is_some();
        self.stated.mentions = left.unwrap_or_default();
    }

    /// Compares the statement with the messages that it counts, if all of them are there.
    fn settle(&mut self) {
        let Statement {
            base,
            head,
            mentions,
        } = self.stated;
        if !self.is_known || self.after > base || self.through < head || base >= head {
            return;
        }
        let stated = || self.stated_in(base, head);
        if stated().any(|named| named.naming == Naming::Unknown) {
            return;
        }
        let with = |counts| stated().filter(|named| named.counts == counts).count() as u64;
        let (certain, open, all) = (with(Some(true)), with(None), stated().count() as u64);
        let is_possible = (certain..=certain + open).contains(&mentions);
        let (certain, open) = if is_possible {
            (certain, open)
        } else {
            // What earlier statements seemed to say was wrong.
            (0, all)
        };
        let verdict = if mentions == certain + open {
            Some(true)
        } else {
            (mentions == certain).then_some(false)
        };
        for (_, named) in self.named.range_mut(base.next()..=head) {
            if named.since <= head && (named.counts.is_none() || !is_possible) {
                named.counts = verdict;
            }
        }
    }

    /// Entry `at` changes whether and how a message names the user.
    fn change(&mut self, at: MsgId, of: MsgId, naming: Option<Naming>) {
        let before = self.named.get(&of).copied();
        match before {
            // The message came as it was later.
            Some(before) if before.since >= at => return,
            Some(before) if Some(before.naming) == naming => return,
            Some(before) => self.end(of, before, at),
            None if of <= self.after => self.blur(of, at),
            None => {}
        }
        if let Some(naming) = naming {
            self.insert(of, naming, at);
        }
    }

    fn end(&mut self, of: MsgId, before: Named, at: MsgId) {
        self.named.remove(&of);
        self.note_unclear(before.since, at);
        let Statement {
            base,
            head,
            mentions,
        } = self.stated;
        if of > base && before.since <= head && at > head {
            match before.counts {
                Some(true) => self.stated.mentions = mentions.saturating_sub(1),
                Some(false) => {}
                None => self.is_known &= mentions == 0,
            }
        }
    }

    /// Whether a message named the user is unknown between itself and entry `at`.
    fn blur(&mut self, of: MsgId, at: MsgId) {
        if of >= at {
            return;
        }
        self.note_unclear(of, at);
        let Statement { base, head, .. } = self.stated;
        if of > base && (of..at).contains(&head) {
            self.is_known = false;
        }
    }

    fn note_unclear(&mut self, from: MsgId, to: MsgId) {
        if from >= to {
            return;
        }
        self.unclear = if self.unclear.is_empty() {
            from..to
        } else {
            from.min(self.unclear.start)..to.max(self.unclear.end)
        };
    }

    fn insert(&mut self, msgid: MsgId, naming: Naming, since: MsgId) {
        let named = Named {
            naming,
            since,
            counts: None,
        };
        self.named.insert(msgid, named);
        if self.named.len() > NAMED_MAX {
            self.fold();
        }
    }

    /// Drops the older half of the messages: as of the last entry, they are only counted.
    fn fold(&mut self) {
        let mentions = self.count();
        self.is_known = self.is_known();
        self.stated.mentions = mentions;
        self.stated.head = self.stated.head.max(self.through);
        if let Some((&half, _)) = self.named.iter().nth(self.named.len() / 2) {
            self.forget(half);
        }
    }
}

impl Naming {
    fn new(all: bool, by_name: impl FnOnce() -> bool) -> Option<Self> {
        if all {
            Some(Self::WithAll)
        } else {
            by_name().then_some(Self::ByName)
        }
    }
}
