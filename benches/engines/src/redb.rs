//! redb: a copy-on-write B-tree in Rust. A batch is a transaction with `Durability::Immediate`.

use std::path::Path;

use cairn_bench::{Contender, Key, Storage, StorageFailure};
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::batch::Batch;

const MESSAGES: TableDefinition<'_, (u64, u64), &str> = TableDefinition::new("messages");

/// Memory for pages. Its default takes as much as a small machine has.
const CACHE_BYTES: usize = 128 << 20;

struct Redb {
    database: Database,
    batch: Batch,
}

pub(crate) fn contender() -> Contender {
    Contender::new("redb", |folder: &Path| {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(folder.join("messages.redb"))?;
        Ok(Box::new(Redb {
            database,
            batch: Batch::default(),
        }) as Box<dyn Storage>)
    })
}

impl Storage for Redb {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.batch.push(key, text);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut messages = transaction.open_table(MESSAGES)?;
            for (
                Key {
                    conversation,
                    msgid,
                },
                text,
            ) in self.batch.iter()
            {
                messages.insert((conversation, msgid), text)?;
            }
        }
        transaction.commit()?;
        self.batch.clear();
        Ok(())
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.database.begin_read()?.open_table(MESSAGES)?.iter()? {
            let (key, text) = row?;
            each(key.value().0, text.value().as_bytes());
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(())
    }
}
