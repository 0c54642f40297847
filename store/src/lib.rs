//! Everything on disk: the commit log that makes a batch durable, the trees that it is moved into, and the way back at start.
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
//! * [`lock`], [`mod@format`], [`durable`]: the directory itself
//! * [`poison`]: after a failed write nothing is written any more
//! * [`commit_log`]: batches, each atomic and durable when `append` returns
//! * [`trees`], [`rows`], [`block`]: which trees there are, and the bytes of their keys and values
//! * [`db`], [`scan`]: sled, with its traps walled off in the only file that calls it, and reading many rows
//! * [`timeline`], [`history`]: reading a conversation, from memory and from blocks
//! * [`packing`], [`checkpoint`]: moving the commit log into the trees
//! * [`load`], [`unload`]: the state machine's state from rows and to rows
//! * [`engine`]: all of it together, around the state machine; [`meter`]: what it has done
//! * [`attachments`]: the files that messages name
//! * [`room`]: what must stay free of the disk
//! * [`verify`], [`doctor`]: checking what is stored

#![deny(clippy::indexing_slicing)]

pub mod attachments;
pub mod block;
pub mod blocks;
pub mod checkpoint;
pub mod commit_log;
pub mod compact;
pub mod db;
pub mod disk_reserve;
pub mod doctor;
pub mod durable;
pub mod engine;
pub mod format;
pub mod free_space;
pub mod history;
pub mod limits;
pub mod lock;
mod meter;
pub mod packing;
pub mod poison;
mod replay;
pub mod retention;
pub mod rows;
pub mod rows_in;
pub mod rows_out;
pub mod run;
pub mod scan;
#[cfg(test)]
mod testing;
pub mod timeline;
pub mod trees;
pub mod verify;
mod wait_for_lock;

pub use engine::StoreError;
