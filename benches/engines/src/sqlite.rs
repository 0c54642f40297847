//! SQLite: a B-tree with a write-ahead log. A batch is a transaction with `synchronous = FULL`.

use std::path::Path;

use cairn_bench::{Contender, Key, Storage, StorageFailure};
use rusqlite::Connection;

use crate::batch::Batch;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS messages (
    conversation INTEGER NOT NULL,
    msgid INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (conversation, msgid)
) WITHOUT ROWID;";

struct Sqlite {
    connection: Connection,
    batch: Batch,
}

pub(crate) fn contender() -> Contender {
    Contender::new("SQLite", |folder: &Path| {
        let connection = Connection::open(folder.join("messages.sqlite"))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Box::new(Sqlite {
            connection,
            batch: Batch::default(),
        }) as Box<dyn Storage>)
    })
}

impl Storage for Sqlite {
    fn put(&mut self, key: Key, text: &str) -> Result<(), StorageFailure> {
        self.batch.push(key, text);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StorageFailure> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO messages VALUES (?, ?, ?)")?;
            for (
                Key {
                    conversation,
                    msgid,
                },
                text,
            ) in self.batch.iter()
            {
                insert.execute((i64::try_from(conversation)?, i64::try_from(msgid)?, text))?;
            }
        }
        transaction.commit()?;
        self.batch.clear();
        Ok(())
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        let mut all = self
            .connection
            .prepare("SELECT conversation, text FROM messages ORDER BY conversation, msgid")?;
        let mut rows = all.query(())?;
        while let Some(row) = rows.next()? {
            each(
                row.get::<_, i64>(0)?.try_into()?,
                row.get_ref(1)?.as_bytes()?,
            );
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StorageFailure> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}
