//! The disk seam: everything that the store does to files. [`real::RealDisk`] is the operating
//! system; tests use a double that fails, tears writes and forgets what was not synced.
//!
//! A name survives a power cut only after [`Disk::sync_dir`] on its folder, and bytes only after a
//! sync of their file.

pub mod real;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod sim;

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// For reading. The file must exist.
    Read,
    /// For reading and writing. The file must exist.
    Write,
    /// For reading and writing. A missing file is created.
    Create,
    /// As [`OpenMode::Create`]; an existing file is emptied.
    CreateEmpty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    File,
    Folder,
    /// A symbolic link or a device.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: FileKind,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// The capacity of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub bytes: u64,
    pub free_bytes: u64,
}

/// A file system.
pub trait Disk: Debug + Send + Sync {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>>;

    /// Creates a folder for its owner alone. The parent must exist.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Returns the names in a folder, in any order.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;

    /// Returns the metadata of a path. Does not follow a symbolic link.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Returns whether a path is a folder, or a symbolic link to one.
    fn is_dir(&self, path: &Path) -> bool;

    /// Renames a file or folder. A file replaces an existing file.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder and everything in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Returns the number of the process that uses the disk.
    fn pid(&self) -> u32 {
        std::process::id()
    }

    /// Returns the capacity of the file system that holds `dir`, if it can be determined.
    fn space(&self, dir: &Path) -> Option<Space>;

    /// Reads a whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path, OpenMode::Read)?;
        let bytes = usize::try_from(file.bytes()?).map_err(io::Error::other)?;
        let mut content = vec![0; bytes];
        let read = file.read_at(&mut content, 0)?;
        content.truncate(read);
        Ok(content)
    }

    /// Returns the metadata of a path, or `None` if nothing is there.
    fn find(&self, path: &Path) -> io::Result<Option<Stat>> {
        match self.stat(path) {
            Ok(stat) => Ok(Some(stat)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// An open file.
pub trait DiskFile: Debug + Send + Sync {
    /// Returns the length.
    fn bytes(&self) -> io::Result<u64>;

    /// Fills the buffer from this offset on. Returns fewer bytes only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at this offset. After an error, any part of them may be written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Truncates the file, or extends it with zeros.
    fn set_len(&self, bytes: u64) -> io::Result<()>;

    /// Makes the content durable, and the length. Must never be repeated after an error.
    fn sync_data(&self) -> io::Result<()>;

    /// As [`DiskFile::sync_data`], with all metadata.
    fn sync_all(&self) -> io::Result<()>;

    /// Locks the file for this handle until it is dropped. Returns whether that succeeded; `false`
    /// when another handle or process holds the lock.
    fn try_lock(&self) -> io::Result<bool>;
}
