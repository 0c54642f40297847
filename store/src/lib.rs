//! Everything on disk: the commit log that makes a batch durable, the trees that checkpoints move
//! it into, and recovery at the start.
//!
//! # A data directory
//!
//! ```text
//! lock          held while a server runs; its text is the pid
//! format        the version of everything below
//! log/          segments of the commit log, and spares
//! trees/        sled
//! attachments/  attachment files, and partial uploads
//! aside/        files that prevented opening; for an operator to inspect, never read again
//! ```
//!
//! # Layout
//!
//! * [`disk`], [`mod@env`]: the files, the time and the random numbers of the machine
//! * [`files`]: lock, format, durable writes, disk reserve, attachments, and [`files::poison`],
//!   which ends all writing after a failure
//! * `commit_log`: batches, each atomic and durable when `append` returns; `commit_log::segments`
//!   is the log of a data directory
//! * [`trees`]: the trees, the bytes of their keys and values, and state from rows and to rows;
//!   `trees::db::sled_db` alone calls sled
//! * [`blocks`]: messages, packed and compressed
//! * [`timeline`]: reading a conversation, from memory and from blocks
//! * [`checkpoint`]: moving the commit log into the trees, and compaction
//! * [`followers`]: reading the log by a stored position
//! * [`engine`]: all of it together, around the state machine
//! * [`check`]: checking what is stored

#![deny(clippy::indexing_slicing)]

pub mod blocks;
pub mod check;
pub mod checkpoint;
pub(crate) mod commit_log;
pub mod disk;
pub mod durations;
pub mod engine;
pub mod env;
pub mod files;
pub mod followers;
pub mod limits;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod timeline;
pub mod trees;

pub use engine::StoreError;
