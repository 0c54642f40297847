//! Files whose existence is durable: a file system may forget a new name until the folder itself
//! was synced.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes the names in a folder durable.
///
/// # Errors
/// When the folder cannot be opened or synced.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a folder that only its owner may enter, and its name durable; one that is there stays as
/// it is.
///
/// # Errors
/// When it cannot be made, or its parent cannot be synced.
pub fn create_dir(dir: &Path) -> io::Result<()> {
    match builder().create(dir) {
        Ok(()) => sync_dir(parent(dir)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// As [`create_dir`], with the folders above it.
///
/// # Errors
/// As [`create_dir`].
pub fn create_dir_all(dir: &Path) -> io::Result<()> {
    let parent = parent(dir);
    if !parent.exists() {
        create_dir_all(parent)?;
    }
    create_dir(dir)
}

/// Writes a whole file so that after a power cut there is either the old one or the new one.
///
/// # Errors
/// When any step fails; the old file is untouched then.
pub fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_dir(parent(path))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
