//! A QUIC connection.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use cairn_proto::wire::close::CloseCode;
use quinn::{ConnectionError, VarInt};

use super::stream::{RecvStream, SendStream};
use crate::transport::Lost;

#[derive(Clone, Debug)]
pub(crate) struct Connection(quinn::Connection);

impl Connection {
    pub(super) const fn new(connection: quinn::Connection) -> Self {
        Self(connection)
    }

    pub(crate) async fn accept_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        let (send, recv) = self.0.accept_bi().await?;
        Ok((SendStream::new(send), RecvStream::new(recv)))
    }

    pub(crate) fn close(&self, code: u32, reason: &[u8]) {
        self.0.close(VarInt::from_u32(code), reason);
    }

    pub(crate) async fn closed(&self) -> Lost {
        self.0.closed().await.into()
    }

    pub(crate) fn remote_address(&self) -> SocketAddr {
        self.0.remote_address()
    }

    pub(crate) fn rtt(&self) -> Duration {
        self.0.rtt()
    }

    pub(crate) fn set_windows(&self, receive_bytes: u32, send_bytes: u32) {
        self.0.set_receive_window(VarInt::from_u32(receive_bytes));
        self.0.set_send_window(send_bytes.into());
    }

    pub(crate) fn send_datagram(&self, datagram: Bytes) {
        // Fails for a client without datagrams, and while the buffer is full.
        let _ = self.0.send_datagram(datagram);
    }

    pub(crate) async fn read_datagram(&self) -> Result<Bytes, Lost> {
        Ok(self.0.read_datagram().await?)
    }
}

impl From<ConnectionError> for Lost {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => Self::Closed(CloseCode::from_number(
                u32::try_from(close.error_code.into_inner()).unwrap_or(u32::MAX),
            )),
            other => Self::Failed(other.to_string()),
        }
    }
}
