//! Attachments: who may upload and fetch them, and when they are removed. Their bytes live outside
//! the state machine.
//!
//! An attachment is stored once, however many users upload it. It stays while a message references
//! it, and for a grace period after an upload that was not sent yet.

mod decide;
mod refs;

use crate::limits::{ATTACHMENT_BLOCK_BYTES, ATTACHMENT_OVERHEAD_BYTES};

/// What a file of this length counts against its user's quota. Small files pay for their block and
/// their metadata.
#[must_use]
pub const fn charged_bytes(bytes: u64) -> u64 {
    match bytes.checked_next_multiple_of(ATTACHMENT_BLOCK_BYTES) {
        Some(blocks) => blocks.saturating_add(ATTACHMENT_OVERHEAD_BYTES),
        None => u64::MAX,
    }
}
