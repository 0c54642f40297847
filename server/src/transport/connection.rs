//! A connection, over any transport. Futures of the one in memory are boxed, so that tasks of other
//! connections reserve no space for them.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use cairn_proto::WIRE_VERSION;
use cairn_proto::wire::close::CloseCode;

use crate::transport::{RecvStream, SendStream, quic};

/// A connection with one client. Closed when the last handle and the last stream are dropped.
#[derive(Clone, Debug)]
pub(crate) enum Connection {
    Quic(quic::Connection),
    Memory(cairn_memory::ServerConnection),
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    #[error("it was closed: {0}")]
    Closed(CloseCode),
    #[error("{0}")]
    Failed(String),
}

impl Connection {
    /// Waits for the next stream that the client opens.
    pub(crate) async fn accept_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        match self {
            Self::Quic(connection) => {
                let (send, recv) = connection.accept_bi().await?;
                Ok((SendStream::Quic(send), RecvStream::Quic(recv)))
            }
            Self::Memory(connection) => {
                let (send, recv) = Box::pin(connection.accept_bi()).await?;
                Ok((SendStream::Memory(send), RecvStream::Memory(recv)))
            }
        }
    }

    /// Closes the connection. Bytes in flight are lost.
    pub(crate) fn close(&self, code: CloseCode) {
        let number = code.number();
        let reason = match code {
            CloseCode::Version => CloseCode::version_reason(WIRE_VERSION).into(),
            _ => Bytes::from_static(code.text().as_bytes()),
        };
        match self {
            Self::Quic(connection) => connection.close(number, &reason),
            Self::Memory(connection) => connection.close(number, reason),
        }
    }

    /// Waits until the connection ends.
    pub(crate) async fn closed(&self) -> Lost {
        match self {
            Self::Quic(connection) => connection.closed().await,
            Self::Memory(connection) => Box::pin(connection.closed()).await.into(),
        }
    }

    #[must_use]
    pub(crate) fn remote_address(&self) -> SocketAddr {
        match self {
            Self::Quic(connection) => connection.remote_address(),
            Self::Memory(connection) => connection.remote_address(),
        }
    }

    /// Returns the current estimate of the round-trip time.
    #[must_use]
    pub(crate) fn rtt(&self) -> Duration {
        match self {
            Self::Quic(connection) => connection.rtt(),
            Self::Memory(_) => Duration::ZERO,
        }
    }

    /// Sets how many bytes may be in flight over all streams, each way. Transports that bound only
    /// each stream ignore it.
    pub(crate) fn set_windows(&self, receive_bytes: u32, send_bytes: u32) {
        match self {
            Self::Quic(connection) => connection.set_windows(receive_bytes, send_bytes),
            Self::Memory(_) => {}
        }
    }

    /// Sends a datagram. It may be lost; a transport without datagrams drops it.
    pub(crate) fn send_datagram(&self, datagram: Bytes) {
        match self {
            Self::Quic(connection) => connection.send_datagram(datagram),
            Self::Memory(_) => {}
        }
    }

    /// Waits for the next datagram. A transport without datagrams only reports the end.
    pub(crate) async fn read_datagram(&self) -> Result<Bytes, Lost> {
        match self {
            Self::Quic(connection) => connection.read_datagram().await,
            Self::Memory(connection) => Err(Box::pin(connection.closed()).await.into()),
        }
    }
}
