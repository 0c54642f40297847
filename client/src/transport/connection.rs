//! A connection, over any transport. Futures of the one in memory are boxed, so that tasks of other
//! connections reserve no space for them.

use bytes::Bytes;
use cairn_proto::wire::close::CloseCode;

use crate::transport::{Lost, RecvStream, SendStream, quic};

/// A connection with the server. Closed when the last handle and the last stream are dropped.
#[derive(Clone, Debug)]
pub(crate) enum Connection {
    Quic(quic::Connection),
    Memory(cairn_memory::ClientConnection),
}

impl Connection {
    /// Opens a stream. The server may see it only once something is written.
    pub(crate) async fn open_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        match self {
            Self::Quic(connection) => {
                let (send, recv) = connection.open_bi().await?;
                Ok((SendStream::Quic(send), RecvStream::Quic(recv)))
            }
            Self::Memory(connection) => {
                let (send, recv) = Box::pin(connection.open_bi()).await?;
                Ok((SendStream::Memory(send), RecvStream::Memory(recv)))
            }
        }
    }

    /// Closes the connection. Data that has not arrived is lost.
    pub(crate) fn close(&self, code: CloseCode) {
        match self {
            Self::Quic(connection) => connection.close(code),
            Self::Memory(connection) => connection.close(code.number(), Bytes::new()),
        }
    }

    /// Waits until the connection ends.
    pub(crate) async fn closed(&self) -> Lost {
        match self {
            Self::Quic(connection) => connection.closed().await,
            Self::Memory(connection) => Box::pin(connection.closed()).await.into(),
        }
    }

    /// Returns whether the connection is known to have ended.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Quic(connection) => connection.is_over(),
            Self::Memory(connection) => connection.close_reason().is_some(),
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
