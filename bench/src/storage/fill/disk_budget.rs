//! How many messages the disk can take.

use std::path::Path;

use bytesize::ByteSize;

use crate::error::{BenchError, Result};
use crate::storage::limits::FILL_RESERVE_BYTES;
use crate::system;

/// Disk bytes for a byte of text, compressed and with the gaps in sled's file. Texts of words take
/// 0.5.
const DISK_PER_TEXT_BYTE: f64 = 0.8;

/// Bytes that go with a message: its sender, time and length.
const EXTRA_BYTES: f64 = 24.0;

/// How many of the `wanted` messages fit below a folder, as far as the system reports its free
/// space.
///
/// # Errors
/// If none does.
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

/// Whether the fill may go on. The estimate may be wrong, and other processes use the disk too.
pub(super) fn is_left(folder: &Path) -> bool {
    system::bytes_free(folder).is_none_or(|free| free >= FILL_RESERVE_BYTES / 2)
}

pub(super) fn fitting(free: u64, wanted: u64, body_bytes: usize) -> u64 {
    let each = body_bytes as f64 * DISK_PER_TEXT_BYTE + EXTRA_BYTES;
    let budget = free.saturating_sub(FILL_RESERVE_BYTES) as f64;
    wanted.min((budget / each) as u64)
}
