//! The four plain schemes: a copy of each message per member, for all or only offline ones; or one
//! body, with its id or a cursor per member.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use sled::IVec;

use super::rows::{Row, Rows};
use super::scheme::{Closed, Group, Kind, Pulled, Scheme};
use crate::error::Result;
use crate::storage::limits::SCHEME_PAGE_MESSAGES;
use crate::storage::sled_rows::damaged;

const LAST: MsgId = MsgId::new(u64::MAX);

pub(super) struct Plain {
    kind: Kind,
    rows: Rows,
    head: MsgId,
    inboxes: Vec<UserId>,
    /// Bodies up to here are deleted. Only used with cursors, like the next two fields.
    floor: MsgId,
    cursors: HashMap<UserId, MsgId>,
    /// The cursors in order, to find the lowest.
    ordered: BTreeSet<(MsgId, UserId)>,
}

impl Plain {
    pub(super) fn open(dir: &Path, kind: Kind, group: Group) -> Result<Self> {
        let rows = Rows::open(dir)?;
        let head = rows.msgid(Row::Head)?;
        let inboxes = match kind {
            Kind::OfflineCopies => group.offline().collect(),
            Kind::MemberCopies | Kind::BodyAndIds => group.members().collect(),
            Kind::BodyAndCursors | Kind::Cairn => Vec::new(),
        };
        let (mut floor, mut cursors) = (head, HashMap::new());
        if kind == Kind::BodyAndCursors {
            // A crash may leave bodies below the lowest cursor.
            let bodies = rows.range(Row::Body(MsgId::ZERO), Row::Body(LAST), 1)?;
            floor = bodies.first().map_or(head, |(first, _)| first.prev());
            for member in group.members() {
                cursors.insert(member, rows.msgid(Row::Cursor(member))?);
            }
        }
        Ok(Self {
            kind,
            rows,
            head,
            inboxes,
            floor,
            ordered: cursors.iter().map(|(&user, &at)| (at, user)).collect(),
            cursors,
        })
    }

    fn cursor(&self, member: UserId) -> MsgId {
        self.cursors.get(&member).copied().unwrap_or_default()
    }

    /// Decrements the number of members waiting for a message, and deletes it with the last one.
    fn release_body(&mut self, msgid: MsgId) -> Result<()> {
        let count = self.rows.get(Row::Waiting(msgid))?.ok_or_else(damaged)?;
        match u32::from_be_bytes(*count.first_chunk().ok_or_else(damaged)?) {
            0 | 1 => {
                self.rows.delete(Row::Waiting(msgid));
                self.rows.delete(Row::Body(msgid));
            }
            count => {
                let left = (count - 1).to_be_bytes();
                self.rows.put(Row::Waiting(msgid), &left);
            }
        }
        Ok(())
    }

    fn ack_cursor(&mut self, member: UserId, through: MsgId) -> Result<()> {
        let (before, through) = (self.cursor(member), through.min(self.head));
        if through <= before {
            return Ok(());
        }
        let cursor = through.get().to_be_bytes();
        self.rows.put(Row::Cursor(member), &cursor);
        self.rows.complete()?;
        self.cursors.insert(member, through);
        self.ordered.remove(&(before, member));
        self.ordered.insert((through, member));
        let lowest = self.ordered.first().map_or(MsgId::ZERO, |first| first.0);
        while self.floor < lowest {
            self.floor = self.floor.next();
            self.rows.delete(Row::Body(self.floor));
            self.rows.complete()?;
        }
        Ok(())
    }
}

impl Scheme for Plain {
    fn send(&mut self, text: &Text) -> Result<MsgId> {
        self.head = self.head.next();
        let text = IVec::from(text.as_str());
        let inbox_row = match self.kind {
            Kind::OfflineCopies | Kind::MemberCopies => text,
            Kind::BodyAndIds | Kind::BodyAndCursors | Kind::Cairn => {
                self.rows.put(Row::Body(self.head), text);
                IVec::default()
            }
        };
        if self.kind == Kind::BodyAndIds {
            // Separate from the body, so that an ack does not rewrite the body.
            let count = self.inboxes.len() as u32;
            self.rows.put(Row::Waiting(self.head), &count.to_be_bytes());
        }
        for &member in &self.inboxes {
            let row = Row::Inbox(member, self.head);
            self.rows.put(row, inbox_row.clone());
        }
        self.rows.put(Row::Head, &self.head.get().to_be_bytes());
        self.rows.complete()?;
        Ok(self.head)
    }

    fn commit(&mut self) -> Result<()> {
        self.rows.commit()
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>> {
        let (first, last) = match self.kind {
            Kind::BodyAndCursors => {
                let after = after.max(self.cursor(member));
                (Row::Body(after.next()), Row::Body(LAST))
            }
            _ => (Row::Inbox(member, after.next()), Row::Inbox(member, LAST)),
        };
        let pulled = |(msgid, row): (MsgId, IVec)| {
            let text = match self.kind {
                Kind::BodyAndIds => self.rows.get(Row::Body(msgid))?.ok_or_else(damaged)?,
                _ => row,
            };
            let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
            Ok((msgid, Text::new(text)?))
        };
        let rows = self.rows.range(first, last, SCHEME_PAGE_MESSAGES)?;
        rows.into_iter().map(pulled).collect()
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<()> {
        if self.kind == Kind::BodyAndCursors {
            return self.ack_cursor(member, through);
        }
        let (first, last) = (Row::Inbox(member, MsgId::ZERO), Row::Inbox(member, through));
        for (msgid, _) in self.rows.range(first, last, usize::MAX)? {
            if self.kind == Kind::BodyAndIds {
                self.release_body(msgid)?;
            }
            self.rows.delete(Row::Inbox(member, msgid));
        }
        self.rows.complete()
    }

    fn close(self: Box<Self>) -> Result<Closed> {
        self.rows.close()
    }
}
