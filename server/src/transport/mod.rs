//! Transports: connections with streams that the client opens, and the frames on them.
//!
//! The server speaks to the types of this module only. `quic` is what clients use over a network;
//! `cairn_memory` connects clients of the same process.

pub(crate) mod accept;
pub(crate) mod connection;
pub(crate) mod framing;
pub mod identity;
pub(crate) mod listener;
mod memory;
pub(crate) mod quic;
pub(crate) mod stream;

pub(crate) use self::connection::{Connection, Lost};
pub(crate) use self::listener::Listener;
pub(crate) use self::stream::{RecvStream, SendStream, StreamError};
