//! Files that messages name: what is known of each, who may send and fetch it, and when it goes.
//! The bytes themselves are none of the state machine's business.
//!
//! An attachment is stored once, whoever uploads it. It stays while a message names it, and for a
//! while after an upload that nobody has sent yet.

mod decide;
mod refs;

use crate::limits::{ATTACHMENT_BLOCK_BYTES, ATTACHMENT_OVERHEAD_BYTES};

/// What a file of this length counts against its user's quota, so that many small ones are not for
/// nothing.
#[must_use]
pub const fn charged_bytes(bytes: u64) -> u64 {
    match bytes.checked_next_multiple_of(ATTACHMENT_BLOCK_BYTES) {
        Some(blocks) => blocks.saturating_add(ATTACHMENT_OVERHEAD_BYTES),
        None => u64::MAX,
    }
}
