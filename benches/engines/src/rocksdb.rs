//! RocksDB: a log-structured merge tree in C++. A batch is one write to its log with `sync`.

use cairn_bench::{Batch, Contender, Key, Storage, StorageFailure};
use rocksdb::{DB, DBCompressionType, IteratorMode, Options, WriteBatch, WriteOptions};

struct RocksDb {
    db: DB,
    durable: WriteOptions,
}

pub(crate) fn contender() -> Contender {
    Contender::new("RocksDB", |folder| {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_compression_type(DBCompressionType::Lz4);
        let mut durable = WriteOptions::default();
        durable.set_sync(true);
        Ok(RocksDb {
            db: DB::open(&options, folder)?,
            durable,
        })
    })
}

impl Storage for RocksDb {
    fn store(&mut self, messages: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let mut batch = WriteBatch::default();
        for (key, text) in messages {
            batch.put(key.to_bytes(), text);
        }
        Ok(self.db.write_opt(batch, &self.durable)?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.db.iterator(IteratorMode::Start) {
            let (key, text) = row?;
            each(Key::from_bytes(&key)?.conversation, &text);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(self.db.flush()?)
    }
}
