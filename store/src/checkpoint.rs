//! Checkpoints: a low-priority thread moves the commit log into the trees.
//!
//! A job holds the rows that a sealed part of the log changed, and the entries that it added. They
//! are written and synced, then the log position is recorded and synced, and only then may the log
//! be dropped. A crash in between leaves rows and blocks newer than the recorded position.
//! Replaying the log over them ends in the same state: rows are absolute values, blocks with the
//! same entries are written again, and blocks that begin above what is certainly stored are
//! removed.
pub mod compact;
pub(crate) mod free_space;

mod expired;
mod job;
mod progress;
mod rewrite;
mod worker;
mod writer;

pub use self::job::CheckpointError;
pub(crate) use self::job::{CheckpointJob, CheckpointReport};
pub(crate) use self::worker::Checkpointer;
pub(crate) use self::writer::CheckpointWriter;

#[cfg(test)]
mod tests;
