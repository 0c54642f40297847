//! Messages in sled under the ids of one scheme: a row for each, a batch for each commit, with an fdatasync behind it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::generator::{Generator, Refusal};
use super::scheme::{Durable, Id, Scheme};
use crate::system;
use cairn_store::limits::TREE_CACHE_BYTES;

/// Why a shelf cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// sled refused.
    #[error("sled failed: {0}")]
    Sled(#[from] sled::Error),
    /// Its file could not be synced.
    #[error("cannot make sled's file durable: {0}")]
    Sync(#[from] io::Error),
    /// A row is not as it was written.
    #[error("a row in sled is not as it was written")]
    Damaged,
}

/// Messages under the ids of one scheme, and what makes those.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) scheme: Scheme,
    generator: Generator,
    durable: Durable,
    db: sled::Db,
    batch: sled::Batch,
    /// sled's own file: its `flush` writes, and leaves it to the kernel when the disk gets it.
    file: File,
}

/// In front of each text stands the number of its message among all. It is what the time of sending is elsewhere: it says which came last.
const NUMBER_BYTES: usize = 8;

/// The row that says which numbers belong to somebody. It is shorter than any other key.
const TAKEN: &[u8] = b"taken";

impl Shelf {
    /// A new one.
    pub(super) fn make(folder: &Path, scheme: Scheme) -> Result<Self, ShelfError> {
        let db = sled::Config::default()
            .path(folder)
            .cache_capacity(TREE_CACHE_BYTES)
            .open()?;
        let (generator, durable) = (
            Generator::start(scheme, 1, &Durable::default()),
            Durable::default(),
        );
        Ok(Self {
            scheme,
            generator,
            durable,
            db,
            batch: sled::Batch::default(),
            file: File::open(folder.join("db"))?,
        })
    }

    /// The id of the next message to this conversation, whatever has to be waited for or taken from the store.
    pub(super) fn next_id(&mut self, conversation: u64) -> Result<Id, ShelfError> {
        loop {
            let now = if self.scheme.needs_clock() {
                system::since_1970()
            } else {
                std::time::Duration::ZERO
            };
            match self.generator.next(conversation, now) {
                Ok(id) => return Ok(id),
                Err(Refusal::OutOfNumbers) => {
                    let numbers = self.take()?;
                    self.generator.refill(numbers);
                }
                Err(Refusal::ClockBehind | Refusal::MillisecondFull) => std::hint::spin_loop(),
            }
        }
    }

    /// Takes numbers from the store. They belong to this process when that is durable, and not before.
    fn take(&mut self) -> Result<Range<u64>, ShelfError> {
        let numbers = self.durable.take();
        self.db.insert(TAKEN, &self.durable.taken.to_be_bytes())?;
        self.sync()?;
        Ok(numbers)
    }

    /// Puts a message down. It is durable after [`Shelf::commit`].
    pub(super) fn put(
        &mut self,
        conversation: u64,
        number: u64,
        text: &str,
    ) -> Result<(), ShelfError> {
        let id = self.next_id(conversation)?;
        let key = [&conversation.to_be_bytes()[..], &id.to_key(self.scheme)].concat();
        self.batch
            .insert(key, [&number.to_be_bytes()[..], text.as_bytes()].concat());
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<(), ShelfError> {
        self.db.apply_batch(std::mem::take(&mut self.batch))?;
        self.sync()
    }

    fn sync(&self) -> Result<(), ShelfError> {
        self.db.flush()?;
        Ok(self.file.sync_data()?)
    }

    /// The last messages of a conversation, by their numbers. Keys that do not sort by time say nothing of which these are: all messages
    /// of the conversation are read then.
    pub(super) fn last(&self, conversation: u64, count: usize) -> Result<Vec<u64>, ShelfError> {
        let rows = self.db.scan_prefix(conversation.to_be_bytes()).values();
        let number = |row: sled::Result<sled::IVec>| -> Result<u64, ShelfError> {
            let row = row?;
            let (number, _) = row
                .split_first_chunk::<NUMBER_BYTES>()
                .ok_or(ShelfError::Damaged)?;
            Ok(u64::from_be_bytes(*number))
        };
        let mut numbers: Vec<u64> = if self.scheme.sorts_by_time() {
            rows.rev()
                .take(count)
                .map(number)
                .collect::<Result<_, _>>()?
        } else {
            rows.map(number).collect::<Result<_, _>>()?
        };
        numbers.sort_unstable();
        Ok(numbers.split_off(numbers.len().saturating_sub(count)))
    }

    /// Messages that are stored.
    pub(super) fn count(&self) -> Result<u64, ShelfError> {
        self.db.iter().keys().try_fold(
            0,
            |count, key| Ok(count + u64::from(key?.as_ref() != TAKEN)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_keys_the_last_messages_are_the_last() {
        for scheme in Scheme::ALL {
            let folder = tempfile::tempdir().unwrap();
            let mut shelf = Shelf::make(folder.path(), scheme).unwrap();
            for number in 0..2_500 {
                shelf.put(number % 3, number, "hello").unwrap();
                if number % 100 == 99 {
                    shelf.commit().unwrap();
                }
            }
            assert_eq!(shelf.count().unwrap(), 2_500, "{scheme}");
            assert_eq!(shelf.last(0, 3).unwrap(), [2_493, 2_496, 2_499], "{scheme}");
            assert_eq!(shelf.last(2, 1).unwrap(), [2_498], "{scheme}");
            assert_eq!(shelf.last(7, 1).unwrap(), [0; 0], "{scheme}");
            assert_eq!(shelf.last(1, 5_000).unwrap().len(), 833, "{scheme}");
        }
    }
}
