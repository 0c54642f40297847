//! sled 0.34.7, with its traps walled off. No other file calls it.
//!
//! * `flush` is no fsync: [`Trees::sync`] adds `fdatasync` on a descriptor of our own. A write
//!   error that sled's own flusher thread met and only logged comes up there as well: the kernel
//!   tells it to every descriptor once.
//! * A new page may overwrite a segment whose live contents have moved into a segment that was
//!   written but never synced. sled frees a segment only after a whole further segment was written,
//!   so a sync after each [`limits::TREE_BATCH_BYTES_MAX`] comes first.
//! * A page near a quarter of a segment goes to `blobs/`, which nobody syncs. A leaf has at most 20
//!   values, so [`limits::TREE_SEGMENT_BYTES`] and [`limits::TREE_VALUE_BYTES_MAX`] keep every page
//!   below; [`Trees::sync`] fails if one is there.
//! * A half-written `snap.*.generating` makes the next open fail: it is moved aside first. Nothing
//!   refers to it.
//! * Corruption shows as a panic as often as an error: every call is behind [`guarded`], which
//!   turns a panic into an error and poisons the store. A panic in one of sled's own threads cannot
//!   be caught; the next flush fails or the process stands still in it.
//! * Damage near the end of its file it takes for a torn write, and silently goes back to what was
//!   before. The recorded checkpoint is always the last that is written, so it goes back as well,
//!   and the commit log then says which batches it lacks.
//! * `flush_async` deadlocks and is a disallowed method; `flush` is never called in a transaction,
//!   as there are none.
//! * `flush_every_ms` keeps its default, and batches stay within [`limits::TREE_BATCH_ROWS_MAX`]:
//!   else its memory has no bound.
//! * `mode` and `segment_cleanup_threshold` do nothing in this version, and its compression is
//!   slow: none is set.
//! * It syncs neither its `conf` nor its folder: [`Trees::open`] does.
//! * When its last handle goes it writes once more, and panics when that fails: a poisoned store
//!   keeps one handle for ever.
//!
//! Each has a test in `db/tests.rs`, but for these. That `fdatasync` is needed and called only a
//! power cut shows: `tests/powercut/run.py`, which also takes it out to see the loss. Memory only a
//! long run shows: `cairn bench fill`. A panic in one of sled's threads cannot be brought about
//! from outside; `flush_async` is refused by the linter.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sled::IVec;

use crate::limits;

use crate::commit_log::BatchNo;
use crate::files::durable;
use crate::files::poison::{Poison, Poisoned};
use crate::trees::rows::{self, RowChange, RowError};
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
    /// Our own descriptor of sled's file.
    file: File,
    poison: Poison,
}

impl std::fmt::Debug for Trees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trees")
            .field("dir", &self.0.dir)
            .finish_non_exhaustive()
    }
}

/// What went wrong with the trees.
#[derive(Debug, thiserror::Error)]
pub enum TreesError {
    /// They do not open.
    #[error("cannot open the trees in {}: {what}; if the disk is sound, restore the data directory from a backup", .dir.display())]
    Open {
        /// Their folder.
        dir: PathBuf,
        /// What sled said.
        what: String,
    },
    /// A file could not be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// sled refused.
    #[error("cannot {action} the trees: {source}")]
    Sled {
        /// What was tried.
        action: &'static str,
        /// What it said.
        source: sled::Error,
    },
    /// sled panicked, as it does on damaged files.
    #[error(
        "cannot {action} the trees, they seem to be damaged: {what}; restore the data directory from a backup"
    )]
    Panicked {
        /// What was tried.
        action: &'static str,
        /// The panic's text.
        what: String,
    },
    /// A value is larger than sled can keep safely. Nothing was written.
    #[error(
        "the row {key} has {bytes} bytes, where {} are allowed",
        limits::TREE_VALUE_BYTES_MAX
    )]
    ValueTooLarge {
        /// Its key.
        key: RowKey,
        /// Its size.
        bytes: usize,
    },
    /// sled's file is not the one that was opened.
    #[error("{} was replaced while it was in use", .path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// sled wrote a side file, which it never syncs.
    #[error("there are side files in {}, which cannot be made durable", .dir.display())]
    SideFiles {
        /// Their folder.
        dir: PathBuf,
    },
    /// A value is not what was written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// An earlier write failed.
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
}

impl Trees {
    /// Opens the trees in `dir`, or makes them. What stands in the way is moved to `aside`.
    ///
    /// # Errors
    /// When sled cannot open them, or says so by a panic.
    pub fn open(dir: &Path, aside: &Path, poison: &Poison) -> Result<Self, TreesError> {
        let open_error = |what: String| TreesError::Open {
            dir: dir.to_owned(),
            what,
        };
        durable::create_dir_all(dir).map_err(|source| TreesError::Io {
            action: "make",
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
        let file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|source| TreesError::Io {
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
    /// Small rows go in together. Large ones go in one by one in the order of their keys, and the
    /// new keys among them first, with nothing under them: sled rewrites a leaf after ten changes
    /// and when it splits, and this way a value is written about once instead of three times. A row
    /// with nothing under it is none: readers pass over it, and after a crash the replay of the log
    /// writes it again.
    ///
    /// # Errors
    /// When a value is too large; nothing has happened then. Any other error ends all writing.
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

    /// Makes everything that was written durable.
    ///
    /// # Errors
    /// Any error ends all writing: a sync that failed cannot be tried again.
    pub fn sync(&self) -> Result<(), TreesError> {
        self.0.poison.check()?;
        self.poisoning(
            self.guarded("flush", |inner| inner.db.flush())
                .and_then(|_| self.0.sync_file()),
        )
    }

    /// A value, as it is stored.
    pub(crate) fn get(&self, key: &RowKey) -> Result<Option<IVec>, TreesError> {
        let found = self.guarded("read", |inner| inner.tree(key.tree())?.get(key.bytes()))?;
        Ok(found.filter(|value| !value.is_empty()))
    }

    /// The last row that begins with `prefix` and does not stand behind `up_to`.
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

    /// The keys that begin with `prefix` and stand behind `after`, with those that have nothing
    /// under them.
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

    /// The first keys that begin with `prefix` and do not stand behind `up_to`, with those that
    /// have nothing under them, and how many bytes each has under it.
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
        if !is_same_file(&self.file, &path).map_err(|source| io("look at", path.clone(), source))? {
            return Err(TreesError::Replaced { path });
        }
        self.file
            .sync_data()
            .map_err(|source| io("sync", path, source))?;
        let blobs = self.dir.join(BLOBS_DIR);
        let mut side_files =
            fs::read_dir(&blobs).map_err(|source| io("list", blobs.clone(), source))?;
        if side_files.next().is_some() {
            Err(TreesError::SideFiles { dir: blobs })
        } else {
            Ok(())
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // After a failure nothing is written any more, and the process is about to end with the
        // reason, not with sled's panic.
        if self.poison.check().is_err() {
            std::mem::forget(self.db.clone());
        }
    }
}

/// Whether anything is under the key: see [`Trees::write`].
fn is_row((_, value): &(IVec, IVec)) -> bool {
    !value.is_empty()
}

/// Runs a call of sled. A panic comes back as its text.
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

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (ours, theirs) = (file.metadata()?, fs::metadata(path)?);
    Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()))
}

/// Elsewhere a file in use cannot be replaced.
#[cfg(not(unix))]
fn is_same_file(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

/// sled syncs neither its `conf` nor the names of its files.
fn sync_names(dir: &Path) -> io::Result<()> {
    File::open(dir.join(CONF_FILE))?.sync_all()?;
    durable::sync_dir(&dir.join(BLOBS_DIR))?;
    durable::sync_dir(dir)
}

/// Moves half-written snapshots out of the way.
fn move_aside(dir: &Path, aside: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let text = name.to_string_lossy();
        if !(text.starts_with("snap.") && text.ends_with(".generating")) {
            continue;
        }
        durable::create_dir(aside)?;
        let mut place = aside.join(&name);
        let mut copies = 1_u32;
        while place.exists() {
            place = aside.join(format!("{text}.{copies}"));
            copies += 1;
        }
        fs::rename(dir.join(&name), &place)?;
        durable::sync_dir(aside)?;
        durable::sync_dir(dir)?;
        tracing::warn!(file = %place.display(), "moved a half-written snapshot aside; nothing is lost");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
