//! The store: the cache, the drafts and the outbox of one account, in one file of its profile.
//!
//! See `docs/STORAGE.md` for the tables, for what is durable when, and for what leaves the file.

mod cache;
mod erase;
mod error;
mod frame;

mod lock;
mod medium;
mod open;
mod ops;
mod plan;
mod restore;
mod row;
mod usage;

pub use cache::Store;
pub use error::StoreError;
pub use medium::Medium;
pub use open::{Condition, Damage, ENTRIES_BYTES_MAX, Opened};
