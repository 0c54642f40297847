//! Reading and writing rows of the trees. The [`Database`] under them is sled, or a double of it.

mod database;
mod error;
#[cfg(any(test, feature = "testing"))]
mod sim_db;
mod sled_db;
mod sled_image;

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sled::IVec;

use self::database::Database;
pub use self::error::{TreesError, is_full_disk};
use crate::commit_log::Position;
use crate::env::{Env, MapKind, Salts};
use crate::files::directory_id::DirectoryId;
use crate::files::durable;
use crate::files::poison::Poison;
use crate::limits;
use crate::trees::rows::{self, RowChange};
use crate::trees::{MetaKey, RowKey, RowPrefix, Tree};

/// From here on a value is large: one that is worth a change of its leaf beforehand.
pub(crate) const LARGE_VALUE_BYTES: usize = 512;

/// The trees of one data directory. Clones share them.
#[derive(Clone)]
pub struct Trees(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    db: Box<dyn Database>,
    poison: Poison,
}

impl std::fmt::Debug for Trees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trees")
            .field("dir", &self.0.dir)
            .finish_non_exhaustive()
    }
}

impl Trees {
    /// Opens the trees in `dir`, or creates them. Files that prevent this are moved to `aside`.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub fn open(dir: &Path, aside: &Path, poison: &Poison) -> Result<Self, TreesError> {
        Self::open_in(&Env::real(), dir, aside, poison)
    }

    /// As [`Trees::open`], on a given disk. After a sync that failed, they are written again before
    /// they are read: their checkpoint trims the log.
    ///
    /// # Errors
    /// As [`Trees::open`].
    pub fn open_in(
        env: &Env,
        dir: &Path,
        aside: &Path,
        poison: &Poison,
    ) -> Result<Self, TreesError> {
        let opened = match poison.was_unsynced() {
            true => rewrite(env, dir),
            false => Ok(()),
        };
        let opened = opened.and_then(|()| open_database(env, dir, aside, poison));
        // sled may have synced its files, in vain.
        let db = opened.inspect_err(|_| poison.mark_unsynced())?;
        let trees = Self(Arc::new(Inner {
            dir: dir.to_owned(),
            db,
            poison: poison.clone(),
        }));
        trees.sync()?;
        Ok(trees)
    }

    /// Set by the first failure, which may be that of closing the trees.
    #[must_use]
    pub(crate) fn poison(&self) -> Poison {
        self.0.poison.clone()
    }

    /// The last batch that the trees hold durably.
    ///
    /// # Errors
    /// As [`Trees::read`].
    pub fn checkpoint(&self) -> Result<Position, TreesError> {
        Ok(self
            .read(&RowKey::meta(MetaKey::Checkpoint))?
            .unwrap_or_default())
    }

    /// The id of a data directory that has one.
    ///
    /// # Errors
    /// As [`Trees::read`], and when the trees have lost it.
    pub(crate) fn known_directory(&self) -> Result<DirectoryId, TreesError> {
        self.read(&RowKey::meta(MetaKey::Directory))?
            .ok_or_else(|| TreesError::NoId {
                dir: self.0.dir.clone(),
            })
    }

    /// The id of the data directory. One that has none gets it, durably.
    ///
    /// # Errors
    /// As [`Trees::read`] and [`Trees::sync`].
    pub(crate) fn directory(&self, salts: &Salts) -> Result<DirectoryId, TreesError> {
        let key = RowKey::meta(MetaKey::Directory);
        if let Some(known) = self.read(&key)? {
            return Ok(known);
        }
        let directory = DirectoryId::random(salts);
        self.write(Tree::Meta, [RowChange::put(key, &directory)])?;
        // Before the log: its files carry the id.
        self.sync()?;
        Ok(directory)
    }

    /// A row.
    ///
    /// # Errors
    /// When it is damaged, or the trees are.
    pub fn read<T: DeserializeOwned>(&self, key: &RowKey) -> Result<Option<T>, TreesError> {
        match self.get(key)? {
            Some(value) => Ok(Some(rows::unseal(key, &value)?)),
            None => Ok(None),
        }
    }

    /// Writes rows of one tree; of several changes of a row the last one wins. They are durable
    /// after the next [`Trees::sync`].
    ///
    /// Small rows are written together. Large ones are written one by one in key order, after the
    /// new keys among them were inserted with an empty value: sled rewrites a leaf after ten
    /// changes and when it splits, and this way it writes a value about once instead of three
    /// times. Readers skip a row with an empty value, and after a crash the replay of the log
    /// writes it again.
    ///
    /// # Errors
    ///
    /// When a value is too large; nothing has happened then. Any other error poisons the store.
    pub fn write(
        &self,
        tree: Tree,
        changes: impl IntoIterator<Item = RowChange>,
    ) -> Result<(), TreesError> {
        self.0.poison.check()?;
        let changes: BTreeMap<RowKey, Option<Vec<u8>>> = changes
            .into_iter()
            .map(|change| (change.key, change.value))
            .collect();
        for (key, value) in &changes {
            debug_assert_eq!(key.tree(), tree);
            if let Some(value) = value
                .as_ref()
                .filter(|value| value.len() > limits::TREE_VALUE_BYTES_MAX)
            {
                return Err(TreesError::ValueTooLarge {
                    key: *key,
                    bytes: value.len(),
                });
            }
        }
        let (large, small): (Vec<_>, Vec<_>) = changes.iter().partition(|(_, value)| {
            value
                .as_ref()
                .is_some_and(|value| value.len() >= LARGE_VALUE_BYTES)
        });
        let small: Vec<(&RowKey, Option<&[u8]>)> = small
            .into_iter()
            .map(|(key, value)| (key, value.as_deref()))
            .collect();
        self.poisoning(self.guarded("write to", |db| {
            if !small.is_empty() {
                db.apply(tree, &small)?;
            }
            for (key, _) in &large {
                if db.get(key)?.is_none() {
                    db.insert(key, &[])?;
                }
            }
            for (key, value) in large {
                db.insert(key, value.as_deref().unwrap_or_default())?;
            }
            Ok(())
        }))
    }

    /// Makes everything written durable.
    ///
    /// # Errors
    ///
    /// Every error poisons the store: a failed sync must not be retried.
    pub fn sync(&self) -> Result<(), TreesError> {
        self.0.poison.check()?;
        let synced = self.catching("flush", |db| db.sync());
        self.poisoning(synced.and_then(|synced| synced))
    }

    /// Returns a value as it is stored.
    pub(crate) fn get(&self, key: &RowKey) -> Result<Option<IVec>, TreesError> {
        let found = self.guarded("read", |db| db.get(key))?;
        Ok(found.filter(|value| !value.is_empty()))
    }

    /// Returns the last row with this prefix up to `up_to`.
    pub(crate) fn last_value(
        &self,
        prefix: &RowPrefix,
        up_to: &RowKey,
    ) -> Result<Option<(RowKey, IVec)>, TreesError> {
        let range = (Included(prefix.bytes()), Included(up_to.bytes()));
        let found = self.guarded("read", |db| {
            let mut rows = db.range(prefix.tree(), range)?.rev();
            rows.find(|row| row.as_ref().map_or(true, is_row))
                .transpose()
        })?;
        Ok(found.and_then(|(key, value)| Some((RowKey::from_bytes(prefix.tree(), &key)?, value))))
    }

    /// As [`Trees::scan`], with the values as they are stored.
    pub(crate) fn scan_values(
        &self,
        prefix: &RowPrefix,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<(RowKey, IVec)>, TreesError> {
        self.scan_where(prefix, after, limit, is_row)
    }

    /// Returns the keys with this prefix after `after`, including those with an empty value.
    pub(crate) fn keys(
        &self,
        prefix: &RowPrefix,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<RowKey>, TreesError> {
        Ok(self
            .scan_where(prefix, after, limit, |_| true)?
            .into_iter()
            .map(|(key, _)| key)
            .collect())
    }

    /// Returns the first keys with this prefix up to `up_to`, including those with an empty value,
    /// and the sizes of their values.
    pub(crate) fn sizes(
        &self,
        prefix: &RowPrefix,
        up_to: &RowKey,
        limit: usize,
    ) -> Result<Vec<(RowKey, usize)>, TreesError> {
        let range = (Included(prefix.bytes()), Included(up_to.bytes()));
        let found = self.guarded("read", |db| {
            let rows = db.range(prefix.tree(), range)?;
            rows.take(limit).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(found
            .into_iter()
            .filter_map(|(key, value)| {
                Some((RowKey::from_bytes(prefix.tree(), &key)?, value.len()))
            })
            .collect())
    }

    fn scan_where(
        &self,
        prefix: &RowPrefix,
        after: Option<&RowKey>,
        limit: usize,
        keep: fn(&(IVec, IVec)) -> bool,
    ) -> Result<Vec<(RowKey, IVec)>, TreesError> {
        let from = after.map_or(Included(prefix.bytes()), |after| Excluded(after.bytes()));
        let found = self.guarded("read", |db| {
            let rows = db.range(prefix.tree(), (from, Unbounded))?;
            rows.take_while(|row| {
                row.as_ref()
                    .map_or(true, |(key, _)| key.starts_with(prefix.bytes()))
            })
            .filter(|row| row.as_ref().map_or(true, keep))
            .take(limit)
            .collect::<Result<Vec<_>, _>>()
        })?;
        Ok(found
            .into_iter()
            .filter_map(|(key, value)| Some((RowKey::from_bytes(prefix.tree(), &key)?, value)))
            .collect())
    }

    fn guarded<T>(
        &self,
        action: &'static str,
        call: impl FnOnce(&dyn Database) -> sled::Result<T>,
    ) -> Result<T, TreesError> {
        self.catching(action, call)?
            .map_err(|source| TreesError::Sled { action, source })
    }

    /// Returns a panic of the database as an error, and poisons the store.
    fn catching<T>(
        &self,
        action: &'static str,
        call: impl FnOnce(&dyn Database) -> T,
    ) -> Result<T, TreesError> {
        sled_db::guarded(|| call(self.0.db.as_ref())).map_err(|what| {
            let error = TreesError::Panicked { action, what };
            self.0.poison.set(&error);
            error
        })
    }

    fn poisoning<T>(&self, result: Result<T, TreesError>) -> Result<T, TreesError> {
        result.inspect_err(|error| {
            self.0.poison.set(error);
        })
    }
}

/// Makes the trees in `dir` durable as they are read.
fn rewrite(env: &Env, dir: &Path) -> Result<(), TreesError> {
    let disk = env.disk.as_ref();
    if !disk.is_dir(dir) {
        return Ok(());
    }
    if matches!(env.map, MapKind::Sled) {
        sled_db::SledDb::wait_until_closed(dir);
    }
    durable::rewrite_all(disk, dir).map_err(|source| TreesError::Io {
        action: "write again",
        path: dir.to_owned(),
        source,
    })
}

fn open_database(
    env: &Env,
    dir: &Path,
    aside: &Path,
    poison: &Poison,
) -> Result<Box<dyn Database>, TreesError> {
    Ok(match env.map {
        MapKind::Sled => Box::new(sled_db::SledDb::open(dir, aside, poison)?),
        #[cfg(any(test, feature = "testing"))]
        MapKind::Sim => Box::new(sim_db::SimDb::open(env.disk.as_ref(), dir)?),
    })
}

/// Returns whether the value is not empty: see [`Trees::write`].
fn is_row((_, value): &(IVec, IVec)) -> bool {
    !value.is_empty()
}

#[cfg(test)]
mod tests;
