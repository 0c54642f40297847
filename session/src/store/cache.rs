//! The store: operations, some of which wait to be written together, and reads.

use std::path::PathBuf;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::codec;
use cairn_client::{Message, PullRange, Timestamp};
use redb::{Database, Durability};

use super::error::StoreError;
use super::frame::Second;
use super::lock::Lock;
use super::ops::{self, Frames};
use super::plan::{Change, Plan, Stored};
use super::row::{Meta, Row, Table, entry_key, entry_of};
use super::usage::Usage;
use crate::StoreOp;

/// Bytes of operations that wait at most for the next flush.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What a client shows before it is online, and what it has to send: the cache of one account.
///
/// Drafts and the outbox are durable when [`Store::settle`] returns. Everything else waits for
/// [`Store::flush`], so that it is written at most once a second.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Database,
    /// The file; `None` in memory.
    pub(super) path: Option<PathBuf>,
    /// What is written outlives the process.
    pub(super) is_kept: bool,
    _lock: Option<Lock>,
    pub(super) frames: Frames,
    /// On disk alone.
    pub(super) second: Option<Second>,
    pub(super) usage: Usage,
    pub(super) bytes_max: u64,
    pub(super) is_unclean: bool,
    waiting: Vec<StoreOp>,
    waiting_bytes: usize,
    is_urgent: bool,
}

impl Store {
    pub(super) fn new(
        db: Database,
        path: Option<PathBuf>,
        lock: Option<Lock>,
        bytes_max: u64,
    ) -> Self {
        Self {
            db,
            is_kept: path.is_some(),
            path,
            _lock: lock,
            frames: Frames::default(),
            second: None,
            usage: Usage::default(),
            bytes_max,
            is_unclean: false,
            waiting: Vec::new(),
            waiting_bytes: 0,
            is_urgent: false,
        }
    }

    /// Whether what is written outlives the process.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        self.is_kept
    }

    /// Takes an operation. It is written by [`Store::settle`] if it is urgent, together with those
    /// before it, otherwise by the next [`Store::flush`].
    pub fn push(&mut self, op: StoreOp) {
        // An answered send may be repeated after a crash: the server recognizes its number.
        self.is_urgent |= op.is_urgent() && !matches!(op, StoreOp::NoPending(_));
        self.waiting_bytes += ops::bytes(&op);
        self.waiting.push(op);
    }

    /// Writes what was taken if some of it is urgent, or if it is much.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be written.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        if self.is_urgent || self.waiting_bytes >= WAITING_BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Takes and writes several operations.
    ///
    /// # Errors
    /// [`StoreError::Database`] if they cannot be written.
    pub fn perform(&mut self, ops: impl IntoIterator<Item = StoreOp>) -> Result<(), StoreError> {
        self.waiting.extend(ops);
        self.flush()
    }

    /// Whether operations wait for a flush.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes what waits, and trims what exceeds the bound.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be written.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        (self.is_urgent, self.waiting_bytes) = (false, 0);
        if self.waiting.is_empty() {
            return Ok(());
        }
        let stored = Stored::read(&self.db)?;
        let mut plan = Plan::new(&stored);
        let generation = self.frames.generation;
        for op in std::mem::take(&mut self.waiting) {
            ops::apply(op, &mut plan, &mut self.frames)?;
        }
        if self.frames.generation > generation {
            let frame = self.frames.encode(Table::Meta, 0, Vec::new());
            plan.put(Row::meta(Meta::Generation), frame);
        }
        self.write(plan)?;
        drop(stored);
        if self.second.as_ref().is_some_and(Second::is_full) {
            self.renew_second()?;
        }
        self.trim()
    }

    /// Notes that the user opened a conversation, so that others are trimmed before it.
    pub fn opened(&mut self, conversation: ConversationId, now: Timestamp) {
        self.usage.opened(conversation, now);
    }

    pub(super) fn write(&mut self, mut plan: Plan<'_>) -> Result<(), StoreError> {
        if plan.erases && !self.is_unclean {
            self.is_unclean = true;
            plan.put(Row::meta(Meta::Unclean), vec![1]);
        }
        let mut frames = std::mem::take(&mut plan.removed);
        let changes = plan.changes()?;
        for change in &changes {
            if change.row.is_framed() {
                frames.extend(change.new.as_deref().unwrap_or_default());
            }
        }
        let used = self.usage.count(&changes);
        let transaction = self.begin()?;
        for of_table in changes.chunk_by(|a, b| a.row.table == b.row.table) {
            let Some(first) = of_table.first() else {
                continue;
            };
            let mut table = transaction.open_table(first.row.table.definition())?;
            // The database moves values within a page, and leaves behind what it does not
            // overwrite. So a value is overwritten in its place before it is removed or replaced.
            for Change { row, old_bytes, .. } in of_table {
                if let Some(bytes) = old_bytes {
                    table.insert(row.key.as_slice(), vec![0; *bytes].as_slice())?;
                }
            }
            for Change { row, new, .. } in of_table {
                match new {
                    Some(new) => table.insert(row.key.as_slice(), new.as_slice())?,
                    None => table.remove(row.key.as_slice())?,
                };
            }
        }
        if !used.is_empty() {
            let mut table = transaction.open_table(Table::Usage.definition())?;
            for id in used {
                let row = Row::conversation(Table::Usage, id);
                let used = self.usage.get(id).encode();
                table.insert(row.key.as_slice(), used.as_slice())?;
            }
        }
        transaction.commit()?;
        match &mut self.second {
            Some(second) if !frames.is_empty() => second.append(&frames),
            _ => Ok(()),
        }
    }

    /// Writes the second copy again, with the present frames alone.
    pub(super) fn renew_second(&mut self) -> Result<(), StoreError> {
        let frames = self.all_frames()?;
        match &mut self.second {
            Some(second) => second.replace(&frames),
            None => Ok(()),
        }
    }

    pub(super) fn all_frames(&self) -> Result<Vec<u8>, StoreError> {
        let stored = Stored::read(&self.db)?;
        let mut frames = Vec::new();
        for table in [Table::Drafts, Table::Outbox] {
            for (_, frame) in stored.all(table)? {
                frames.extend(frame);
            }
        }
        let generation = stored.get(&Row::meta(Meta::Generation))?;
        frames.extend(generation.unwrap_or_default());
        Ok(frames)
    }

    pub(super) fn begin(&self) -> Result<redb::WriteTransaction, StoreError> {
        let mut transaction = self.db.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        Ok(transaction)
    }

    /// Removes the oldest entries of the conversations that were opened least recently, down to
    /// nine tenths of the bound.
    fn trim(&mut self) -> Result<(), StoreError> {
        if self.usage.total_bytes <= self.bytes_max {
            return Ok(());
        }
        let target = self.bytes_max / 10 * 9;
        while self.usage.total_bytes > target {
            let Some(id) = self.usage.least_recent() else {
                break;
            };
            let excess = self.usage.total_bytes - target;
            let stored = Stored::read(&self.db)?;
            let (mut through, mut bytes) = (MsgId::ZERO, 0);
            let range = (
                entry_key(id, MsgId::ZERO),
                entry_key(id, MsgId::new(u64::MAX)),
            );
            stored.scan(Table::Entries, (&range.0, &range.1), |key, value| {
                through = entry_of(key).map_or(through, |(_, msgid)| msgid);
                bytes += (key.len() + value.len()) as u64;
                bytes < excess
            })?;
            let mut plan = Plan::new(&stored);
            ops::trim(&mut plan, id, through)?;
            // The freed pages hold entries that may be recalled later.
            plan.erases = true;
            self.write(plan)?;
        }
        Ok(())
    }

    /// Returns consecutive messages of a range, and the head as of which they are current. Returns
    /// none if the range does not begin in what is stored.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the file cannot be read.
    pub fn load(
        &mut self,
        conversation: ConversationId,
        range: PullRange,
        limit: u32,
    ) -> Result<(Vec<Message>, MsgId), StoreError> {
        if self
            .waiting
            .iter()
            .any(|op| ops::changes_entries(op, conversation))
        {
            self.flush()?;
        }
        let stored = Stored::read(&self.db)?;
        let segments = stored.get(&Row::conversation(Table::Segments, conversation))?;
        let segments = segments.map(|bytes| ops::decode_segments(&bytes));
        let at = match range {
            PullRange::From(from) => from,
            PullRange::Before(before) => before.prev(),
        };
        let Some(segment) = segments.and_then(|segments| segments.covering(at)) else {
            return Ok((Vec::new(), MsgId::ZERO));
        };
        let mut found: Vec<Message> = Vec::new();
        let (mut expected, is_back) = (at, matches!(range, PullRange::Before(_)));
        let each = |key: &[u8], value: &[u8]| {
            let message = entry_of(key)
                .filter(|&(_, msgid)| msgid == expected)
                .and_then(|(id, msgid)| ops::message(id, msgid, value));
            let Some(message) = message else {
                return false;
            };
            found.push(message);
            expected = if is_back {
                expected.prev()
            } else {
                expected.next()
            };
            found.len() < limit as usize
        };
        let key = |msgid| entry_key(conversation, msgid);
        if is_back {
            stored.scan_back(Table::Entries, (&key(segment.first), &key(at)), each)?;
            found.reverse();
        } else {
            stored.scan(Table::Entries, (&key(at), &key(segment.last)), each)?;
        }
        Ok((found, segment.as_of))
    }

    pub(super) fn put_meta(&mut self, rows: &[(Meta, Option<Vec<u8>>)]) -> Result<(), StoreError> {
        let stored = Stored::read(&self.db)?;
        let mut plan = Plan::new(&stored);
        for (meta, value) in rows {
            match value {
                Some(value) => plan.put(Row::meta(*meta), value.clone()),
                None => plan.remove(Row::meta(*meta)),
            }
        }
        self.write(plan)
    }
}

/// Decodes a stored value; `None` if it is of another version.
pub(super) fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    codec::decode(bytes, ops::VALUE_BYTES_MAX).ok()
}
