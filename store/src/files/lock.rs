//! The lock: one server per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::files::durable;

const FILE_NAME: &str = "lock";

/// Holds the lock while it lives. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
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
    pub(crate) fn acquire(dir: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io {
            dir: dir.to_owned(),
            source,
        };
        durable::create_dir_all(dir).map_err(io)?;
        let path = dir.join(FILE_NAME);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    dir: dir.to_owned(),
                    pid: read_pid(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        write_pid(&mut file).map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Returns whether a file of this name belongs to the lock.
    #[must_use]
    pub(crate) fn is_lock_file(name: &std::ffi::OsStr) -> bool {
        name == FILE_NAME
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    let pid = text.trim();
    (!pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())).then(|| pid.to_owned())
}

fn of_process(pid: Option<&str>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_server_gets_the_owners_pid() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a/b");
        let first = DirLock::acquire(&data).unwrap();
        let error = DirLock::acquire(&data).unwrap_err().to_string();
        let expected = format!(
            "the data directory {} is in use by another server (process {})",
            data.display(),
            std::process::id()
        );
        assert_eq!(error, expected);
        drop(first);
        DirLock::acquire(&data).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn new_directory_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let _lock = DirLock::acquire(&data).unwrap();
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
            DirLock::acquire(&data)
                .unwrap_err()
                .to_string()
                .starts_with(&format!("cannot use the data directory {}", data.display()))
        );
    }
}
