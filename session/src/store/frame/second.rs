//! A second copy of the frames, in a file of its own: what is read if the database is damaged. It
//! is not synced, since it serves against damage, and the database against power cuts.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use crate::store::error::StoreError;
use crate::store::lock::private;

/// Beyond this, the file is written again with the present frames alone.
const BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Second {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Second {
    /// Creates the file with these frames, in place of an earlier one.
    pub(crate) fn create(path: PathBuf, frames: &[u8]) -> Result<Self, StoreError> {
        let new = path.with_extension("new");
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(&new)
            .map_err(StoreError::io(&new))?;
        file.write_all(frames).map_err(StoreError::io(&new))?;
        fs::rename(&new, &path).map_err(StoreError::io(&path))?;
        Ok(Self {
            path,
            file,
            bytes: frames.len() as u64,
        })
    }

    pub(crate) fn append(&mut self, frames: &[u8]) -> Result<(), StoreError> {
        self.bytes += frames.len() as u64;
        self.file
            .write_all(frames)
            .map_err(StoreError::io(&self.path))
    }

    /// Replaces all frames.
    pub(crate) fn replace(&mut self, frames: &[u8]) -> Result<(), StoreError> {
        *self = Self::create(self.path.clone(), frames)?;
        Ok(())
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.bytes > BYTES_MAX
    }
}
