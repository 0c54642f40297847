//! The rows of the four plain schemes in a sled tree, changed in atomic operations that are durable
//! after each commit.

use std::collections::BTreeMap;
use std::path::Path;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use sled::IVec;

use super::scheme::Closed;
use crate::error::Result;
use crate::storage::limits;
use crate::storage::sled_rows::{SledRows, damaged};

/// sled's default, which no run fills.
const CACHE_BYTES: u64 = 1 << 30;

/// The measured group. It is part of the keys, as in a server with many groups.
const GROUP: ConversationId = ConversationId::new(1);

#[derive(Clone, Copy, Debug)]
pub(super) enum Row {
    Head,
    /// A message for one member, or only its id.
    Inbox(UserId, MsgId),
    /// A message for all members.
    Body(MsgId),
    /// The number of members who have not acked a message.
    Waiting(MsgId),
    /// The last message that a member acked.
    Cursor(UserId),
}

impl Row {
    /// Numbers are big-endian, so that ranges are in order.
    fn key(self) -> IVec {
        let group = GROUP.get().to_be_bytes();
        let user = |user: UserId| user.get().to_be_bytes();
        let msgid = |msgid: MsgId| msgid.get().to_be_bytes();
        let key = match self {
            Self::Head => [&[0][..], &group].concat(),
            Self::Inbox(to, id) => [&[1][..], &user(to), &group, &msgid(id)].concat(),
            Self::Body(id) => [&[2][..], &group, &msgid(id)].concat(),
            Self::Waiting(id) => [&[3][..], &group, &msgid(id)].concat(),
            Self::Cursor(of) => [&[4][..], &group, &user(of)].concat(),
        };
        key.into()
    }
}

pub(super) struct Rows {
    sled: SledRows,
    /// Complete operations that are not in the tree yet, and the current one.
    pending: BTreeMap<IVec, Option<IVec>>,
    writes: u64,
}

impl Rows {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        Ok(Self {
            sled: SledRows::open(dir, CACHE_BYTES)?,
            pending: BTreeMap::new(),
            writes: 0,
        })
    }

    pub(super) fn put(&mut self, row: Row, value: impl Into<IVec>) {
        self.pending.insert(row.key(), Some(value.into()));
    }

    pub(super) fn delete(&mut self, row: Row) {
        self.pending.insert(row.key(), None);
    }

    pub(super) fn get(&self, row: Row) -> Result<Option<IVec>> {
        let key = row.key();
        match self.pending.get(&key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.sled.db.get(key)?),
        }
    }

    /// A msgid that is stored as a value; 0 if the row is missing.
    pub(super) fn msgid(&self, row: Row) -> Result<MsgId> {
        let value = self.get(row)?;
        value.map_or(Ok(MsgId::ZERO), |value| msgid(&value))
    }

    /// Up to `max` rows of messages. Deletions are visible at once, new rows after a commit.
    pub(super) fn range(&self, first: Row, last: Row, max: usize) -> Result<Vec<(MsgId, IVec)>> {
        let mut found = Vec::new();
        for row in self.sled.db.range(first.key()..=last.key()) {
            let (key, value) = row?;
            if self.pending.get(&key) != Some(&None) {
                found.push((msgid(&key)?, value));
            }
            if found.len() == max {
                break;
            }
        }
        Ok(found)
    }

    /// Ends an operation, which is atomic in case of a crash.
    pub(super) fn complete(&mut self) -> Result<()> {
        if self.pending.len() >= limits::SCHEME_ROWS_AT_ONCE {
            let batch = self.take_batch();
            self.sled.db.apply_batch(batch)?;
        }
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        let batch = self.take_batch();
        self.sled.commit(batch)
    }

    pub(super) fn close(mut self) -> Result<Closed> {
        self.commit()?;
        Ok(Closed {
            writes: self.writes,
            _sled: Box::new(self.sled),
        })
    }

    /// All rows are written and counted here.
    fn take_batch(&mut self) -> sled::Batch {
        let mut batch = sled::Batch::default();
        self.writes += self.pending.len() as u64;
        for (key, value) in std::mem::take(&mut self.pending) {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        batch
    }
}

/// The number at the end of a key, or in a value.
fn msgid(bytes: &[u8]) -> Result<MsgId> {
    let number = bytes.last_chunk().ok_or_else(damaged)?;
    Ok(MsgId::new(u64::from_be_bytes(*number)))
}
