//! The rows of the four plain schemes in one sled tree: changed in atomic operations, durable at
//! each commit. Numbers in keys are big-endian, so that a range reads in order.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use sled::IVec;

use super::scheme::Closed;
use crate::error::BenchError;
use crate::storage::limits;
use crate::storage::sled_rows::{SledRows, damaged};

/// sled's default, more than any run fills.
const CACHE_BYTES: u64 = 1 << 30;

#[derive(Debug)]
pub(super) struct Rows {
    sled: SledRows,
    /// Complete operations that are not yet in the tree, and the one in progress.
    pending: BTreeMap<IVec, Option<IVec>>,
    /// Rows put and deleted.
    writes: u64,
}

impl Rows {
    pub(super) fn open(dir: &Path) -> Result<Self, BenchError> {
        Ok(Self {
            sled: SledRows::open(dir, CACHE_BYTES)?,
            pending: BTreeMap::new(),
            writes: 0,
        })
    }

    pub(super) fn put(&mut self, key: IVec, value: IVec) {
        self.pending.insert(key, Some(value));
    }

    pub(super) fn delete(&mut self, key: IVec) {
        self.pending.insert(key, None);
    }

    pub(super) fn get(&self, key: &IVec) -> Result<Option<IVec>, BenchError> {
        match self.pending.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.sled.db.get(key)?),
        }
    }

    /// A message id that is stored as a value, 0 if it is not there.
    pub(super) fn msgid(&self, key: &IVec) -> Result<MsgId, BenchError> {
        let value = self.get(key)?;
        value.map_or(Ok(MsgId::ZERO), |value| msgid(&value))
    }

    /// At most `max` rows. Deletions are visible at once, new rows after a commit.
    pub(super) fn range(
        &self,
        keys: RangeInclusive<IVec>,
        max: usize,
    ) -> Result<Vec<(IVec, IVec)>, BenchError> {
        let is_there = |row: &sled::Result<(IVec, IVec)>| {
            row.as_ref()
                .map_or(true, |(key, _)| self.pending.get(key) != Some(&None))
        };
        let rows = self.sled.db.range(keys).filter(is_there).take(max);
        Ok(rows.collect::<sled::Result<_>>()?)
    }

    /// Ends an operation: a crash leaves all that was changed since the last call, or nothing.
    pub(super) fn complete(&mut self) -> Result<(), BenchError> {
        if self.pending.len() >= limits::SCHEME_ROWS_AT_ONCE {
            let batch = self.take_batch();
            self.sled.db.apply_batch(batch)?;
        }
        Ok(())
    }

    /// Makes everything durable.
    pub(super) fn commit(&mut self) -> Result<(), BenchError> {
        let batch = self.take_batch();
        self.sled.commit(batch)
    }

    pub(super) fn close(mut self) -> Result<Closed, BenchError> {
        self.commit()?;
        Ok(Closed {
            writes: self.writes,
            _sled: Box::new(self.sled),
        })
    }

    /// All rows are written through this, and so counted.
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

/// The group that is measured. Keys carry it, as they would with many groups.
const GROUP: ConversationId = ConversationId::new(1);

/// Above every message.
const LAST: MsgId = MsgId::new(u64::MAX);

/// The first byte of a key.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Tag {
    Head,
    Inbox,
    Body,
    Waiting,
    Cursor,
}

fn key(tag: Tag, parts: &[&[u8]]) -> IVec {
    let mut key = vec![tag as u8];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key.into()
}

/// The last message.
pub(super) fn head() -> IVec {
    key(Tag::Head, &[&GROUP.get().to_be_bytes()])
}

/// A message for one member, or only its id.
pub(super) fn inbox(member: UserId, msgid: MsgId) -> IVec {
    let (member, group) = (member.get().to_be_bytes(), GROUP.get().to_be_bytes());
    key(Tag::Inbox, &[&member, &group, &msgid.get().to_be_bytes()])
}

/// A message for all members.
pub(super) fn body(msgid: MsgId) -> IVec {
    let group = GROUP.get().to_be_bytes();
    key(Tag::Body, &[&group, &msgid.get().to_be_bytes()])
}

/// How many members have not acked a message.
pub(super) fn waiting(msgid: MsgId) -> IVec {
    let group = GROUP.get().to_be_bytes();
    key(Tag::Waiting, &[&group, &msgid.get().to_be_bytes()])
}

/// The last message that a member has acked.
pub(super) fn cursor(member: UserId) -> IVec {
    let group = GROUP.get().to_be_bytes();
    key(Tag::Cursor, &[&group, &member.get().to_be_bytes()])
}

pub(super) fn inbox_after(member: UserId, after: MsgId) -> RangeInclusive<IVec> {
    inbox(member, after.next())..=inbox(member, LAST)
}

pub(super) fn inbox_through(member: UserId, through: MsgId) -> RangeInclusive<IVec> {
    inbox(member, MsgId::new(1))..=inbox(member, through)
}

pub(super) fn bodies_after(after: MsgId) -> RangeInclusive<IVec> {
    body(after.next())..=body(LAST)
}

/// The number at the end of a key, or in a value.
pub(super) fn msgid(bytes: &[u8]) -> Result<MsgId, BenchError> {
    let number = bytes.last_chunk().ok_or_else(damaged)?;
    Ok(MsgId::new(u64::from_be_bytes(*number)))
}

pub(super) fn value(msgid: MsgId) -> IVec {
    IVec::from(&msgid.get().to_be_bytes())
}
