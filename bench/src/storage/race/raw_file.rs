//! The physical limit: a file that grows, one write and one fdatasync for each batch, nothing to find anything by.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::Path;

use super::contender::{Contender, Key, Storage, StorageFailure};

#[derive(Debug)]
struct RawFile {
    file: File,
    batch: Vec<u8>,
}

/// An append-only file with an fdatasync behind each batch.
pub fn raw_file() -> Contender {
    Contender::new("raw append + fdatasync", |folder: &Path| {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(folder.join("messages"))?;
        Ok(Box::new(RawFile {
            file,
            batch: Vec::new(),
        }) as Box<dyn Storage>)
    })
}

impl Storage for RawFile {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.batch.extend_from_slice(&key.to_bytes());
        self.batch
            .extend_from_slice(&u32::try_from(text.len())?.to_le_bytes());
        self.batch.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        self.file.write_all(&self.batch)?;
        self.file.sync_data()?;
        self.batch.clear();
        Ok(())
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        let mut left = self.file.metadata()?.len();
        io::Seek::rewind(&mut self.file)?;
        let mut reader = BufReader::with_capacity(1 << 20, &self.file);
        let mut text = Vec::new();
        while left > 0 {
            let (mut key, mut length) = ([0; 16], [0; 4]);
            reader.read_exact(&mut key)?;
            reader.read_exact(&mut length)?;
            let length = u32::from_le_bytes(length);
            left = left
                .checked_sub(20 + u64::from(length))
                .ok_or("the file ends in the middle of a message")?;
            text.resize(length as usize, 0);
            reader.read_exact(&mut text)?;
            each(
                Key::from_bytes(&key).map_or(0, |key| key.conversation),
                &text,
            );
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(())
    }
}
