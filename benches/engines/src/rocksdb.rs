//! RocksDB: a log-structured merge tree in C++. A batch is one write to its log with `sync`.

use std::path::Path;

use cairn_bench::{Contender, Key, Storage, StorageFailure};
use rocksdb::{DB, DBCompressionType, IteratorMode, Options, WriteBatch, WriteOptions};

struct RocksDb {
    db: DB,
    batch: WriteBatch,
    durable: WriteOptions,
}

pub(crate) fn contender() -> Contender {
    Contender::new("RocksDB", |folder: &Path| {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_compression_type(DBCompressionType::Lz4);
        let mut durable = WriteOptions::default();
        durable.set_sync(true);
        Ok(Box::new(RocksDb {
            db: DB::open(&options, folder)?,
            batch: WriteBatch::default(),
            durable,
        }) as Box<dyn Storage>)
    })
}

impl Storage for RocksDb {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.batch.put(key.to_bytes(), text);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        Ok(self
            .db
            .write_opt(std::mem::take(&mut self.batch), &self.durable)?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.db.iterator(IteratorMode::Start) {
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
        Ok(self.db.flush()?)
    }
}
