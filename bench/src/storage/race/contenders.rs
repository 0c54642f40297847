//! The built-in contenders: cairn's engine, an append-only file as the physical limit, and sled
//! with a row per message.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Write as _};

use cairn_proto::ids::MsgId;
use cairn_proto::text::Text;

use super::contender::{Batch, Contender, Key, Storage, StorageFailure};
use crate::storage::driver::Driver;
use crate::storage::sled_rows::SledRows;

/// The engine of cairn: each message passes through the state machine, with membership and
/// deduplication.
struct Cairn {
    driver: Driver,
    log_bytes: u64,
}

/// The engine of cairn, with groups of this many members, including the sender.
pub(crate) fn cairn(name: impl Into<String>, groups: usize, members: u64) -> Contender {
    Contender::new(name, move |folder| {
        let driver = match folder.read_dir()?.next() {
            None => Driver::create(folder, groups, members - 1)?,
            Some(_) => Driver::open(folder)?,
        };
        Ok(Cairn {
            driver,
            log_bytes: 0,
        })
    })
}

impl Storage for Cairn {
    fn store(&mut self, batch: &mut Batch<'_>) -> Result<(), StorageFailure> {
        for (key, text) in batch {
            let group = usize::try_from(key.conversation)?;
            self.driver.send(group, Text::new(text)?)?;
        }
        self.log_bytes += self.driver.engine.batch_bytes() as u64;
        self.driver.commit()?;
        Ok(())
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for group in 0..self.driver.groups.len() {
            let mut from = MsgId::new(1);
            while let Some((texts, next)) = self.driver.texts(group, from)? {
                let texts = texts.iter().map(|(_, text)| text.as_str().as_bytes());
                texts.for_each(|text| each(group as u64, text));
                from = next;
            }
        }
        Ok(())
    }

    fn log_bytes(&self) -> Option<u64> {
        Some(self.log_bytes)
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(self.driver.close()?)
    }
}

struct RawFile {
    file: File,
    batch: Vec<u8>,
}

/// A growing file without an index, with one write and one fdatasync per batch.
pub(crate) fn raw_file() -> Contender {
    Contender::new("raw append + fdatasync", |folder| {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        Ok(RawFile {
            file: options.open(folder.join("messages"))?,
            batch: Vec::new(),
        })
    })
}

impl Storage for RawFile {
    fn store(&mut self, batch: &mut Batch<'_>) -> Result<(), StorageFailure> {
        self.batch.clear();
        for (key, text) in batch {
            let length = u32::try_from(text.len())?.to_le_bytes();
            self.batch.extend_from_slice(&key.to_bytes());
            self.batch.extend_from_slice(&length);
            self.batch.extend_from_slice(text.as_bytes());
        }
        self.file.write_all(&self.batch)?;
        Ok(self.file.sync_data()?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        io::Seek::rewind(&mut self.file)?;
        let mut left = self.file.metadata()?.len();
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        let mut text = Vec::new();
        while left > 0 {
            let (mut key, mut length) = ([0; 16], [0; 4]);
            reader.read_exact(&mut key)?;
            reader.read_exact(&mut length)?;
            text.resize(u32::from_le_bytes(length) as usize, 0);
            reader.read_exact(&mut text)?;
            left -= 20 + text.len() as u64;
            each(Key::from_bytes(&key)?.conversation, &text);
        }
        Ok(())
    }
}

struct PlainSled {
    rows: SledRows,
    /// Whether each batch is synced. sled's `flush` writes, and leaves the time of the sync to the
    /// kernel.
    sync: bool,
}

const SLED_CACHE_BYTES: u64 = 128 << 20;

pub(crate) fn sled(name: &str, sync: bool) -> Contender {
    Contender::new(name, move |folder| {
        let rows = SledRows::open(folder, SLED_CACHE_BYTES)?;
        Ok(PlainSled { rows, sync })
    })
}

impl Storage for PlainSled {
    fn store(&mut self, messages: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let mut batch = sled::Batch::default();
        for (key, text) in messages {
            batch.insert(&key.to_bytes(), text.as_bytes());
        }
        if self.sync {
            self.rows.commit(batch)?;
        } else {
            self.rows.db.apply_batch(batch)?;
            self.rows.db.flush()?;
        }
        Ok(())
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.rows.db.iter() {
            let (key, text) = row?;
            each(Key::from_bytes(&key)?.conversation, &text);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        self.rows.db.flush()?;
        Ok(())
    }
}
