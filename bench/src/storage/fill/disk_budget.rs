//! The number of messages that the disk can hold.

use std::path::Path;

use bytesize::ByteSize;

use crate::error::{BenchError, Result};
use crate::storage::limits::FILL_RESERVE_BYTES;
use crate::system;

/// Disk bytes per byte of text, after compression and with the gaps in sled's file. For texts of
/// words, it is 0.5.
const DISK_PER_TEXT_BYTE: f64 = 0.8;

/// Bytes per message in addition to its text: sender, time and length.
const EXTRA_BYTES: f64 = 24.0;

/// Returns how many of the `wanted` messages fit, if the system reports the free space.
///
/// # Errors
/// When no message fits.
pub(super) fn limit(folder: &Path, wanted: u64, body_bytes: usize) -> Result<u64> {
    let Some(free) = system::bytes_free(folder) else {
        return Ok(wanted);
    };
    match fitting(free, wanted, body_bytes) {
        0 => Err(BenchError::Failed(format!(
            "not enough space in {}: {} are free, and {} must stay free; name another disk with \
             --dir",
            folder.display(),
            ByteSize(free),
            ByteSize(FILL_RESERVE_BYTES)
        ))),
        messages => Ok(messages),
    }
}

/// Returns whether the fill may continue. The estimate may be wrong, and other processes may use
/// the disk.
pub(super) fn is_left(folder: &Path) -> bool {
    system::bytes_free(folder).is_none_or(|free| free >= FILL_RESERVE_BYTES / 2)
}

pub(super) fn fitting(free: u64, wanted: u64, body_bytes: usize) -> u64 {
    let each = body_bytes as f64 * DISK_PER_TEXT_BYTE + EXTRA_BYTES;
    let budget = free.saturating_sub(FILL_RESERVE_BYTES) as f64;
    wanted.min((budget / each) as u64)
}
