//! A log in memory, for tests: what an engine does with a log that is not on its disk.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::error::{LogError, OpenError};
use super::position::Position;
use super::segments::record::{BatchBuf, BatchNo};
use crate::files::poison::Poison;

/// A log outside of the machine: neither a power cut nor the loss of the disk changes it. Clones
/// share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog(Arc<Mutex<Stored>>);

#[derive(Debug, Default)]
struct Stored {
    /// The last batch that was trimmed.
    trimmed: BatchNo,
    batches: VecDeque<Bytes>,
    failure: Option<(u64, LostReply)>,
    failures: u64,
}

/// An append without a reply, as when the network fails: the batch may be stored all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostReply {
    Stored,
    NotStored,
}

impl MemoryLog {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one of the next appends fail, counted from 1.
    pub fn fail(&self, append: u64, reply: LostReply) {
        self.0.lock().failure = Some((append, reply));
    }

    /// Forgets a failure to come.
    pub fn clear_failure(&self) {
        self.0.lock().failure = None;
    }

    /// Returns how many appends failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.0.lock().failures
    }

    /// Returns how many batches the log holds.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.0.lock().batches.len()
    }

    /// Returns a batch, unless it was trimmed.
    pub(super) fn read(&self, batch: BatchNo) -> Option<Bytes> {
        let stored = self.0.lock();
        let at = batch.get().checked_sub(stored.trimmed.next().get())?;
        stored.batches.get(usize::try_from(at).ok()?).cloned()
    }

    fn after(&self, batch: BatchNo) -> Result<(BatchNo, Vec<Bytes>), LogError> {
        let stored = self.0.lock();
        let first = stored.trimmed.next();
        let skipped = batch.next().get().checked_sub(first.get());
        let skipped = skipped
            .and_then(|skipped| usize::try_from(skipped).ok())
            .filter(|skipped| *skipped <= stored.batches.len());
        match skipped {
            Some(skipped) => Ok((
                batch.next(),
                stored.batches.iter().skip(skipped).cloned().collect(),
            )),
            None => Err(LogError::Apart {
                checkpoint: batch,
                first,
            }),
        }
    }
}

impl Stored {
    fn last(&self) -> BatchNo {
        BatchNo::new(self.trimmed.get() + self.batches.len() as u64)
    }

    /// Returns how the next append fails, if it does.
    fn next_failure(&mut self) -> Option<LostReply> {
        let (appends, reply) = self.failure.take()?;
        if appends > 1 {
            self.failure = Some((appends - 1, reply));
            return None;
        }
        self.failures += 1;
        Some(reply)
    }
}

/// An engine's handle of a log in memory.
#[derive(Debug)]
pub(crate) struct MemoryWriter {
    log: MemoryLog,
    poison: Poison,
    written_bytes: u64,
}

impl MemoryWriter {
    pub(super) fn open<E>(
        log: MemoryLog,
        checkpoint: BatchNo,
        poison: &Poison,
        mut replay: impl FnMut(BatchNo, Bytes) -> Result<(), E>,
    ) -> Result<Self, OpenError<E>> {
        let (mut batch, payloads) = log.after(checkpoint)?;
        for payload in payloads {
            replay(batch, payload).map_err(|source| OpenError::Replay {
                batch: Position::after(batch),
                source,
            })?;
            batch = batch.next();
        }
        Ok(Self {
            log,
            poison: poison.clone(),
            written_bytes: 0,
        })
    }

    pub(super) fn log(&self) -> MemoryLog {
        self.log.clone()
    }

    pub(super) fn append(&mut self, batch: &BatchBuf) -> Result<BatchNo, LogError> {
        self.poison.check()?;
        let mut stored = self.log.0.lock();
        let failure = stored.next_failure();
        if failure != Some(LostReply::NotStored) {
            let payload = Bytes::copy_from_slice(batch.payload());
            self.written_bytes += payload.len() as u64;
            stored.batches.push_back(payload);
        }
        match failure {
            None => Ok(stored.last()),
            Some(_) => {
                let source = io::ErrorKind::TimedOut.into();
                let error = LogError::io("append to", Path::new("the log in memory"), source);
                self.poison.set(&error);
                Err(error)
            }
        }
    }

    pub(super) fn trim(&self, through: BatchNo) {
        let mut stored = self.log.0.lock();
        while stored.trimmed < through && stored.batches.pop_front().is_some() {
            stored.trimmed = stored.trimmed.next();
        }
    }

    pub(super) fn last(&self) -> BatchNo {
        self.log.0.lock().last()
    }

    pub(super) fn bytes_since(&self, batch: BatchNo) -> u64 {
        let stored = self.log.0.lock();
        let skipped = batch.get().saturating_sub(stored.trimmed.get());
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let payloads = stored.batches.iter().skip(skipped);
        payloads.map(|payload| payload.len() as u64).sum()
    }

    pub(super) const fn written_bytes(&self) -> u64 {
        self.written_bytes
    }
}
