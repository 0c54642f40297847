//! Connections within one process, without sockets, ciphers, threads or clocks. They behave as QUIC
//! does where a client or a server can tell: streams have a window in bytes, a connection has a
//! bounded number of them, a half can be finished, reset or stopped, and a close carries a code.
//! Nothing is lost or delayed unless a test does it ([`Link`]), and there are no datagrams.
//!
//! Nothing here depends on the runtime, so time can be paused, and the same order of polls gives
//! the same order of events.
#![warn(missing_docs)]

mod connection;
mod network;
mod pipe;
mod stream;

pub use connection::{ClientConnection, Direction, Link, Lost, ServerConnection};
pub use network::{Limits, Listener, Network};
pub use stream::{RecvStream, SendStream, StreamError};
