//! Transports: connections with streams that the client opens, and the frames on them.
//!
//! The client speaks to the types of this module only. `quic` is what it uses over a network;
//! `cairn_memory` connects it to a server of the same process.

pub(crate) mod connection;
pub(crate) mod endpoint;
pub(crate) mod link;
pub(crate) mod lost;
mod memory;
mod quic;
pub(crate) mod stream;

pub(crate) use self::connection::Connection;
pub(crate) use self::link::{Link, Reader, Writer};
pub(crate) use self::lost::Lost;
pub(crate) use self::stream::{RecvStream, SendStream, StreamError};
