//! QUIC: one UDP socket for all clients. Only this folder names quinn.

mod connection;
mod endpoint;
mod listener;
mod stream;

pub(crate) use self::connection::Connection;
pub(crate) use self::endpoint::EndpointError;
pub(crate) use self::listener::{Connecting, Listener};
pub(crate) use self::stream::{RecvStream, SendStream};
