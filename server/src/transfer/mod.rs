//! Attachments on their way, each on a stream of its own, so that a file never delays a message.
//!
//! A transfer has a lower priority than everything else of its connection, a window of its own, and
//! buffers of a few hundred kilobytes, however large the file. What it reads and writes on disk
//! goes through a narrow gate, so that the reads of history and the hashes of passwords that share
//! the pool are not kept waiting.

pub(crate) mod download;
pub(crate) mod gc;
mod lease;
mod permits;
mod slots;
mod stream;
mod transfers;
pub(crate) mod upload;

pub(crate) use self::slots::TransferSlots;
pub(crate) use self::stream::TransferStream;
pub(crate) use self::transfers::Transfers;
