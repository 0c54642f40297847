//! Durable file names: a file system may forget a new name until the folder itself was synced.

use std::io;
use std::path::Path;

use crate::disk::{Disk, OpenMode};

/// Creates a folder for its owner alone, durably, unless it exists.
pub fn create_dir(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    match disk.create_dir(dir) {
        Ok(()) => disk.sync_dir(parent(dir)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && disk.is_dir(dir) => Ok(()),
        Err(error) => Err(error),
    }
}

/// As [`create_dir`], with all parents.
pub fn create_dir_all(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    let parent = parent(dir);
    if disk.find(parent)?.is_none() {
        create_dir_all(disk, parent)?;
    }
    create_dir(disk, dir)
}

/// Replaces a file atomically: after a power cut there is either the old one or the new one.
pub fn write_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let file = disk.open(&temporary, OpenMode::CreateEmpty)?;
    file.write_at(bytes, 0)?;
    file.sync_all()?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(parent(path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
