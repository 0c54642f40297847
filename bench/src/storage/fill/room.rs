//! Whether the disk can take what is to be stored.

use std::path::{Path, PathBuf};

use crate::error::BenchError;
use crate::limits::FILL_RESERVE_BYTES;
use crate::system;

/// What a byte of text takes on the disk, compressed, in sled's file with its gaps. Texts of words take 0.5.
const DISK_PER_TEXT_BYTE: f64 = 0.8;

/// What goes with a message: who sent it and when, its length.
const EXTRA_BYTES: f64 = 24.0;

/// The disk below a folder.
#[derive(Debug)]
pub(super) struct Room {
    folder: PathBuf,
}

impl Room {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many messages of so many bytes may be stored, of those that are wanted. All, when the system does not tell what is free.
    ///
    /// # Errors
    /// When it is not a single one.
    pub(super) fn limit(&self, wanted: u64, body_bytes: usize) -> Result<u64, BenchError> {
        let Some(free) = system::bytes_free(&self.folder) else {
            return Ok(wanted);
        };
        match fitting(free, wanted, body_bytes) {
            0 => Err(BenchError::OutOfSpace {
                dir: self.folder.clone(),
                free,
                needed: FILL_RESERVE_BYTES,
            }),
            messages => Ok(messages),
        }
    }

    /// Whether the disk may be filled further. The estimate may have been wrong, and others write to the disk as well.
    pub(super) fn is_left(&self) -> bool {
        system::bytes_free(&self.folder).is_none_or(|free| free >= FILL_RESERVE_BYTES / 2)
    }
}

fn fitting(free: u64, wanted: u64, body_bytes: usize) -> u64 {
    let each = body_bytes as f64 * DISK_PER_TEXT_BYTE + EXTRA_BYTES;
    let room = free.saturating_sub(FILL_RESERVE_BYTES) as f64;
    wanted.min((room / each) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn what_fits_is_stored_and_no_more() {
        assert_eq!(fitting(100 * GIB, 1_000_000, 200), 1_000_000);
        // A message takes 184 bytes.
        assert_eq!(fitting(GIB, 100_000_000, 200), GIB / 2 / 184);
        assert_eq!(fitting(GIB / 2, 10, 200), 0);
        assert_eq!(fitting(0, 10, 1), 0);
    }

    #[test]
    fn a_full_disk_is_told_from_one_that_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Room::of(folder.path()).limit(1, 1).unwrap(), 1);
        assert_eq!(
            Room::of(&folder.path().join("none"))
                .limit(u64::MAX, 1)
                .unwrap(),
            u64::MAX
        );
    }
}
