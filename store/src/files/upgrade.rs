//! The copy of a data directory that is kept before its format is converted.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::files::durable;
use crate::files::format::{FORMAT_VERSION, Format};

/// What a copy contains. Attachments stay where they are: no format changes them.
const COPIED: [&str; 5] = ["log", "trees", "identity", "watermark", "format"];

#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    #[error(
        "the data directory {} has format {version}, and there is no space to keep a copy of it \
         before it is converted to {FORMAT_VERSION}: free {wanted_bytes} bytes",
        .dir.display()
    )]
    NoSpace {
        dir: PathBuf,
        version: u32,
        wanted_bytes: u64,
    },
    #[error(
        "cannot keep a copy before the conversion to format {FORMAT_VERSION}, {}: {source}",
        .path.display()
    )]
    Io { path: PathBuf, source: io::Error },
}

/// Keeps a copy of a data directory of an older format. Take the lock first.
pub(crate) fn keep_copy(disk: &dyn Disk, dir: &Path, format: Format) -> Result<(), UpgradeError> {
    let copy = copy_of(dir, format);
    let io = |source| UpgradeError::Io {
        path: copy.clone(),
        source,
    };
    // Only a complete copy has this name. It is never made again: the directory may have changed
    // since.
    if disk.is_dir(&copy) {
        return Ok(());
    }
    let wanted_bytes = bytes_of_all(disk, dir).map_err(io)?;
    if disk
        .space(dir)
        .is_some_and(|space| space.free_bytes < wanted_bytes)
    {
        return Err(UpgradeError::NoSpace {
            dir: dir.to_owned(),
            version: format.version(),
            wanted_bytes,
        });
    }
    keep(disk, dir, &copy).map_err(io)
}

/// Returns the folder of the copy.
pub(crate) fn copy_of(dir: &Path, format: Format) -> PathBuf {
    dir.join(format!("format-{}", format.version()))
}

fn keep(disk: &dyn Disk, dir: &Path, copy: &Path) -> io::Result<()> {
    let partial = copy.with_extension("new");
    if disk.is_dir(&partial) {
        disk.remove_dir_all(&partial)?;
    }
    durable::create_dir(disk, &partial)?;
    for name in COPIED {
        let from = dir.join(name);
        // Format 2 has no watermark.
        if disk.find(&from)?.is_some() {
            durable::copy_all(disk, &from, &partial.join(name))?;
        }
    }
    disk.sync_dir(&partial)?;
    disk.rename(&partial, copy)?;
    disk.sync_dir(dir)
}

fn bytes_of_all(disk: &dyn Disk, dir: &Path) -> io::Result<u64> {
    COPIED
        .iter()
        .try_fold(0, |sum, name| Ok(sum + bytes_of(disk, &dir.join(name))?))
}

fn bytes_of(disk: &dyn Disk, path: &Path) -> io::Result<u64> {
    if disk.is_dir(path) {
        let mut names = disk.list(path)?.into_iter();
        return names.try_fold(0, |sum, name| Ok(sum + bytes_of(disk, &path.join(name))?));
    }
    Ok(disk.find(path)?.map_or(0, |stat| stat.bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::disk::real::RealDisk;

    fn old_directory() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("format", "cairn 2\n"),
            ("log/1", "a segment"),
            ("trees/db", "a tree"),
            ("trees/blobs/1", "a blob"),
            ("attachments/ab/cd", "a file"),
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        dir
    }

    #[test]
    fn copy_is_kept_once() {
        let dir = old_directory();
        // An upgrade that was interrupted.
        let copy = dir.path().join("format-2");
        fs::create_dir_all(dir.path().join("format-2.new/trees")).unwrap();
        fs::write(dir.path().join("format-2.new/trees/db"), "a tr").unwrap();
        keep_copy(&RealDisk, dir.path(), Format::Format2).unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(read(&copy.join("format")), "cairn 2\n");
        assert_eq!(read(&copy.join("trees/db")), "a tree");
        assert_eq!(read(&copy.join("trees/blobs/1")), "a blob");
        assert_eq!(read(&copy.join("log/1")), "a segment");
        assert!(!copy.join("attachments").exists());
        assert!(!dir.path().join("format-2.new").exists());

        // The conversion was interrupted after the copy.
        fs::write(dir.path().join("log/1"), "longer than before").unwrap();
        keep_copy(&RealDisk, dir.path(), Format::Format2).unwrap();
        assert_eq!(read(&copy.join("log/1")), "a segment");
    }
}
