//! Data directories with arbitrary damage: what fuzzing does to stored bytes. Each function takes
//! bytes that decide about the damage, and panics if the store does, or if it serves what was not
//! stored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as expected is a finding"
)]

mod base;
mod block;
mod log;
mod rows;

pub use self::block::block;
pub use self::log::{log, log_seeds};
pub use self::rows::{row_seeds, rows};

/// Takes bytes from the front of `data`. Returns `None` if there are fewer.
fn take<const N: usize>(data: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = data.split_first_chunk::<N>()?;
    *data = rest;
    Some(*taken)
}

/// Takes up to this many bytes.
fn take_up_to<'a>(data: &mut &'a [u8], bytes: usize) -> &'a [u8] {
    let (taken, rest) = data.split_at(bytes.min(data.len()));
    *data = rest;
    taken
}
