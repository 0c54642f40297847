//! redb: a copy-on-write B-tree in Rust. A batch is a transaction with `Durability::Immediate`.

use cairn_bench::{Batch, Contender, Key, Storage, StorageFailure};
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};

const MESSAGES: TableDefinition<'_, (u64, u64), &str> = TableDefinition::new("messages");

/// Memory for pages. Its default takes as much as a small machine has.
const CACHE_BYTES: usize = 128 << 20;

struct Redb(Database);

pub(crate) fn contender() -> Contender {
    Contender::new("redb", |folder| {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(folder.join("messages.redb"))?;
        Ok(Redb(database))
    })
}

impl Storage for Redb {
    fn store(&mut self, batch: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut messages = transaction.open_table(MESSAGES)?;
            for (key, text) in batch {
                messages.insert((key.conversation, key.msgid), text)?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.0.begin_read()?.open_table(MESSAGES)?.iter()? {
            let (key, text) = row?;
            each(key.value().0, text.value().as_bytes());
        }
        Ok(())
    }
}
