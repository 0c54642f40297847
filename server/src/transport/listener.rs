//! Where connections come from, over any transport.

use std::io;
use std::net::SocketAddr;

use cairn_proto::wire::close::CloseCode;

use crate::transport::{Connection, quic};

#[derive(Debug)]
pub(crate) enum Listener {
    Quic(quic::Listener),
    /// With the address that invite links name.
    Memory(cairn_memory::Listener, SocketAddr),
}

/// A client that is connecting.
#[derive(Debug)]
pub(crate) enum Connecting {
    Quic(Box<quic::Connecting>),
    Memory(cairn_memory::ServerConnection),
}

impl Listener {
    /// Waits for the next client. Returns `None` when no other can come.
    pub(crate) async fn accept(&mut self) -> Option<Connecting> {
        match self {
            Self::Quic(listener) => {
                let connecting = listener.accept().await?;
                Some(Connecting::Quic(Box::new(connecting)))
            }
            Self::Memory(listener, _) => listener.accept().await.map(Connecting::Memory),
        }
    }

    /// Returns the address that clients connect to.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Quic(listener) => listener.local_addr(),
            Self::Memory(_, addr) => Ok(*addr),
        }
    }

    /// Refuses further clients. Connections continue.
    pub(crate) fn refuse_new(&mut self) {
        match self {
            Self::Quic(listener) => listener.refuse_new(),
            Self::Memory(listener, _) => listener.refuse_new(),
        }
    }

    /// Closes every connection, also those without a session, and waits until the clients have been
    /// notified.
    pub(crate) async fn close(&self, code: CloseCode) {
        match self {
            Self::Quic(listener) => listener.close(code).await,
            // Each connection is closed by its session, or when it is dropped.
            Self::Memory(..) => {}
        }
    }
}

impl Connecting {
    /// Completes the connection, unless the client fails to.
    pub(crate) async fn establish(self) -> Option<Connection> {
        match self {
            Self::Quic(connecting) => connecting.establish().await.map(Connection::Quic),
            Self::Memory(connection) => Some(Connection::Memory(connection)),
        }
    }
}
