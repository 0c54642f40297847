//! fjall: a log-structured merge tree in Rust. A batch is one write to its journal and one
//! fdatasync of it.

use std::path::Path;

use cairn_bench::{Contender, Key, Storage, StorageFailure};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

struct Fjall {
    database: Database,
    messages: Keyspace,
    batch: OwnedWriteBatch,
}

pub(crate) fn contender() -> Contender {
    Contender::new("fjall", |folder: &Path| {
        let database = Database::builder(folder).open()?;
        let messages = database.keyspace("messages", KeyspaceCreateOptions::default)?;
        let batch = durable_batch(&database);
        Ok(Box::new(Fjall {
            database,
            messages,
            batch,
        }) as Box<dyn Storage>)
    })
}

fn durable_batch(database: &Database) -> OwnedWriteBatch {
    database.batch().durability(Some(PersistMode::SyncData))
}

impl Storage for Fjall {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.batch.insert(&self.messages, key.to_bytes(), text);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        let next = durable_batch(&self.database);
        Ok(std::mem::replace(&mut self.batch, next).commit()?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.messages.iter() {
            let (key, text) = row.into_inner()?;
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
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}
