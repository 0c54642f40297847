//! What a log shares with its followers: which batches it has, and what kinds of changes they
//! contain. Followers read on their own threads, and the writer waits for none of them.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use cairn_core::api::kinds::Kinds;
use parking_lot::Mutex;

use super::error::LogError;
#[cfg(any(test, feature = "testing"))]
use super::memory::MemoryLog;
use super::position::Position;
use super::segments::reader::SegmentReader;
use super::segments::record::BatchNo;

/// A log that can be followed. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    index: Arc<Mutex<Index>>,
    log: LogReader,
}

/// The batches that can be read.
#[derive(Debug)]
struct Index {
    /// The last batch that was trimmed.
    trimmed: BatchNo,
    /// The kinds of changes in each batch after it.
    kinds: VecDeque<Kinds>,
    waiters: Vec<Weak<Waiter>>,
}

/// Reads single batches of a log while it is written.
#[derive(Clone, Debug)]
pub(super) enum LogReader {
    Segments(SegmentReader),
    #[cfg(any(test, feature = "testing"))]
    Memory(MemoryLog),
}

/// What comes next for a follower.
#[derive(Debug)]
pub(crate) enum Next {
    Batch(Bytes),
    CaughtUp,
    /// The batches after the position are not in the log.
    Missing,
}

/// A place in a log, and the kinds of changes that are wanted after it.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) position: Position,
    waiter: Arc<Waiter>,
}

/// The task that waits for a batch with one of these kinds.
#[derive(Debug)]
struct Waiter {
    kinds: Kinds,
    waker: Mutex<Option<Waker>>,
}

impl Cursor {
    pub(crate) fn kinds(&self) -> Kinds {
        self.waiter.kinds
    }
}

impl Feed {
    pub(super) fn new(log: LogReader, from: Position) -> Self {
        let index = Index {
            trimmed: from.batch(),
            kinds: VecDeque::new(),
            waiters: Vec::new(),
        };
        Self {
            index: Arc::new(Mutex::new(index)),
            log,
        }
    }

    /// Shows the next batch to followers. What it changed must be readable elsewhere by then:
    /// a follower that rebuilds reads it there.
    pub(crate) fn show(&self, kinds: Kinds) {
        let woken = {
            let mut index = self.index.lock();
            index.kinds.push_back(kinds);
            index.take_waiting_for(kinds)
        };
        woken.into_iter().for_each(Waker::wake);
    }

    pub(super) fn trim(&self, through: Position) {
        let index = &mut *self.index.lock();
        while index.trimmed < through.batch() && index.kinds.pop_front().is_some() {
            index.trimmed = index.trimmed.next();
        }
    }

    /// The position after the last batch that is shown.
    #[cfg(test)]
    pub(crate) fn last(&self) -> Position {
        Position::after(self.index.lock().last())
    }

    pub(crate) fn cursor(&self, position: Position, kinds: Kinds) -> Cursor {
        let waker = Mutex::new(None);
        let waiter = Arc::new(Waiter { kinds, waker });
        self.index.lock().waiters.push(Arc::downgrade(&waiter));
        Cursor { position, waiter }
    }

    /// Moves a cursor after the next batch with any of its kinds, and returns the batch. When there
    /// is none, moves it to the end. When batches are missing, moves it to the first that is not:
    /// the trees have those before.
    pub(crate) fn next(&mut self, cursor: &mut Cursor) -> Result<Next, LogError> {
        let found = self.index.lock().find(cursor);
        let (batch, next) = match found {
            Found::Batch(batch) => match self.log.read(batch)? {
                Some(payload) => (batch, Next::Batch(payload)),
                // Trimmed since.
                None => (self.index.lock().trimmed, Next::Missing),
            },
            Found::End(last) => (last, Next::CaughtUp),
            Found::Missing(trimmed) => (trimmed, Next::Missing),
        };
        cursor.position = Position::after(batch);
        Ok(next)
    }

    /// Returns whether a cursor has something to read, or wakes the task once it has.
    pub(crate) fn poll_ready(&self, cursor: &mut Cursor, context: &Context<'_>) -> Poll<()> {
        let index = self.index.lock();
        let Found::End(last) = index.find(cursor) else {
            return Poll::Ready(());
        };
        cursor.position = Position::after(last);
        // Under the lock of the index, so that no batch is shown in between.
        *cursor.waiter.waker.lock() = Some(context.waker().clone());
        Poll::Pending
    }
}

enum Found {
    Batch(BatchNo),
    /// There is none up to the last batch.
    End(BatchNo),
    /// Batches are missing. This is the last one that was trimmed.
    Missing(BatchNo),
}

impl Index {
    fn last(&self) -> BatchNo {
        BatchNo::new(self.trimmed.get() + self.kinds.len() as u64)
    }

    /// Looks for the first batch after the cursor with any of its kinds.
    fn find(&self, cursor: &Cursor) -> Found {
        let (after, last) = (cursor.position.batch(), self.last());
        // A position above the last one belongs to a log that was restored from a backup since.
        if after < self.trimmed || after > last {
            return Found::Missing(self.trimmed);
        }
        let skipped = usize::try_from(after.get() - self.trimmed.get()).unwrap_or(usize::MAX);
        let mut later = self.kinds.iter().skip(skipped);
        match later.position(|of_batch| of_batch.intersects(cursor.kinds())) {
            Some(at) => Found::Batch(BatchNo::new(after.get() + 1 + at as u64)),
            None => Found::End(last),
        }
    }

    fn take_waiting_for(&mut self, kinds: Kinds) -> Vec<Waker> {
        let mut woken = Vec::new();
        self.waiters.retain(|waiter| {
            let Some(waiter) = waiter.upgrade() else {
                return false;
            };
            if kinds.intersects(waiter.kinds) {
                woken.extend(waiter.waker.lock().take());
            }
            true
        });
        woken
    }
}

impl LogReader {
    /// Reads a batch; `None` if it was trimmed.
    fn read(&mut self, batch: BatchNo) -> Result<Option<Bytes>, LogError> {
        match self {
            Self::Segments(reader) => reader.read(batch),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(log) => Ok(log.read(batch)),
        }
    }
}
