//! sled 0.34.7, with workarounds for its defects. No other file calls it.
//!
//! * `flush` is no fsync: [`Trees::sync`] adds `fdatasync` on its own descriptor. A write error
//!   that sled's flusher thread only logged is reported there as well, since the kernel reports it
//!   once to every descriptor.
//! * A new page may overwrite a segment whose live contents moved into a segment that was written
//!   but never synced. sled frees a segment only after a whole further segment was written, so a
//!   sync after each `limits::TREE_BATCH_BYTES_MAX` comes first.
//! * A page near a quarter of a segment goes to `blobs/`, which is never synced. A leaf has at most
//!   20 values, so `limits::TREE_SEGMENT_BYTES` and `limits::TREE_VALUE_BYTES_MAX` keep every
//!   page below; [`Trees::sync`] fails if one is there.
//! * A half-written `snap.*.generating` makes the next open fail: it is moved aside first. Nothing
//!   refers to it.
//! * Corruption causes a panic as often as an error: every call goes through `guarded`, which
//!   turns a panic into an error and poisons the store. A panic in one of sled's own threads cannot
//!   be caught; the next flush fails or hangs.
//! * It takes damage near the end of its file for a torn write, and silently reverts to an earlier
//!   state. The recorded checkpoint is always written last, so it is reverted as well, and the
//!   commit log then reports which batches it lacks.
//! * `flush_async` deadlocks and is a disallowed method; `flush` is never called in a transaction,
//!   as there are none.
//! * `flush_every_ms` keeps its default, and batches stay within `limits::TREE_BATCH_ROWS_MAX`:
//!   otherwise its memory is unbounded.
//! * `mode` and `segment_cleanup_threshold` do nothing in this version, and its compression is
//!   slow: none is set.
//! * It syncs neither its `conf` nor its folder: [`Trees::open`] does.
//! * When its last handle is dropped it writes once more, and panics when that fails: a poisoned
//!   store keeps one handle forever.
//!
//! Each has a test in `db/tests.rs`, with these exceptions. Only a power cut shows that `fdatasync`
//! is needed and called: `tests/powercut/run.py` also removes it to see the loss. Only a long run
//! shows memory: `cairn bench fill`. A panic in one of sled's threads cannot be provoked from
//! outside; the linter refuses `flush_async`.

mod error;

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sled::IVec;

pub use self::error::TreesError;
use crate::limits;

use crate::commit_log::BatchNo;
use crate::disk::real::{RealDisk, RealFile};
use crate::disk::{Disk as _, DiskFile as _, OpenMode};
use crate::env::Salts;
use crate::files::directory_id::DirectoryId;
use crate::files::durable;
use crate::files::poison::Poison;
use crate::trees::rows::{self, RowChange};
use crate::trees::wait_for_lock;
use crate::trees::{KEY_BYTES_MAX, MetaKey, RowKey, RowPrefix, Tree};

/// The values of one leaf of sled's tree: it is split when the next visitor finds 17, and may have
/// taken in a neighbour of 3.
const LEAF_VALUES_MAX: usize = 20;
const _: () = assert!(
    (limits::TREE_VALUE_BYTES_MAX + 2 * KEY_BYTES_MAX) * LEAF_VALUES_MAX
        < limits::TREE_SEGMENT_BYTES / 4 - 1024
);
const _: () = assert!(limits::TREE_BATCH_BYTES_MAX * 4 <= limits::TREE_SEGMENT_BYTES);

/// From here on a value is large: one that is worth a change of its leaf beforehand.
pub(crate) const LARGE_VALUE_BYTES: usize = 512;

const DB_FILE: &str = "db";
const CONF_FILE: &str = "conf";
const BLOBS_DIR: &str = "blobs";

/// The trees of one data directory. Clones share them.
#[derive(Clone)]
pub struct Trees(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    db: sled::Db,
    trees: Vec<sled::Tree>,
    /// A second descriptor of sled's file.
    file: RealFile,
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
    /// When sled cannot open them, or says so by a panic.
    pub fn open(dir: &Path, aside: &Path, poison: &Poison) -> Result<Self, TreesError> {
        let open_error = |what: String| TreesError::Open {
            dir: dir.to_owned(),
            what,
        };
        durable::create_dir_all(&RealDisk, dir).map_err(|source| TreesError::Io {
            action: "create",
            path: dir.to_owned(),
            source,
        })?;
        move_aside(dir, aside).map_err(|source| TreesError::Io {
            action: "tidy",
            path: dir.to_owned(),
            source,
        })?;
        wait_for_lock::wait_for_lock(&dir.join(DB_FILE));
        let config = sled::Config::default()
            .path(dir)
            .cache_capacity(limits::TREE_CACHE_BYTES)
            .segment_size(limits::TREE_SEGMENT_BYTES);
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let db = config.open()?;
            let trees = Tree::ALL
                .iter()
                .map(|tree| db.open_tree(tree.name()))
                .collect::<Result<Vec<_>, _>>()?;
            Ok((db, trees))
        }));
        let (db, trees) = match opened {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => return Err(open_error(sled::Error::to_string(&error))),
            Err(panic) => return Err(open_error(panic_text(panic.as_ref()))),
        };
        let path = dir.join(DB_FILE);
        let file = RealFile::open(&path, OpenMode::Write).map_err(|source| TreesError::Io {
            action: "open",
            path,
            source,
        })?;
        let trees = Self(Arc::new(Inner {
            dir: dir.to_owned(),
            db,
            trees,
            file,
            poison: poison.clone(),
        }));
        trees.sync()?;
        sync_names(dir).map_err(|source| TreesError::Io {
            action: "sync",
            path: dir.to_owned(),
            source,
        })?;
        Ok(trees)
    }

    /// The last batch that the trees hold durably.
    ///
    /// # Errors
    /// As [`Trees::read`].
    pub fn checkpoint(&self) -> Result<BatchNo, TreesError> {
        Ok(self
            .read(&RowKey::meta(MetaKey::Checkpoint))?
            .unwrap_or_default())
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
        self.poisoning(self.guarded("write to", |inner| {
            let tree = inner.tree(tree)?;
            let mut batch = sled::Batch::default();
            for (key, value) in small {
                match value {
                    Some(value) => batch.insert(key.bytes(), value.as_slice()),
                    None => batch.remove(key.bytes()),
                }
            }
            tree.apply_batch(batch)?;
            for (key, _) in &large {
                if !tree.contains_key(key.bytes())? {
                    tree.insert(key.bytes(), &[])?;
                }
            }
            for (key, value) in large {
                tree.insert(key.bytes(), value.as_deref().unwrap_or_default())?;
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
        self.poisoning(
            self.guarded("flush", |inner| inner.db.flush())
                .and_then(|_| self.0.sync_file()),
        )
    }

    /// Returns a value as it is stored.
    pub(crate) fn get(&self, key: &RowKey) -> Result<Option<IVec>, TreesError> {
        let found = self.guarded("read", |inner| inner.tree(key.tree())?.get(key.bytes()))?;
        Ok(found.filter(|value| !value.is_empty()))
    }

    /// Returns the last row with this prefix up to `up_to`.
    pub(crate) fn last_value(
        &self,
        prefix: &RowPrefix,
        up_to: &RowKey,
    ) -> Result<Option<(RowKey, IVec)>, TreesError> {
        let found = self.guarded("read", |inner| {
            let mut rows = inner
                .tree(prefix.tree())?
                .range(prefix.bytes()..=up_to.bytes())
                .rev();
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
        let found = self.guarded("read", |inner| {
            let rows = inner
                .tree(prefix.tree())?
                .range(prefix.bytes()..=up_to.bytes());
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
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let from = after.map_or(Included(prefix.bytes()), |after| Excluded(after.bytes()));
        let found = self.guarded("read", |inner| {
            let range = inner
                .tree(prefix.tree())?
                .range::<&[u8], _>((from, Unbounded));
            range
                .take_while(|row| {
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
        call: impl FnOnce(&Inner) -> sled::Result<T>,
    ) -> Result<T, TreesError> {
        match guarded(|| call(&self.0)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(source)) => Err(TreesError::Sled { action, source }),
            Err(what) => {
                let error = TreesError::Panicked { action, what };
                self.0.poison.set(&error);
                Err(error)
            }
        }
    }

    fn poisoning<T>(&self, result: Result<T, TreesError>) -> Result<T, TreesError> {
        result.inspect_err(|error| {
            self.0.poison.set(error);
        })
    }
}

impl Inner {
    fn tree(&self, tree: Tree) -> sled::Result<&sled::Tree> {
        self.trees
            .get(tree as usize)
            .ok_or_else(|| sled::Error::Unsupported(format!("no tree {tree}")))
    }

    fn sync_file(&self) -> Result<(), TreesError> {
        let path = self.dir.join(DB_FILE);
        let io = |action, path, source| TreesError::Io {
            action,
            path,
            source,
        };
        let is_ours = self.file.is_at(&path);
        if !is_ours.map_err(|source| io("inspect", path.clone(), source))? {
            return Err(TreesError::Replaced { path });
        }
        self.file
            .sync_data()
            .map_err(|source| io("sync", path, source))?;
        let blobs = self.dir.join(BLOBS_DIR);
        let side_files = RealDisk.list(&blobs);
        let side_files = side_files.map_err(|source| io("list", blobs.clone(), source))?;
        match side_files.is_empty() {
            true => Ok(()),
            false => Err(TreesError::SideFiles { dir: blobs }),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // After a failure nothing may be written, and the process should end with the reason, not
        // with sled's panic.
        if self.poison.check().is_err() {
            std::mem::forget(self.db.clone());
        }
    }
}

/// Returns whether the value is not empty: see [`Trees::write`].
fn is_row((_, value): &(IVec, IVec)) -> bool {
    !value.is_empty()
}

/// Runs a call of sled, returning a panic as its text.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| panic_text(panic.as_ref()))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a text").to_owned()
}

/// sled syncs neither its `conf` nor the names of its files.
fn sync_names(dir: &Path) -> io::Result<()> {
    RealFile::open(&dir.join(CONF_FILE), OpenMode::Read)?.sync_all()?;
    RealDisk.sync_dir(&dir.join(BLOBS_DIR))?;
    RealDisk.sync_dir(dir)
}

/// Moves half-written snapshots out of the way.
fn move_aside(dir: &Path, aside: &Path) -> io::Result<()> {
    for name in RealDisk.list(dir)? {
        let text = name.to_string_lossy();
        if !(text.starts_with("snap.") && text.ends_with(".generating")) {
            continue;
        }
        durable::create_dir(&RealDisk, aside)?;
        let mut place = aside.join(&name);
        let mut copies = 1_u32;
        while RealDisk.find(&place)?.is_some() {
            place = aside.join(format!("{text}.{copies}"));
            copies += 1;
        }
        RealDisk.rename(&dir.join(&name), &place)?;
        RealDisk.sync_dir(aside)?;
        RealDisk.sync_dir(dir)?;
        tracing::warn!(file = %place.display(), "moved a half-written snapshot aside; nothing is \
             lost");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
