//! One server for each data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::files::durable;

const FILE_NAME: &str = "lock";

/// The data directory is ours while this lives. The system lets go of it when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

/// Why the data directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another server has it.
    #[error("the data directory {} is in use by another server{}", .dir.display(), of_process(.pid.as_deref()))]
    Held {
        /// The directory.
        dir: PathBuf,
        /// The other server's process id, when it could be read.
        pid: Option<String>,
    },
    /// It cannot be made, or not written to.
    #[error("cannot use the data directory {}: {source}", .dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DirLock {
    /// Takes the directory. It is made, for its owner alone, when it is not there.
    ///
    /// # Errors
    /// When another server has it, and when it cannot be made or written to.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
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

    /// Whether a file of this name is the lock's own.
    #[must_use]
    pub fn is_lock_file(name: &std::ffi::OsStr) -> bool {
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
    fn the_second_server_is_told_who_has_the_directory() {
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
    fn a_new_directory_is_for_its_owner_alone() {
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
    fn a_file_in_its_place_is_named() {
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
