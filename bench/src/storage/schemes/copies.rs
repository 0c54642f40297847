//! The first two schemes: a copy of each message for each of some members. When those are the members who are offline, the others have
//! the push alone; when they are all members, nobody depends on it.

use std::path::Path;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use sled::IVec;

use super::keys;
use super::rows::Rows;
use super::scheme::{Closed, Pulled, Scheme};
use crate::error::BenchError;
use crate::limits;

/// Copies of messages.
#[derive(Debug)]
pub(super) struct Copies {
    rows: Rows,
    head: MsgId,
    /// Who gets copies.
    members: Vec<UserId>,
}

impl Copies {
    pub(super) fn open(
        dir: &Path,
        members: impl Iterator<Item = UserId>,
    ) -> Result<Self, BenchError> {
        let rows = Rows::open(dir)?;
        Ok(Self {
            head: keys::read_head(&rows)?,
            members: members.collect(),
            rows,
        })
    }
}

impl Scheme for Copies {
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError> {
        self.head = self.head.next();
        let copy = IVec::from(text.as_str());
        for &member in &self.members {
            self.rows.put(keys::inbox(member, self.head), copy.clone());
        }
        self.rows.put(keys::head(), keys::value(self.head));
        self.rows.complete()?;
        Ok(self.head)
    }

    fn commit(&mut self) -> Result<(), BenchError> {
        Ok(self.rows.commit()?)
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError> {
        let copies = self.rows.range(
            keys::inbox_between(member, after, keys::LAST),
            limits::SCHEME_PAGE_MESSAGES,
        )?;
        Ok(copies
            .iter()
            .map(|(key, text)| keys::pulled(key, text))
            .collect::<Result<_, _>>()?)
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError> {
        for (key, _) in self.rows.range(
            keys::inbox_between(member, MsgId::ZERO, through),
            usize::MAX,
        )? {
            self.rows.delete(key);
        }
        Ok(self.rows.complete()?)
    }

    fn close(self: Box<Self>) -> Result<Closed, BenchError> {
        Ok(self.rows.close()?)
    }
}
