//! The lock of a profile: one process at a time keeps its cache and its outbox.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::error::StoreError;

/// Holds the lock until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock. Returns `None` if another process holds it.
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, StoreError> {
        let file = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(path)
            .map_err(StoreError::io(path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(StoreError::io(path)(source)),
        }
    }
}

/// Files that are created are readable by their owner only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}
