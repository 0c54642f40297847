//! The third scheme: each message once, with a count of the members who have not acked it, and its id for each of them.

use std::path::Path;

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::text::Text;
use sled::IVec;

use super::keys;
use super::rows::{Rows, RowsError};
use super::scheme::{Closed, Group, Pulled, Scheme};
use crate::error::BenchError;
use crate::limits;

/// Messages and ids.
#[derive(Debug)]
pub(super) struct Bodies {
    rows: Rows,
    head: MsgId,
    group: Group,
}

impl Bodies {
    pub(super) fn open(dir: &Path, group: Group) -> Result<Self, BenchError> {
        let rows = Rows::open(dir)?;
        Ok(Self {
            head: keys::read_head(&rows)?,
            group,
            rows,
        })
    }

    /// One member less waits for a message. With the last one it goes.
    fn less_waiting(&mut self, msgid: MsgId) -> Result<(), RowsError> {
        let key = keys::waiting(msgid);
        let count = self
            .rows
            .get(&key)?
            .and_then(|value| value.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)));
        match count.ok_or(RowsError::Damaged)? {
            0 | 1 => {
                self.rows.delete(key);
                self.rows.delete(keys::body(msgid));
            }
            count => self.rows.put(key, IVec::from(&(count - 1).to_be_bytes())),
        }
        Ok(())
    }
}

impl Scheme for Bodies {
    fn send(&mut self, text: &Text) -> Result<MsgId, BenchError> {
        self.head = self.head.next();
        self.rows
            .put(keys::body(self.head), IVec::from(text.as_str()));
        // Apart from the body, so that an ack need not write the body again.
        self.rows.put(
            keys::waiting(self.head),
            IVec::from(&self.group.size().to_be_bytes()),
        );
        for member in self.group.members() {
            self.rows
                .put(keys::inbox(member, self.head), IVec::default());
        }
        self.rows.put(keys::head(), keys::value(self.head));
        self.rows.complete()?;
        Ok(self.head)
    }

    fn commit(&mut self) -> Result<(), BenchError> {
        Ok(self.rows.commit()?)
    }

    fn pull(&mut self, member: UserId, after: MsgId) -> Result<Vec<Pulled>, BenchError> {
        let ids = self.rows.range(
            keys::inbox_between(member, after, keys::LAST),
            limits::SCHEME_PAGE_MESSAGES,
        )?;
        let message = |(key, _): (IVec, IVec)| {
            let text = self
                .rows
                .get(&keys::body(keys::msgid(&key)?))?
                .ok_or(RowsError::Damaged)?;
            keys::pulled(&key, &text)
        };
        Ok(ids.into_iter().map(message).collect::<Result<_, _>>()?)
    }

    fn ack(&mut self, member: UserId, through: MsgId) -> Result<(), BenchError> {
        for (key, _) in self.rows.range(
            keys::inbox_between(member, MsgId::ZERO, through),
            usize::MAX,
        )? {
            self.less_waiting(keys::msgid(&key)?)?;
            self.rows.delete(key);
        }
        Ok(self.rows.complete()?)
    }

    fn close(self: Box<Self>) -> Result<Closed, BenchError> {
        Ok(self.rows.close()?)
    }
}
