//! A QUIC connection.

use bytes::Bytes;
use cairn_proto::wire::close::CloseCode;
use quinn::{ConnectionError, VarInt};

use super::stream::{RecvStream, SendStream};
use crate::error::Cause;
use crate::transport::Lost;

#[derive(Clone, Debug)]
pub(crate) struct Connection(quinn::Connection);

impl Connection {
    pub(super) const fn new(connection: quinn::Connection) -> Self {
        Self(connection)
    }

    pub(crate) async fn open_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        let (send, recv) = self.0.open_bi().await?;
        Ok((SendStream::new(send), RecvStream::new(recv)))
    }

    pub(crate) fn close(&self, code: CloseCode) {
        self.0.close(VarInt::from_u32(code.number()), b"");
    }

    pub(crate) async fn closed(&self) -> Lost {
        self.0.closed().await.into()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.close_reason().is_some()
    }

    pub(crate) fn send_datagram(&self, datagram: Bytes) {
        // Fails for a server without datagrams, and while the buffer is full.
        let _ = self.0.send_datagram(datagram);
    }

    pub(crate) async fn read_datagram(&self) -> Result<Bytes, Lost> {
        Ok(self.0.read_datagram().await?)
    }
}

impl From<ConnectionError> for Lost {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => Self::closed(
                u32::try_from(close.error_code.into_inner()).unwrap_or(u32::MAX),
                &close.reason,
            ),
            other => Self::Broken(Cause::of(other)),
        }
    }
}
