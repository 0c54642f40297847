//! Attachment transfers, each on its own stream, so that a file never delays a message.
//!
//! A transfer has a lower priority than all other streams of its connection, its own window, and
//! buffers of a few hundred kilobytes, however large the file. Its disk access is limited to a few
//! threads, so that history reads and password hashes on the same pool do not wait.

pub(crate) mod download;
pub(crate) mod gc;
mod lease;
mod permits;
mod slots;
mod stream;
mod transfers;
pub(crate) mod upload;

pub(crate) use self::slots::TransferSlots;
pub(crate) use self::stream::{Served, TransferStream};
pub(crate) use self::transfers::Transfers;
