//! The trees in sled 0.34.7, with workarounds for its defects. No other file calls it.
//!
//! * `flush` is no fsync: [`Database::sync`] adds `fdatasync` on its own descriptor. A write error
//!   that sled's flusher thread only logged is reported there as well, since the kernel reports it
//!   once to every descriptor.
//! * A new page may overwrite a segment whose live contents moved into a segment that was written
//!   but never synced. sled frees a segment only after a whole further segment was written, so a
//!   sync after each `limits::TREE_BATCH_BYTES_MAX` comes first.
//! * A page near a quarter of a segment goes to `blobs/`, which is never synced. A leaf has at most
//!   20 values, so `limits::TREE_SEGMENT_BYTES` and `limits::TREE_VALUE_BYTES_MAX` keep every
//!   page below; [`Database::sync`] fails if one is there.
//! * A half-written `snap.*.generating` makes the next open fail: it is moved aside first. Nothing
//!   refers to it.
//! * Corruption causes a panic as often as an error: every call goes through `guarded`, which
//!   turns a panic into an error, and [`Trees`](super::Trees) poisons the store. A panic in one of
//!   sled's own threads cannot be caught; the next flush fails or hangs.
//! * It takes damage near the end of its file for a torn write, and silently reverts to an earlier
//!   state. The recorded checkpoint is always written last, so it is reverted as well, and the
//!   commit log then begins after it.
//! * `flush_async` deadlocks and is a disallowed method; `flush` is never called in a transaction,
//!   as there are none.
//! * `flush_every_ms` keeps its default, and batches stay within `limits::TREE_BATCH_ROWS_MAX`:
//!   otherwise its memory is unbounded.
//! * `mode` and `segment_cleanup_threshold` do nothing in this version, and its compression is
//!   slow: none is set.
//! * A read that fails while it opens destroys what was not read: `sled_image` checks and restores.
//! * It syncs neither its `conf` nor its folder: [`SledDb::open`] does. A kill between the two
//!   writes of a new `conf` makes every later open fail: without a `db` it is removed first.
//! * When its last handle is dropped it writes and syncs once more, and panics when that fails: the
//!   panic poisons the store, and a store that is poisoned before keeps its handles forever.
//!
//! Each has a test in `db/tests.rs`, with these exceptions. Only a power cut shows that `fdatasync`
//! is needed and called: `tests/powercut/run.py` also removes it to see the loss. Only a preloaded
//! library makes the last sync fail: `tests/operating/closing.rs`. Only a long run shows memory:
//! `cairn bench fill`. A panic in one of sled's threads cannot be provoked from outside; the linter
//! refuses `flush_async`.

use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sled::IVec;

use super::database::{Database, Entries};
use super::error::TreesError;
use super::sled_image::{DB_FILE, Image, Trial};
use crate::disk::real::{RealDisk, RealFile};
use crate::disk::{Disk as _, DiskFile as _, OpenMode};
use crate::files::durable;
use crate::files::poison::Poison;
use crate::limits;
use crate::trees::wait_for_lock;
use crate::trees::{KEY_BYTES_MAX, RowKey, Tree};

/// The values of one leaf of sled's tree: it is split when the next visitor finds 17, and may have
/// taken in a neighbour of 3.
const LEAF_VALUES_MAX: usize = 20;
const _: () = assert!(
    (limits::TREE_VALUE_BYTES_MAX + 2 * KEY_BYTES_MAX) * LEAF_VALUES_MAX
        < limits::TREE_SEGMENT_BYTES / 4 - 1024
);
const _: () = assert!(limits::TREE_BATCH_BYTES_MAX * 4 <= limits::TREE_SEGMENT_BYTES);

const CONF_FILE: &str = "conf";
const BLOBS_DIR: &str = "blobs";

pub(super) struct SledDb {
    dir: PathBuf,
    /// Until it is closed.
    db: Option<sled::Db>,
    trees: Vec<sled::Tree>,
    /// A second descriptor of sled's file.
    file: RealFile,
    poison: Poison,
}

impl SledDb {
    /// Opens the database in `dir`, or creates it, on the disk of this machine. Files that prevent
    /// this are moved to `aside`.
    pub(super) fn open(dir: &Path, aside: &Path, poison: &Poison) -> Result<Self, TreesError> {
        let open_error = |what: String| TreesError::Open {
            dir: dir.to_owned(),
            what,
        };
        let io = |action, source| TreesError::Io {
            action,
            path: dir.to_owned(),
            source,
        };
        durable::create_dir_all(&RealDisk, dir).map_err(|source| io("create", source))?;
        let tidied = remove_torn_conf(dir).and_then(|()| move_aside(dir, aside));
        tidied.map_err(|source| io("tidy", source))?;
        Self::wait_until_closed(dir);
        let image = Image::take(dir).map_err(|source| io("read", source))?;
        let opened = match image {
            Some(image) => image.recover(|trial| open_sled(dir, trial), close_sled),
            None => open_sled(dir, Trial::Again),
        };
        let (db, trees) = opened.map_err(open_error)?;
        let path = dir.join(DB_FILE);
        let file = RealFile::open(&path, OpenMode::Write);
        let file = file.map_err(|source| TreesError::Io {
            action: "open",
            path,
            source,
        })?;
        sync_names(dir).map_err(|source| io("sync", source))?;
        Ok(Self {
            dir: dir.to_owned(),
            db: Some(db),
            trees,
            file,
            poison: poison.clone(),
        })
    }

    /// Waits for a moment until no other handle uses the files.
    pub(super) fn wait_until_closed(dir: &Path) {
        wait_for_lock::wait_for_lock(&dir.join(DB_FILE));
    }

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

impl Database for SledDb {
    fn apply(&self, tree: Tree, changes: &[(&RowKey, Option<&[u8]>)]) -> sled::Result<()> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.bytes(), *value),
                None => batch.remove(key.bytes()),
            }
        }
        self.tree(tree)?.apply_batch(batch)
    }

    fn insert(&self, key: &RowKey, value: &[u8]) -> sled::Result<()> {
        self.tree(key.tree())?.insert(key.bytes(), value).map(drop)
    }

    fn get(&self, key: &RowKey) -> sled::Result<Option<IVec>> {
        self.tree(key.tree())?.get(key.bytes())
    }

    fn range(&self, tree: Tree, range: (Bound<&[u8]>, Bound<&[u8]>)) -> sled::Result<Entries<'_>> {
        Ok(Box::new(self.tree(tree)?.range::<&[u8], _>(range)))
    }

    fn sync(&self) -> Result<(), TreesError> {
        let flushed = self.db.as_ref().map_or(Ok(0), |db| db.flush());
        flushed.map_err(|source| TreesError::Sled {
            action: "flush",
            source,
        })?;
        self.sync_file()
    }
}

impl Drop for SledDb {
    fn drop(&mut self) {
        let sled = (std::mem::take(&mut self.trees), self.db.take());
        if self.poison.check().is_err() {
            // After a failure nothing may be written.
            std::mem::forget(sled);
        } else if let Err(what) = guarded(move || drop(sled)) {
            self.poison.set(TreesError::Close { what });
        }
    }
}

pub(super) type Opened = (sled::Db, Vec<sled::Tree>);

pub(super) fn open_sled(dir: &Path, trial: Trial) -> Result<Opened, String> {
    let mut config = sled::Config::default()
        .path(dir)
        .cache_capacity(limits::TREE_CACHE_BYTES)
        .segment_size(limits::TREE_SEGMENT_BYTES);
    if trial == Trial::First {
        // Nothing is written while it is compared.
        config = config.flush_every_ms(None);
    }
    let opened = guarded(|| {
        let db = config.open()?;
        let trees = Tree::ALL
            .iter()
            .map(|tree| db.open_tree(tree.name()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok((db, trees))
    });
    opened?.map_err(|error| sled::Error::to_string(&error))
}

pub(super) fn close_sled((db, trees): Opened) -> Result<(), String> {
    guarded(move || drop((trees, db)))
}

/// Runs a call of sled, returning a panic as its text.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
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

/// Removes sled's `conf` as long as nothing else was written.
fn remove_torn_conf(dir: &Path) -> io::Result<()> {
    let bytes_of = |name| {
        let found = RealDisk.find(&dir.join(name))?;
        Ok::<_, io::Error>(found.map(|stat| stat.bytes))
    };
    if bytes_of(DB_FILE)?.unwrap_or(0) == 0 && bytes_of(CONF_FILE)?.is_some() {
        RealDisk.remove_file(&dir.join(CONF_FILE))?;
    }
    Ok(())
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
