//! SQLite: a B-tree with a write-ahead log. A batch is a transaction with `synchronous = FULL`.

use cairn_bench::{Batch, Contender, Key, Storage, StorageFailure};
use rusqlite::Connection;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS messages (
    conversation INTEGER NOT NULL,
    msgid INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (conversation, msgid)
) WITHOUT ROWID;";

struct Sqlite(Connection);

pub(crate) fn contender() -> Contender {
    Contender::new("SQLite", |folder| {
        let connection = Connection::open(folder.join("messages.sqlite"))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Sqlite(connection))
    })
}

impl Storage for Sqlite {
    fn store(&mut self, messages: &mut Batch<'_>) -> Result<(), StorageFailure> {
        let transaction = self.0.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO messages VALUES (?, ?, ?)")?;
            for (key, text) in messages {
                let conversation = i64::try_from(key.conversation)?;
                insert.execute((conversation, i64::try_from(key.msgid)?, text))?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn read(&mut self, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StorageFailure> {
        let mut all = self
            .0
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
        self.0.close().map_err(|(_, error)| error.into())
    }
}
