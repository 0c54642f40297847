//! The four plain schemes: a copy of each message for some or all members; or the body once, with
//! its id or a cursor for each member.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use sled::IVec;

use super::rows::{self, Rows};
use super::scheme::{Closed, Group, Kind, Pulled, Scheme};
use crate::error::BenchError;
use crate::storage::limits::SCHEME_PAGE_MESSAGES;
use crate::storage::sled_rows::damaged;

#[derive(Debug)]
pub(super) struct Plain {
    kind: Kind,
    rows: Rows,
    head: MsgId,
    /// Who has an inbox.
    inboxes: Vec<UserId>,
    cursors: Cursors,
}

/// Empty unless the scheme has cursors.
#[derive(Debug, Default)]
struct Cursors {
    /// Everything up to here is deleted.
    floor: MsgId,
    positions: HashMap<UserId, MsgId>,
    /// How many cursors are at each position, so that the lowest is found at once.
    counts: BTreeMap<MsgId, u32>,
}

impl Cursors {
    fn read(rows: &Rows, head: MsgId, group: Group) -> Result<Self, BenchError> {
        // A crash may have left bodies below the lowest cursor.
        let first = rows.range(rows::bodies_after(MsgId::ZERO), 1)?;
        let floor = first
            .first()
            .map_or(Ok(head), |(key, _)| rows::msgid(key).map(MsgId::prev))?;
        let mut cursors = Self {
            floor,
            ..Self::default()
        };
        for member in group.members() {
            let position = rows.msgid(&rows::cursor(member))?;
            cursors.positions.insert(member, position);
            *cursors.counts.entry(position).or_default() += 1;
        }
        Ok(cursors)
    }

    fn position(&self, member: UserId) -> MsgId {
        self.positions.get(&member).copied().unwrap_or_default()
    }

    /// Moves a cursor. Returns the lowest of all.
    fn advance(&mut self, member: UserId, through: MsgId) -> MsgId {
        let before = self.positions.insert(member, through).unwrap_or_default();
        *self.counts.entry(through).or_default() += 1;
        if let Some(count) = self.counts.get_mut(&before) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&before);
            }
        }
        let lowest = self.counts.first_key_value();
        lowest.map_or(MsgId::ZERO, |(&lowest, _)| lowest)
    }
}

impl Plain {
    pub(super) fn open(dir: &Path, kind: Kind, group: Group) -> Result<Self, BenchError> {
        let rows = Rows::open(dir)?;
        let head = rows.msgid(&rows::head())?;
        let (inboxes, cursors) = match kind {
            Kind::OfflineCopies => (group.offline().collect(), Cursors::default()),
            Kind::MemberCopies | Kind::BodyAndIds => {
                (group.members().collect(), Cursors::default())
            }
            Kind::BodyAndCursors | Kind::Cairn => (Vec::new(), Cursors::read(&rows, head, group)?),
        };
        Ok(Self {
            kind,
            rows,
            head,
            inboxes,
            cursors,
        })
    }

    /// Decrements the count of members who wait for a message, and deletes it with the last one.
    fn release_body(&mut self, msgid: MsgId) -> Result<(), BenchError> {
        let key = rows::waiting(msgid);
        let value = self.rows.get(&key)?.ok_or_else(damaged)?;
        match u32::from_be_bytes(*value.first_chunk().ok_or_else(damaged)?) {
            0 | 1 => {
                self.rows.delete(key);
                self.rows.delete(rows::body(msgid));
            }
            count => self.rows.put(key, IVec::from(&(count - 1).to_be_bytes())),
        }
        Ok(())
    }

    fn ack_cursor(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError> {
        let through = through.min(self.head);
        if through <= self.cursors.position(member) {
            return Ok(());
        }
        self.rows.put(rows::cursor(member), rows::value(through));
        self.rows.complete()?;
        let lowest = self.cursors.advance(member, through);
        while self.cursors.floor < lowest {
            self.cursors.floor = self.cursors.floor.next();
            self.rows.delete(rows::body(self.cursors.floor));
            self.rows.complete()?;
        }
        Ok(())
    }
}

impl Scheme for Plain {
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError> {
        self.head = self.head.next();
        let text = IVec::from(text.as_str());
        let inbox_row = match self.kind {
            Kind::OfflineCopies | Kind::MemberCopies => text,
            Kind::BodyAndIds | Kind::BodyAndCursors | Kind::Cairn => {
                self.rows.put(rows::body(self.head), text);
                IVec::default()
            }
        };
        if self.kind == Kind::BodyAndIds {
            // Apart from the body, so that an ack need not write the body again.
            let count = IVec::from(&(self.inboxes.len() as u32).to_be_bytes());
            self.rows.put(rows::waiting(self.head), count);
        }
        for &member in &self.inboxes {
            let key = rows::inbox(member, self.head);
            self.rows.put(key, inbox_row.clone());
        }
        self.rows.put(rows::head(), rows::value(self.head));
        self.rows.complete()?;
        Ok(self.head)
    }

    fn commit(&mut self) -> Result<(), BenchError> {
        self.rows.commit()
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError> {
        let keys = match self.kind {
            Kind::BodyAndCursors => rows::bodies_after(after.max(self.cursors.position(member))),
            _ => rows::inbox_after(member, after),
        };
        let pulled = |(key, row): (IVec, IVec)| {
            let msgid = rows::msgid(&key)?;
            let text = match self.kind {
                Kind::BodyAndIds => self.rows.get(&rows::body(msgid))?.ok_or_else(damaged)?,
                _ => row,
            };
            let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
            Ok(Pulled {
                msgid,
                text: Text::new(text)?,
            })
        };
        let rows = self.rows.range(keys, SCHEME_PAGE_MESSAGES)?;
        rows.into_iter().map(pulled).collect()
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError> {
        if self.kind == Kind::BodyAndCursors {
            return self.ack_cursor(member, through);
        }
        let keys = rows::inbox_through(member, through);
        for (key, _) in self.rows.range(keys, usize::MAX)? {
            if self.kind == Kind::BodyAndIds {
                self.release_body(rows::msgid(&key)?)?;
            }
            self.rows.delete(key);
        }
        self.rows.complete()
    }

    fn close(self: Box<Self>) -> Result<Closed, BenchError> {
        self.rows.close()
    }
}
