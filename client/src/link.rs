//! One QUIC connection, its streams cut into frames, and why it ended.

use bytes::{Bytes, BytesMut};
use cairn_proto::close::CloseCode;
use cairn_proto::frame;
use cairn_proto::invite::ServerAddr;
use cairn_proto::limits::FRAME_BYTES_MAX;
use quinn::{ConnectionError, ReadError, RecvStream, SendStream, VarInt, WriteError};
use tokio::time::timeout;

use crate::error::Error;
use crate::limits;

/// Chunks that are taken from a stream under one lock. A chunk is at most what one packet carries.
const CHUNKS_PER_READ: usize = 64;

/// An established connection. It is closed when the last handle of it is dropped.
#[derive(Clone)]
pub(crate) struct Link(quinn::Connection);

/// Why a connection is over.
#[derive(Clone, Debug)]
pub(crate) enum Lost {
    /// The server closed it.
    Closed(CloseCode),
    /// It broke: silence, a reset, a stream cut off.
    Broken(String),
    /// The server wrote what this client cannot understand.
    Protocol(&'static str),
}

impl Link {
    pub(crate) fn new(connection: quinn::Connection) -> Self {
        Self(connection)
    }

    /// Opens a stream. The server sees it once something is written.
    pub(crate) async fn open(&self) -> Result<(Writer, Reader), Lost> {
        let (send, recv) = self.0.open_bi().await.map_err(Lost::from)?;
        let reader = Reader { stream: recv, chunks: vec![Bytes::new(); CHUNKS_PER_READ], buffer: BytesMut::new(), link: self.clone() };
        Ok((Writer { stream: send, link: self.clone() }, reader))
    }

    /// Sends a datagram, if there is room for it now.
    pub(crate) fn send_datagram(&self, datagram: Vec<u8>) {
        let _ = self.0.send_datagram(datagram.into());
    }

    /// The next datagram.
    pub(crate) async fn read_datagram(&self) -> Result<Bytes, Lost> {
        self.0.read_datagram().await.map_err(Lost::from)
    }

    /// Closes the connection. What was written and has not arrived is lost.
    pub(crate) fn close(&self, code: CloseCode) {
        self.0.close(VarInt::from_u32(code.number()), b"");
    }

    /// Why the connection is over, when one of its streams ended. A stream may end a moment before the reason arrives.
    async fn reason(&self) -> Lost {
        match timeout(limits::CLOSE_REASON_TIME_MAX, self.0.closed()).await {
            Ok(error) => error.into(),
            Err(_) => Lost::Broken("the server ended a stream".to_owned()),
        }
    }
}

/// The sending half of a stream.
pub(crate) struct Writer {
    stream: SendStream,
    link: Link,
}

impl Writer {
    /// Writes all of it, as fast as the server reads.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        match self.stream.write_all(bytes).await {
            Ok(()) => Ok(()),
            Err(WriteError::ConnectionLost(error)) => Err(error.into()),
            Err(_) => Err(self.link.reason().await),
        }
    }
}

/// The receiving half of a stream.
pub(crate) struct Reader {
    stream: RecvStream,
    chunks: Vec<Bytes>,
    buffer: BytesMut,
    link: Link,
}

impl Reader {
    /// Waits until there is more, and takes everything that has arrived.
    pub(crate) async fn fill(&mut self) -> Result<(), Lost> {
        match self.stream.read_chunks(&mut self.chunks).await {
            Ok(Some(count)) => {
                for chunk in self.chunks.iter_mut().take(count) {
                    self.buffer.extend_from_slice(&std::mem::take(chunk));
                }
                Ok(())
            }
            Err(ReadError::ConnectionLost(error)) => Err(error.into()),
            Ok(None) | Err(_) => Err(self.link.reason().await),
        }
    }

    /// The next frame that has arrived whole.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Lost> {
        frame::split(&mut self.buffer, FRAME_BYTES_MAX).map_err(|_| Lost::Protocol("a frame is too large"))
    }
}

impl From<ConnectionError> for Lost {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => {
                Self::Closed(CloseCode::from_number(u32::try_from(close.error_code.into_inner()).unwrap_or(u32::MAX)))
            }
            other => Self::Broken(other.to_string()),
        }
    }
}

impl Lost {
    /// The error that ends the client, when connecting again is of no use.
    pub(crate) fn final_error(&self) -> Option<Error> {
        match self {
            Self::Closed(
                code @ (CloseCode::Revoked | CloseCode::AuthFailed | CloseCode::Version | CloseCode::Protocol | CloseCode::FrameTooBig),
            ) => Some(Error::Ended(*code)),
            Self::Protocol(what) => Some(Error::Protocol(what)),
            Self::Closed(_) | Self::Broken(_) => None,
        }
    }

    /// What happened, for people.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Closed(code) => code.text().to_owned(),
            Self::Broken(reason) => reason.clone(),
            Self::Protocol(what) => (*what).to_owned(),
        }
    }

    /// The error of an attempt to log in.
    pub(crate) fn into_login_error(self, addr: ServerAddr) -> Error {
        self.final_error().unwrap_or_else(|| Error::Broken { addr, reason: self.reason() })
    }
}
