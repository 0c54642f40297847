//! Compaction: `cairn compact`. sled reuses the place of removed rows but hardly ever shortens its
//! file, so all live rows are copied into a new database, which then replaces the old one.
//!
//! ```text
//! trees ─▶ trees.new, synced ─▶ trees to trees.old ─▶ trees.new to trees ─▶ remove trees.old
//! ```
//!
//! The folder is synced after each rename. At any moment of a kill or power cut, one complete
//! database has a name that says so, and [`recover`] reverts or completes at the next start.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, FileKind, OpenMode};
use crate::env::Env;
use crate::files::format::{self, FormatError};
use crate::files::lock::{DirLock, LockError};
use crate::files::poison::Poison;
use crate::limits;
use crate::trees::db::{Trees, TreesError};
use crate::trees::rows::RowChange;
use crate::trees::{MetaKey, RowKey, RowPrefix, Tree};

const TREES: &str = "trees";
const NEW: &str = "trees.new";
const OLD: &str = "trees.old";

/// The result of a compaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compacted {
    pub rows: u64,
    pub before_bytes: u64,
    pub after_bytes: u64,
}

/// Why nothing was compacted. The data directory is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    #[error("{} is not a cairn data directory", .0.display())]
    NoDirectory(PathBuf),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Trees(#[from] TreesError),
    #[error("cannot move {} aside or into its place: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Copies all live rows into a new database. The server must be stopped. `progress` gets the number
/// of rows copied, now and then.
pub fn compact(dir: &Path, progress: &mut dyn FnMut(u64)) -> Result<Compacted, CompactError> {
    compact_in(&Env::real(), dir, progress)
}

fn compact_in(
    env: &Env,
    dir: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Compacted, CompactError> {
    let disk = env.disk.as_ref();
    // Opening would create one.
    if !format::is_data_dir(disk, dir) {
        return Err(CompactError::NoDirectory(dir.to_owned()));
    }
    let lock = DirLock::acquire(disk, dir)?;
    format::check_or_create(disk, dir)?;
    let io = |source| CompactError::Io {
        path: dir.to_owned(),
        source,
    };
    recover(disk, dir).map_err(io)?;
    let before_bytes = bytes_in(disk, &dir.join(TREES)).map_err(io)?;
    let rows = copy(env, dir, &Poison::of(&lock), progress)?;
    replace(disk, dir).map_err(io)?;
    let after_bytes = bytes_in(disk, &dir.join(TREES)).map_err(io)?;
    Ok(Compacted {
        rows,
        before_bytes,
        after_bytes,
    })
}

/// Recovers from an interrupted compaction. Must run before the trees are opened.
pub(crate) fn recover(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    let [trees, new, old] = [TREES, NEW, OLD].map(|name| dir.join(name));
    if disk.is_dir(&old) && disk.find(&trees)?.is_none() {
        disk.rename(&old, &trees)?;
        disk.sync_dir(dir)?;
    }
    for rest in [new, old] {
        if disk.is_dir(&rest) {
            disk.remove_dir_all(&rest)?;
            disk.sync_dir(dir)?;
        }
    }
    Ok(())
}

/// Copies the live rows into a new, durable database next to the old one.
fn copy(
    env: &Env,
    dir: &Path,
    poison: &Poison,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, TreesError> {
    let from = Trees::open_in(env, &dir.join(TREES), &dir.join("aside"), poison)?;
    let to = Trees::open_in(env, &dir.join(NEW), &dir.join("aside"), poison)?;
    let (mut rows, mut unsynced_bytes) = (0, 0);
    for tree in Tree::ALL {
        let mut after: Option<RowKey> = None;
        loop {
            let page = from.scan_values(
                &RowPrefix::all(tree),
                after.as_ref(),
                limits::COMPACT_PAGE_ROWS,
            )?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            rows += page.len() as u64;
            unsynced_bytes += page.iter().map(|(_, value)| value.len()).sum::<usize>();
            to.write(
                tree,
                page.into_iter().map(|(key, value)| RowChange {
                    key,
                    value: Some(value.to_vec()),
                }),
            )?;
            if unsynced_bytes >= limits::TREE_BATCH_BYTES_MAX {
                to.sync()?;
                unsynced_bytes = 0;
            }
            progress(rows);
        }
    }
    to.write(
        Tree::Meta,
        [RowChange::delete(RowKey::meta(MetaKey::Reclaimable))],
    )?;
    to.sync()?;
    Ok(rows)
}

/// Replaces the old database by the new one.
fn replace(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    let [trees, new, old] = [TREES, NEW, OLD].map(|name| dir.join(name));
    sync_files(disk, &new)?;
    disk.rename(&trees, &old)?;
    disk.sync_dir(dir)?;
    disk.rename(&new, &trees)?;
    disk.sync_dir(dir)?;
    disk.remove_dir_all(&old)?;
    disk.sync_dir(dir)
}

/// sled writes once more when it is closed.
fn sync_files(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    for name in disk.list(dir)? {
        let path = dir.join(name);
        if disk.stat(&path)?.kind == FileKind::File {
            disk.open(&path, OpenMode::Read)?.sync_all()?;
        }
    }
    disk.sync_dir(dir)
}

fn bytes_in(disk: &dyn Disk, dir: &Path) -> io::Result<u64> {
    let names = disk.list(dir)?.into_iter();
    names
        .map(|name| Ok(disk.stat(&dir.join(name))?.bytes))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cairn_proto::ids::{ConversationId, MsgId};

    use super::*;
    use crate::checkpoint::free_space::{ReclaimableSpace, reclaimable_bytes};
    use crate::commit_log::Position;
    use crate::disk::real::RealDisk;
    use crate::testing::{copy_dir, open};

    const BLOCKS: u64 = 4_000;
    const KEPT: u64 = 400;

    fn key(n: u64) -> RowKey {
        RowKey::block(ConversationId::new(n % 10 + 1), MsgId::new(n + 1))
    }

    fn value(n: u64) -> Vec<u8> {
        (0..4_000_u64)
            .map(|at| ((at + 1).wrapping_mul(n.wrapping_mul(2_654_435_761) | 1) >> 13) as u8)
            .collect()
    }

    /// A data directory in which nine of ten blocks are gone.
    fn worn() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        format::check_or_create(&RealDisk, dir.path()).unwrap();
        let trees = open(dir.path(), &Poison::new());
        for part in 0..BLOCKS / 100 {
            let part = part * 100..(part + 1) * 100;
            trees
                .write(
                    Tree::Messages,
                    part.map(|n| RowChange {
                        key: key(n),
                        value: Some(value(n)),
                    }),
                )
                .unwrap();
            trees.sync().unwrap();
        }
        for part in 0..(BLOCKS - KEPT) / 100 {
            let part = part * 100..(part + 1) * 100;
            trees
                .write(Tree::Messages, part.map(|n| RowChange::delete(key(n))))
                .unwrap();
            trees.sync().unwrap();
        }
        let reclaimable = ReclaimableSpace {
            removed_bytes: (BLOCKS - KEPT) * 4_000,
            added_bytes: 0,
        }
        .row(&trees)
        .unwrap();
        trees
            .write(
                Tree::Meta,
                [
                    RowChange::put(RowKey::meta(MetaKey::Checkpoint), &Position::at(7)),
                    reclaimable,
                ],
            )
            .unwrap();
        trees.sync().unwrap();
        drop(trees);
        dir
    }

    fn check(dir: &Path) {
        let trees = open(dir, &Poison::new());
        assert_eq!(trees.checkpoint().unwrap(), Position::at(7));
        for n in 0..BLOCKS {
            let found = trees.get(&key(n)).unwrap().map(|found| found.to_vec());
            assert_eq!(found, (n >= BLOCKS - KEPT).then(|| value(n)), "block {n}");
        }
    }

    #[test]
    fn compaction_keeps_live_rows_and_frees_space() {
        let dir = worn();
        let mut copied = 0;
        let Compacted {
            rows,
            before_bytes,
            after_bytes,
        } = compact(dir.path(), &mut |rows| copied = rows).unwrap();
        assert_eq!((rows, copied), (KEPT + 2, KEPT + 2));
        let freed = before_bytes.saturating_sub(after_bytes);
        assert!(
            freed >= (BLOCKS - KEPT) * 4_000,
            "more was reclaimable than the {freed} bytes that were given back"
        );
        assert_eq!(
            reclaimable_bytes(&open(dir.path(), &Poison::new())).unwrap(),
            0
        );
        assert!(
            before_bytes >= BLOCKS * 4_000 && after_bytes < before_bytes / 3,
            "{before_bytes} became {after_bytes}"
        );
        check(dir.path());
        assert!(!dir.path().join(NEW).exists() && !dir.path().join(OLD).exists());
    }

    #[test]
    fn kill_at_any_step_loses_nothing() {
        let dir = worn();
        let [trees, new, old] = [TREES, NEW, OLD].map(|name| dir.path().join(name));
        let crash = |dir: &Path| {
            let crashed = tempfile::tempdir().unwrap();
            copy_dir(dir, crashed.path());
            crashed
        };
        fs::create_dir(&new).unwrap();
        fs::write(new.join("db"), "half of it").unwrap();
        let mut crashes = vec![crash(dir.path())];
        fs::remove_dir_all(&new).unwrap();
        copy(&Env::real(), dir.path(), &Poison::new(), &mut |_| ()).unwrap();
        crashes.push(crash(dir.path()));
        fs::rename(&trees, &old).unwrap();
        crashes.push(crash(dir.path()));
        fs::rename(&new, &trees).unwrap();
        crashes.push(crash(dir.path()));
        fs::remove_file(old.join("db")).unwrap();
        crashes.push(crash(dir.path()));
        for crashed in crashes {
            recover(&RealDisk, crashed.path()).unwrap();
            check(crashed.path());
            assert!(!crashed.path().join(NEW).exists() && !crashed.path().join(OLD).exists());
            recover(&RealDisk, crashed.path()).unwrap();
        }
    }

    #[test]
    fn running_server_is_not_compacted() {
        let dir = worn();
        let _lock = DirLock::acquire(&RealDisk, dir.path()).unwrap();
        assert!(matches!(
            compact(dir.path(), &mut |_| ()),
            Err(CompactError::Lock(_))
        ));
        assert!(matches!(
            compact(&dir.path().join("aside"), &mut |_| ()),
            Err(CompactError::NoDirectory(_))
        ));
    }
}
