//! LMDB: a copy-on-write B-tree in a memory map. A batch is a transaction; nothing of its default
//! durability is switched off.

use std::path::Path;

use cairn_bench::{Batch, Contender, Key, Storage, StorageFailure};
use heed::types::{Bytes, Str};
use heed::{Database, Env, EnvOpenOptions};

/// The most that the file can grow to. It takes address space, not disk.
const MAP_BYTES: usize = 64 << 30;

struct Lmdb {
    env: Env,
    messages: Database<Bytes, Str>,
}

pub(crate) fn contender() -> Contender {
    Contender::new("LMDB", |folder| {
        let env = open(folder)?;
        let mut transaction = env.write_txn()?;
        let messages = env.create_database(&mut transaction, None)?;
        transaction.commit()?;
        Ok(Lmdb { env, messages })
    })
}

#[expect(unsafe_code, reason = "there is no other way to open it")]
fn open(folder: &Path) -> heed::Result<Env> {
    let mut options = EnvOpenOptions::new();
    options.map_size(MAP_BYTES);
    // SAFETY: the map is of a file in a folder of this run alone, which nothing else writes to or
    // truncates.
    unsafe { options.open(folder) }
}

impl Storage for Lmdb {
    fn store(&mut self, messages: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let mut transaction = self.env.write_txn()?;
        for (key, text) in messages {
            self.messages.put(&mut transaction, &key.to_bytes(), text)?;
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        let transaction = self.env.read_txn()?;
        for row in self.messages.iter(&transaction)? {
            let (key, text) = row?;
            each(Key::from_bytes(key)?.conversation, text.as_bytes());
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        self.env.prepare_for_closing().wait();
        Ok(())
    }
}
