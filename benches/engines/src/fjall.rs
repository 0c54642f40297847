//! fjall: a log-structured merge tree in Rust. A batch is one write to its journal and one
//! fdatasync of it.

use cairn_bench::{Batch, Contender, Key, Storage, StorageFailure};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

struct Fjall {
    database: Database,
    messages: Keyspace,
}

pub(crate) fn contender() -> Contender {
    Contender::new("fjall", |folder| {
        let database = Database::builder(folder).open()?;
        let messages = database.keyspace("messages", KeyspaceCreateOptions::default)?;
        Ok(Fjall { database, messages })
    })
}

impl Storage for Fjall {
    fn store(&mut self, messages: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let durability = Some(PersistMode::SyncData);
        let mut batch = self.database.batch().durability(durability);
        for (key, text) in messages {
            batch.insert(&self.messages, key.to_bytes(), text);
        }
        Ok(batch.commit()?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        for row in self.messages.iter() {
            let (key, text) = row.into_inner()?;
            each(Key::from_bytes(&key)?.conversation, &text);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}
