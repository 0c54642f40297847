//! The lock: one server per data directory.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::files::durable;

const FILE_NAME: &str = "lock";

/// Bytes of a lock file that are read for a process id.
const PID_BYTES_MAX: usize = 32;

/// Holds the lock while it lives. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: Box<dyn DiskFile>,
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
    pub(crate) fn acquire(disk: &dyn Disk, dir: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io {
            dir: dir.to_owned(),
            source,
        };
        durable::create_dir_all(disk, dir).map_err(io)?;
        let file = disk
            .open(&dir.join(FILE_NAME), OpenMode::Create)
            .map_err(io)?;
        if !file.try_lock().map_err(io)? {
            return Err(LockError::Held {
                dir: dir.to_owned(),
                pid: read_pid(file.as_ref()),
            });
        }
        write_pid(file.as_ref(), disk.pid()).map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Returns whether a file of this name belongs to the lock.
    #[must_use]
    pub(crate) fn is_lock_file(name: &std::ffi::OsStr) -> bool {
        name == FILE_NAME
    }
}

fn write_pid(file: &dyn DiskFile, pid: u32) -> io::Result<()> {
    file.set_len(0)?;
    file.write_at(format!("{pid}\n").as_bytes(), 0)
}

fn read_pid(file: &dyn DiskFile) -> Option<String> {
    let mut text = [0; PID_BYTES_MAX];
    let read = file.read_at(&mut text, 0).ok()?;
    let pid = std::str::from_utf8(text.get(..read)?).ok()?.trim();
    (!pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())).then(|| pid.to_owned())
}

fn of_process(pid: Option<&str>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::real::RealDisk;

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
