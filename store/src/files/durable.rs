//! Durable file names: a file system may forget a new name until the folder itself was synced.

use std::io;
use std::path::Path;

use crate::disk::{Disk, FileKind, OpenMode};
use crate::limits::COPY_BUFFER_BYTES;

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

/// Copies a file, or a folder with everything in it, durably. Blocks of zeros become holes. Does
/// nothing if there is neither.
pub(crate) fn copy_all(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    // A folder may be a link to another file system.
    if disk.is_dir(from) {
        create_dir(disk, to)?;
        for name in disk.list(from)? {
            copy_all(disk, &from.join(&name), &to.join(&name))?;
        }
        return disk.sync_dir(to);
    }
    match disk.find(from)?.map(|stat| stat.kind) {
        Some(FileKind::File) => copy_file(disk, from, to),
        Some(FileKind::Folder | FileKind::Other) | None => Ok(()),
    }
}

fn copy_file(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    let from = disk.open(from, OpenMode::Read)?;
    let to = disk.open(to, OpenMode::CreateEmpty)?;
    let mut buffer = vec![0; COPY_BUFFER_BYTES];
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

/// Writes everything in a folder again, durably. After a failed sync the page cache shows what the
/// disk may lack, and takes it for written: only bytes that are written again reach the disk.
pub(crate) fn rewrite_all(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    for name in disk.list(dir)? {
        let path = dir.join(name);
        if disk.is_dir(&path) {
            rewrite_all(disk, &path)?;
        } else {
            rewrite_file(disk, &path)?;
        }
    }
    disk.sync_dir(dir)
}

fn rewrite_file(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let file = disk.open(path, OpenMode::Write)?;
    let mut buffer = vec![0; COPY_BUFFER_BYTES];
    let mut at = 0;
    loop {
        let bytes = file.read_at(&mut buffer, at)?;
        let Some(block) = buffer.get(..bytes).filter(|block| !block.is_empty()) else {
            return file.sync_all();
        };
        file.write_at(block, at)?;
        at += bytes as u64;
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
