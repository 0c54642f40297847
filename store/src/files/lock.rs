//! The lock: one server per data directory.
//!
//! ```text
//! 4711
//! unsynced
//! ```
//!
//! The file names the process. Its second line says that a sync may have failed: what the page
//! cache shows of other files may never reach the disk, and no later sync would write it. The line
//! itself needs no sync, since a power cut that loses it loses the page cache as well.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, warn};

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::files::durable;

const FILE_NAME: &str = "lock";

/// Bytes of a lock file that are read.
const CONTENT_BYTES_MAX: usize = 64;

const UNSYNCED: &[u8] = b"unsynced\n";

/// Holds the lock while it lives. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirLock {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    /// The bytes of the line with the process id.
    pid_bytes: u64,
    was_unsynced: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(
        "the data directory {} is in use by another server{}",
        .dir.display(), of_process(.pid.as_deref())
    )]
    Held {
        dir: PathBuf,
        /// The other server's process id, if readable.
        pid: Option<String>,
    },
    #[error("cannot use the data directory {}: {source}", .dir.display())]
    Io { dir: PathBuf, source: io::Error },
}

impl DirLock {
    /// Locks the directory. If missing, it is created for its owner alone.
    pub(crate) fn acquire(disk: &dyn Disk, dir: &Path) -> Result<Arc<Self>, LockError> {
        let io = |source| LockError::Io {
            dir: dir.to_owned(),
            source,
        };
        durable::create_dir_all(disk, dir).map_err(io)?;
        let path = dir.join(FILE_NAME);
        let file = disk.open(&path, OpenMode::Create).map_err(io)?;
        if !file.try_lock().map_err(io)? {
            return Err(LockError::Held {
                dir: dir.to_owned(),
                pid: read(file.as_ref()).ok().and_then(|content| content.pid),
            });
        }
        let was_unsynced = read(file.as_ref()).map_err(io)?.is_marked;
        let pid = format!("{}\n", disk.pid());
        let lock = Self {
            file,
            path,
            pid_bytes: pid.len() as u64,
            was_unsynced,
        };
        lock.write(pid.as_bytes()).map_err(io)?;
        Ok(Arc::new(lock))
    }

    /// Empty until it is complete, which counts as marked.
    fn write(&self, pid: &[u8]) -> io::Result<()> {
        let mark = if self.was_unsynced { UNSYNCED } else { b"" };
        self.file.set_len(0)?;
        self.file.write_at(&[pid, mark].concat(), 0)
    }

    /// Returns whether a sync may have failed since the machine started.
    pub(crate) const fn was_unsynced(&self) -> bool {
        self.was_unsynced
    }

    /// Records that a sync may have failed.
    pub(crate) fn mark_unsynced(&self) {
        let marked = self.file.write_at(UNSYNCED, self.pid_bytes);
        if let Err(error) = marked.or_else(|_| self.file.set_len(0)) {
            error!(%error, file = %self.path.display(), "cannot record that a sync failed; restart \
                 the machine before the server, so that it reads what the disk has");
        }
    }

    /// Records that everything that counts as durable is. A failure only costs work: it is done
    /// again at the next start.
    pub(crate) fn mark_synced(&self) {
        if let Err(error) = self.file.set_len(self.pid_bytes) {
            warn!(%error, file = %self.path.display(), "cannot record that all is synced");
        }
    }

    /// Returns whether a file of this name belongs to the lock.
    #[must_use]
    pub(crate) fn is_lock_file(name: &std::ffi::OsStr) -> bool {
        name == FILE_NAME
    }
}

/// The lines of a lock file.
struct Content {
    pid: Option<String>,
    is_marked: bool,
}

fn read(file: &dyn DiskFile) -> io::Result<Content> {
    let mut text = [0; CONTENT_BYTES_MAX];
    let read = file.read_at(&mut text, 0)?;
    let text = text.get(..read).unwrap_or_default();
    let (pid, rest) = match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => text.split_at(end + 1),
        None => (text, [].as_slice()),
    };
    let pid = std::str::from_utf8(pid).map(str::trim_end).ok();
    let pid = pid.filter(|pid| !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(Content {
        pid: pid.map(str::to_owned),
        // Emptied when the mark could not be written.
        is_marked: pid.is_none() || !rest.is_empty(),
    })
}

fn of_process(pid: Option<&str>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::real::RealDisk;
    use crate::testing::{Call, Failure, Fault, SimDisk};

    #[test]
    fn second_server_gets_the_owners_pid() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        let first = DirLock::acquire(&RealDisk, &data).unwrap();
        let error = DirLock::acquire(&RealDisk, &data).unwrap_err().to_string();
        let expected = format!(
            "the data directory {} is in use by another server (process {})",
            data.display(),
            std::process::id()
        );
        assert_eq!(error, expected);
        drop(first);
        DirLock::acquire(&RealDisk, &data).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn new_directory_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let _lock = DirLock::acquire(&RealDisk, &data).unwrap();
        assert_eq!(
            std::fs::metadata(&data).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }

    #[test]
    fn mark_is_kept_until_it_is_removed() {
        let disk = SimDisk::new(1);
        let acquire = || DirLock::acquire(&disk, Path::new("/data")).unwrap();
        assert!(acquire().was_unsynced(), "nothing is known of a new one");
        let lock = acquire();
        assert!(lock.was_unsynced());
        lock.mark_synced();
        drop(lock);
        assert!(!acquire().was_unsynced());
        acquire().mark_unsynced();
        assert!(acquire().was_unsynced());
        acquire().mark_synced();
        // An error in place of the mark is one as well.
        let lock = acquire();
        disk.fail(Fault {
            call: Call::Write,
            nth: 1,
            failure: Failure::Io,
            is_sticky: true,
        });
        lock.mark_unsynced();
        disk.clear_faults();
        drop(lock);
        assert!(acquire().was_unsynced());
    }

    #[test]
    fn file_in_place_of_directory_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::write(&data, "text").unwrap();
        assert!(
            DirLock::acquire(&RealDisk, &data)
                .unwrap_err()
                .to_string()
                .starts_with(&format!("cannot use the data directory {}", data.display()))
        );
    }
}
