//! The fourth scheme: each message once, and a cursor for each member. What all cursors have passed goes.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use sled::IVec;

use super::keys;
use super::rows::{Rows, RowsError};
use super::scheme::{Closed, Group, Pulled, Scheme};
use crate::error::BenchError;
use crate::limits;

/// Messages and cursors.
#[derive(Debug)]
pub(super) struct Cursors {
    rows: Rows,
    head: MsgId,
    /// Everything up to here is deleted.
    floor: MsgId,
    cursors: HashMap<UserId, MsgId>,
    /// How many cursors stand where, so that the lowest is found at once.
    standing: BTreeMap<MsgId, u32>,
}

impl Cursors {
    pub(super) fn open(dir: &Path, group: Group) -> Result<Self, BenchError> {
        let rows = Rows::open(dir)?;
        let head = keys::read_head(&rows)?;
        let cursor = |member| {
            rows.get(&keys::cursor(member))?
                .map_or(Ok(MsgId::ZERO), |value| keys::msgid(&value))
        };
        let cursors: HashMap<_, _> = group
            .members()
            .map(|member| Ok((member, cursor(member)?)))
            .collect::<Result<_, RowsError>>()?;
        let mut standing = BTreeMap::new();
        cursors
            .values()
            .for_each(|&cursor| *standing.entry(cursor).or_default() += 1);
        // A crash may have come between the lowest cursor and the end of what it deletes.
        let first = rows.range(keys::body(MsgId::ZERO)..=keys::body(keys::LAST), 1)?;
        let floor = first
            .first()
            .map_or(Ok(head), |(key, _)| keys::msgid(key).map(MsgId::prev))?;
        Ok(Self {
            rows,
            head,
            floor,
            cursors,
            standing,
        })
    }

    fn cursor(&self, member: UserId) -> MsgId {
        self.cursors.get(&member).copied().unwrap_or_default()
    }

    /// Moves a cursor. Gives the lowest of all.
    fn advance(&mut self, member: UserId, through: MsgId) -> MsgId {
        let before = self.cursors.insert(member, through).unwrap_or_default();
        *self.standing.entry(through).or_default() += 1;
        if let Some(count) = self.standing.get_mut(&before) {
            *count -= 1;
            if *count == 0 {
                self.standing.remove(&before);
            }
        }
        self.standing
            .first_key_value()
            .map_or(MsgId::ZERO, |(&lowest, _)| lowest)
    }
}

impl Scheme for Cursors {
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError> {
        self.head = self.head.next();
        self.rows
            .put(keys::body(self.head), IVec::from(text.as_str()));
        self.rows.put(keys::head(), keys::value(self.head));
        self.rows.complete()?;
        Ok(self.head)
    }

    fn commit(&mut self) -> Result<(), BenchError> {
        Ok(self.rows.commit()?)
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError> {
        let after = after.max(self.cursor(member));
        let bodies = self.rows.range(
            keys::body(after.next())..=keys::body(keys::LAST),
            limits::SCHEME_PAGE_MESSAGES,
        )?;
        Ok(bodies
            .iter()
            .map(|(key, text)| keys::pulled(key, text))
            .collect::<Result<_, _>>()?)
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError> {
        let through = through.min(self.head);
        if through <= self.cursor(member) {
            return Ok(());
        }
        self.rows.put(keys::cursor(member), keys::value(through));
        self.rows.complete()?;
        let lowest = self.advance(member, through);
        while self.floor < lowest {
            self.floor = self.floor.next();
            self.rows.delete(keys::body(self.floor));
            self.rows.complete()?;
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Closed, BenchError> {
        Ok(self.rows.close()?)
    }
}
