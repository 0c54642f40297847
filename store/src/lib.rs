//! Everything on disk: the commit log that makes a batch durable, the trees that it is moved into,
//! and the way back at start.
//!
//! # A data directory
//!
//! ```text
//! lock      held while a server runs; its text is the pid
//! format    the version of everything below
//! log/      segments of the commit log, and spares
//! trees/    sled
//! attachments/  the files that messages name, and what has arrived of uploads
//! aside/    files that stood in the way of opening; for a person to look at, never read again
//! ```
//!
//! # Layout
//!
//! * [`files::lock`], [`files::format`], [`files::durable`]: the directory itself
//! * [`files::poison`]: after a failed write nothing is written any more
//! * [`commit_log`]: batches, each atomic and durable when `append` returns
//! * [`trees`], [`trees::rows`], [`blocks::block`]: which trees there are, and the bytes of their
//!   keys and values
//! * [`trees::db`], [`trees::scan`]: sled, with its traps walled off in the only file that calls
//!   it, and reading many rows
//! * [`timeline`], [`timeline::history`]: reading a conversation, from memory and from blocks
//! * [`blocks::packing`], [`checkpoint`]: moving the commit log into the trees
//! * [`load`], [`unload`]: the state machine's state from rows and to rows
//! * [`engine`]: all of it together, around the state machine; [`engine::meter`]: what it has done
//! * [`files::attachments`]: the files that messages name
//! * [`room`]: what must stay free of the disk
//! * [`check::verify`], [`check::doctor`]: checking what is stored

#![deny(clippy::indexing_slicing)]

pub mod blocks;
pub mod check;
pub mod checkpoint;
pub mod commit_log;
pub mod engine;
pub mod files;
pub mod limits;
#[cfg(test)]
mod testing;
pub mod timeline;
pub mod trees;

pub use engine::StoreError;
