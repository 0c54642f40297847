//! The format version of a data directory, in a small text file, so that no server reads what it
//! does not understand.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, FileKind};
use crate::files::durable;
use crate::files::lock::DirLock;

const FILE_NAME: &str = "format";
const FIRST_WORD: &str = "cairn";

/// The version that this server reads and writes.
pub(crate) const FORMAT_VERSION: u32 = 5;

/// The oldest version that this server reads.
pub(crate) const FORMAT_VERSION_MIN: u32 = 2;

#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error(
        "{} is not a cairn data directory: it holds {found}, but no file named {FILE_NAME}; \
         choose an empty or new directory",
        .dir.display()
    )]
    Foreign { dir: PathBuf, found: String },
    #[error(
        "{} was written by a newer cairn (format {version}, this one knows {FORMAT_VERSION}); \
         start it with that version or a later one",
        .dir.display()
    )]
    Newer { dir: PathBuf, version: u32 },
    #[error(
        "{} was written by a cairn from before the first release (format {version}, this one \
         knows {FORMAT_VERSION}); use the version that wrote it",
        .dir.display()
    )]
    Older { dir: PathBuf, version: u32 },
    #[error(
        "{} is damaged: it does not name a format version; restore the directory from a backup",
        .path.display()
    )]
    Damaged { path: PathBuf },
    #[error("cannot use {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The version of a data directory that this server can open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Current,
    /// Nothing of it changed since, but it holds no support desk. [`raise`] it once the directory
    /// is open.
    Format4,
    /// Users, links and members are stored without what format 4 added. [`raise`] it once the
    /// directory is open.
    Format3,
    /// As format 3, without a watermark and the id of the directory.
    Format2,
}

impl Format {
    /// Returns the version.
    pub(crate) const fn version(self) -> u32 {
        match self {
            Self::Current => FORMAT_VERSION,
            Self::Format4 => 4,
            Self::Format3 => 3,
            Self::Format2 => 2,
        }
    }

    /// Whether the directory has an id and its log a watermark.
    pub(crate) const fn has_watermark(self) -> bool {
        !matches!(self, Self::Format2)
    }
}

/// Checks the version of a data directory; a new one gets the current version, durably. Take the
/// lock first.
pub(crate) fn check_or_create(disk: &dyn Disk, dir: &Path) -> Result<Format, FormatError> {
    let path = dir.join(FILE_NAME);
    match disk.read(&path) {
        Ok(bytes) => check(dir, &path, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(found) = foreign_file(disk, dir)? {
                return Err(FormatError::Foreign {
                    dir: dir.to_owned(),
                    found,
                });
            }
            raise(disk, dir)?;
            Ok(Format::Current)
        }
        Err(source) => Err(FormatError::Io { path, source }),
    }
}

/// Records the current version, durably.
pub(crate) fn raise(disk: &dyn Disk, dir: &Path) -> Result<(), FormatError> {
    let path = dir.join(FILE_NAME);
    let text = format!("{FIRST_WORD} {FORMAT_VERSION}\n");
    durable::write_file(disk, &path, text.as_bytes())
        .map_err(|source| FormatError::Io { path, source })
}

/// Returns whether a directory is a data directory, of any version.
#[must_use]
pub(crate) fn is_data_dir(disk: &dyn Disk, dir: &Path) -> bool {
    disk.stat(&dir.join(FILE_NAME))
        .is_ok_and(|stat| stat.kind != FileKind::Folder)
}

fn check(dir: &Path, path: &Path, bytes: &[u8]) -> Result<Format, FormatError> {
    let version = std::str::from_utf8(bytes).ok().and_then(|text| {
        text.trim_end()
            .strip_prefix(FIRST_WORD)?
            .trim()
            .parse()
            .ok()
    });
    match version {
        Some(FORMAT_VERSION) => Ok(Format::Current),
        Some(4) => Ok(Format::Format4),
        Some(3) => Ok(Format::Format3),
        Some(FORMAT_VERSION_MIN) => Ok(Format::Format2),
        Some(version) if version > FORMAT_VERSION => Err(FormatError::Newer {
            dir: dir.to_owned(),
            version,
        }),
        Some(version) if version > 0 => Err(FormatError::Older {
            dir: dir.to_owned(),
            version,
        }),
        _ => Err(FormatError::Damaged {
            path: path.to_owned(),
        }),
    }
}

/// Returns a file that is neither the lock nor a temporary format file.
fn foreign_file(disk: &dyn Disk, dir: &Path) -> Result<Option<String>, FormatError> {
    let io = |source| FormatError::Io {
        path: dir.to_owned(),
        source,
    };
    for name in disk.list(dir).map_err(io)? {
        if !DirLock::is_lock_file(&name)
            && Path::new(&name) != Path::new(FILE_NAME).with_extension("new")
        {
            return Ok(Some(name.to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::disk::real::RealDisk;

    fn check_or_create(dir: &Path) -> Result<Format, FormatError> {
        super::check_or_create(&RealDisk, dir)
    }

    #[test]
    fn new_directory_gets_current_version() {
        let dir = tempfile::tempdir().unwrap();
        let _lock = DirLock::acquire(&RealDisk, dir.path()).unwrap();
        fs::write(dir.path().join("format.new"), "cai").unwrap();
        check_or_create(dir.path()).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join(FILE_NAME)).unwrap(),
            "cairn 5\n"
        );
        assert_eq!(check_or_create(dir.path()).unwrap(), Format::Current);
        fs::write(dir.path().join(FILE_NAME), "cairn 2\n").unwrap();
        assert_eq!(check_or_create(dir.path()).unwrap(), Format::Format2);
        fs::write(dir.path().join(FILE_NAME), "cairn 3\n").unwrap();
        assert_eq!(check_or_create(dir.path()).unwrap(), Format::Format3);
        fs::write(dir.path().join(FILE_NAME), "cairn 4\n").unwrap();
        assert_eq!(check_or_create(dir.path()).unwrap(), Format::Format4);
        raise(&RealDisk, dir.path()).unwrap();
        assert_eq!(check_or_create(dir.path()).unwrap(), Format::Current);
    }

    #[test]
    fn other_versions_are_refused_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter.txt"), "dear").unwrap();
        let error = check_or_create(dir.path()).unwrap_err();
        assert!(
            matches!(&error, FormatError::Foreign { found, .. } if found == "letter.txt"),
            "{error}"
        );
        assert!(!dir.path().join(FILE_NAME).exists());

        fs::write(dir.path().join(FILE_NAME), "cairn 6\n").unwrap();
        assert!(matches!(
            check_or_create(dir.path()),
            Err(FormatError::Newer { version: 6, .. })
        ));
        fs::write(dir.path().join(FILE_NAME), "cairn 1\n").unwrap();
        assert!(matches!(
            check_or_create(dir.path()),
            Err(FormatError::Older { version: 1, .. })
        ));
        for damaged in ["", "cairn", "cairn x", "cairn 0", "1\n"] {
            fs::write(dir.path().join(FILE_NAME), damaged).unwrap();
            assert!(
                matches!(
                    check_or_create(dir.path()),
                    Err(FormatError::Damaged { .. })
                ),
                "{damaged:?}"
            );
        }
    }
}
