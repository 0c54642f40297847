//! QUIC, from a UDP socket to a server with a pinned key. Only this folder names quinn.

mod connection;
mod endpoint;
mod pin;
mod stream;

pub(crate) use self::connection::Connection;
pub(crate) use self::endpoint::Endpoint;
pub(crate) use self::stream::{RecvStream, SendStream};
