//! sled as one would take it from its shelf: a row for each message, a batch for each commit.

use std::fs::File;
use std::path::Path;

use crate::storage::release::await_release;

use super::contender::{Contender, Key, Storage, StorageFailure};

/// Memory that sled may use for its pages.
const CACHE_BYTES: u64 = 128 << 20;

#[derive(Debug)]
struct PlainSled {
    db: sled::Db,
    batch: sled::Batch,
    /// sled's own file, when a batch is to be really durable: its `flush` writes, and leaves the disk to do it when it likes.
    file: Option<File>,
}

/// sled as its documentation tells: a commit is a `flush`, which does no fsync on Linux.
pub fn flushed() -> Contender {
    Contender::new("sled, flush (no fsync)", |folder: &Path| {
        open(folder, |_| Ok(None))
    })
}

/// sled with an fdatasync behind each `flush`.
pub fn synced() -> Contender {
    Contender::new("sled, flush + fdatasync", |folder: &Path| {
        open(folder, |folder| File::open(folder.join("db")).map(Some))
    })
}

fn open(
    folder: &Path,
    file: fn(&Path) -> std::io::Result<Option<File>>,
) -> Result<Box<dyn Storage>, StorageFailure> {
    await_release(folder)?;
    let db = sled::Config::default()
        .path(folder)
        .cache_capacity(CACHE_BYTES)
        .open()?;
    Ok(Box::new(PlainSled {
        db,
        batch: sled::Batch::default(),
        file: file(folder)?,
    }))
}

impl Storage for PlainSled {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.batch.insert(&key.to_bytes(), text.as_bytes());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        self.db.apply_batch(std::mem::take(&mut self.batch))?;
        self.db.flush()?;
        Ok(self.file.as_ref().map_or(Ok(()), File::sync_data)?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.db.iter() {
            let (key, text) = row?;
            each(
                Key::from_bytes(&key)
                    .ok_or("a key of another length")?
                    .conversation,
                &text,
            );
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        self.db.flush()?;
        Ok(())
    }
}
