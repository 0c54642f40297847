//! Rows in sled, as everything beside cairn's engine stores its messages.

use std::fs::File;
use std::path::Path;

use cairn_store::trees::wait_for_lock::wait_for_lock;

use crate::error::{BenchError, Result};

/// An open sled database. Its `flush` is no fsync, so a durable commit also syncs `file`.
pub(super) struct SledRows {
    pub(super) db: sled::Db,
    file: File,
}

impl SledRows {
    pub(super) fn open(folder: &Path, cache_bytes: u64) -> Result<Self> {
        let path = folder.join("db");
        wait_for_lock(&path);
        let config = sled::Config::default().path(folder);
        Ok(Self {
            db: config.cache_capacity(cache_bytes).open()?,
            file: File::open(&path).map_err(BenchError::io("cannot open sled's file"))?,
        })
    }

    pub(super) fn commit(&self, batch: sled::Batch) -> Result<()> {
        self.db.apply_batch(batch)?;
        self.sync()
    }

    pub(super) fn sync(&self) -> Result<()> {
        self.db.flush()?;
        let synced = self.file.sync_data();
        synced.map_err(BenchError::io("cannot sync sled's file"))
    }
}

pub(super) fn damaged() -> BenchError {
    BenchError::Failed("a row in sled is not as it was written".to_owned())
}

#[cfg(test)]
mod tests;
