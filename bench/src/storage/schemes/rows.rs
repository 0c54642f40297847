//! The rows of the four plain schemes in one sled tree: changed in atomic operations, durable at each commit.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use sled::IVec;

use super::scheme::{Closed, Writes};
use crate::limits;

/// The rows of one store.
#[derive(Debug)]
pub(super) struct Rows {
    db: sled::Db,
    /// sled's file: its flush is no fsync, so each commit syncs through a descriptor of our own.
    file: File,
    path: PathBuf,
    /// Operations that are complete and not yet in the tree, and the one under way.
    pending: BTreeMap<IVec, Option<IVec>>,
    writes: Writes,
}

/// What went wrong with the rows.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// sled refused.
    #[error("cannot {action} the rows in {}: {source}", dir.display())]
    Sled {
        /// What was tried.
        action: &'static str,
        /// Where they are.
        dir: PathBuf,
        /// What it said.
        source: sled::Error,
    },
    /// Its file could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A row does not hold what was put into it.
    #[error("a row is not what was written")]
    Damaged,
}

impl Rows {
    pub(super) fn open(dir: &Path) -> Result<Self, RowsError> {
        let failed = |source| RowsError::Sled {
            action: "open",
            dir: dir.to_owned(),
            source,
        };
        // sled's defaults: a cache of 1 GiB, more than any run fills, and a flush in the background each half second.
        let db = sled::Config::default().path(dir).open().map_err(failed)?;
        let path = dir.join("db");
        let file = File::open(&path).map_err(|source| RowsError::Io {
            action: "open",
            path,
            source,
        })?;
        Ok(Self {
            db,
            file,
            path: dir.to_owned(),
            pending: BTreeMap::new(),
            writes: Writes::default(),
        })
    }

    pub(super) fn put(&mut self, key: IVec, value: IVec) {
        self.pending.insert(key, Some(value));
    }

    pub(super) fn delete(&mut self, key: IVec) {
        self.pending.insert(key, None);
    }

    pub(super) fn get(&self, key: &IVec) -> Result<Option<IVec>, RowsError> {
        match self.pending.get(key) {
            Some(value) => Ok(value.clone()),
            None => self
                .db
                .get(key)
                .map_err(|source| self.failed("read", source)),
        }
    }

    /// At most so many rows with these keys. Deletions are seen at once, new rows when they are committed.
    pub(super) fn range(
        &self,
        keys: RangeInclusive<IVec>,
        max: usize,
    ) -> Result<Vec<(IVec, IVec)>, RowsError> {
        let is_there = |row: &sled::Result<(IVec, IVec)>| {
            row.as_ref()
                .map_or(true, |(key, _)| self.pending.get(key) != Some(&None))
        };
        let rows = self.db.range(keys).filter(is_there).take(max);
        rows.collect::<sled::Result<_>>()
            .map_err(|source| self.failed("read", source))
    }

    /// What was put and deleted since the last call belongs together: a crash leaves all of it or nothing.
    pub(super) fn complete(&mut self) -> Result<(), RowsError> {
        if self.pending.len() >= limits::SCHEME_ROWS_AT_ONCE {
            self.apply()
        } else {
            Ok(())
        }
    }

    /// Makes everything durable.
    pub(super) fn commit(&mut self) -> Result<(), RowsError> {
        self.apply()?;
        self.db
            .flush()
            .map_err(|source| self.failed("flush", source))?;
        self.file.sync_data().map_err(|source| RowsError::Io {
            action: "sync",
            path: self.path.join("db"),
            source,
        })
    }

    pub(super) fn close(mut self) -> Result<Closed, RowsError> {
        self.commit()?;
        Ok(Closed::new(self.writes, self.db))
    }

    /// The one place where rows are written, and so counted.
    fn apply(&mut self) -> Result<(), RowsError> {
        let mut batch = sled::Batch::default();
        self.writes.0 += self.pending.len() as u64;
        for (key, value) in std::mem::take(&mut self.pending) {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.db
            .apply_batch(batch)
            .map_err(|source| self.failed("write", source))
    }

    fn failed(&self, action: &'static str, source: sled::Error) -> RowsError {
        RowsError::Sled {
            action,
            dir: self.path.clone(),
            source,
        }
    }
}
