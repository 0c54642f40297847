//! Durable file names: a file system may forget a new name until the folder itself was synced.

use std::io;
use std::path::Path;

use crate::disk::{Disk, OpenMode};

/// Bytes that a copy reads at once.
const COPY_BYTES: usize = 64 * 1024;

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

/// Copies a file, or a folder with everything in it, durably. Blocks of zeros become holes.
pub(crate) fn copy_all(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    if !disk.is_dir(from) {
        return copy_file(disk, from, to);
    }
    create_dir(disk, to)?;
    for name in disk.list(from)? {
        copy_all(disk, &from.join(&name), &to.join(&name))?;
    }
    disk.sync_dir(to)
}

fn copy_file(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    let from = disk.open(from, OpenMode::Read)?;
    let to = disk.open(to, OpenMode::CreateEmpty)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = 0;
    loop {
        let bytes = from.read_at(&mut buffer, at)?;
        let Some(block) = buffer.get(..bytes).filter(|block| !block.is_empty()) else {
            break;
        };
        if block.iter().any(|byte| *byte != 0) {
            to.write_at(block, at)?;
        }
        at += bytes as u64;
    }
    to.set_len(at)?;
    to.sync_all()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
