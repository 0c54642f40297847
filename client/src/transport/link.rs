//! A QUIC connection, its streams split into frames, and the reason for its end.

use bytes::{Bytes, BytesMut};
use cairn_proto::invite::ServerAddr;
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::frame;
use quinn::{ConnectionError, ReadError, RecvStream, SendStream, VarInt, WriteError};
use tokio::time::timeout;

use crate::error::{Cause, Error};
use crate::limits;

/// Chunks read from a stream under one lock. A chunk holds at most the content of one packet.
const CHUNKS_PER_READ: usize = 64;

/// The chunk size when reading a transfer.
const PART_BYTES_MAX: usize = limits::TRANSFER_BUFFER_BYTES;

/// The priority of transfer streams; all others have 0.
const TRANSFER_PRIORITY: i32 = -1;

/// An established connection. Closed when its last handle is dropped.
#[derive(Clone)]
pub(crate) struct Link(quinn::Connection);

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Link")
            .field(&self.0.remote_address())
            .finish()
    }
}

/// The reason why a connection ended.
#[derive(Clone, Debug)]
pub(crate) enum Lost {
    /// The server closed it.
    Closed(CloseCode),
    /// The server closed it because it speaks another version, which it may have stated.
    OtherVersion(Option<u16>),
    /// It failed: a timeout, a reset, or a truncated stream.
    Broken(Cause),
    /// The server violated the protocol.
    Protocol(&'static str),
}

impl Link {
    pub(crate) fn new(connection: quinn::Connection) -> Self {
        Self(connection)
    }

    /// Opens a stream. The server sees it once something is written.
    pub(crate) async fn open(&self) -> Result<(Writer, Reader), Lost> {
        let (send, recv) = self.0.open_bi().await.map_err(Lost::from)?;
        let reader = Reader {
            stream: recv,
            chunks: vec![Bytes::new(); CHUNKS_PER_READ],
            buffer: BytesMut::new(),
            link: self.clone(),
        };
        Ok((
            Writer {
                stream: send,
                link: self.clone(),
                reset_on_drop: false,
            },
            reader,
        ))
    }

    /// Returns whether the connection is known to have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.0.close_reason().is_some()
    }

    /// Sends a datagram, or drops it if the buffer is full.
    pub(crate) fn send_datagram(&self, datagram: Vec<u8>) {
        let _ = self.0.send_datagram(datagram.into());
    }

    /// Waits for the next datagram.
    pub(crate) async fn read_datagram(&self) -> Result<Bytes, Lost> {
        self.0.read_datagram().await.map_err(Lost::from)
    }

    /// Closes the connection. Data that has not arrived is lost.
    pub(crate) fn close(&self, code: CloseCode) {
        self.0.close(VarInt::from_u32(code.number()), b"");
    }

    /// Returns the reason why a stream ended. It may arrive a moment after the stream's end.
    async fn reason(&self) -> Lost {
        match timeout(limits::CLOSE_REASON_TIME_MAX, self.0.closed()).await {
            Ok(error) => error.into(),
            Err(_) => Lost::Broken("the server ended a stream".into()),
        }
    }
}

/// The sending half of a stream.
pub(crate) struct Writer {
    stream: SendStream,
    link: Link,
    /// Whether dropping this resets the stream.
    reset_on_drop: bool,
}

impl Writer {
    /// Marks this as a transfer stream: all other streams have priority, and it counts as complete
    /// only after [`Writer::finish`].
    pub(crate) fn carry_transfer(&mut self) {
        // Fails only for a stream that has ended, which the next write reports.
        let _ = self.stream.set_priority(TRANSFER_PRIORITY);
        self.reset_on_drop = true;
    }

    /// Finishes the stream.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.finish();
        self.reset_on_drop = false;
    }

    /// Writes all bytes, subject to the server's flow control.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        match self.stream.write_all(bytes).await {
            Ok(()) => Ok(()),
            Err(WriteError::ConnectionLost(error)) => Err(error.into()),
            Err(_) => Err(self.link.reason().await),
        }
    }
}

impl Drop for Writer {
    /// Dropping a stream finishes it, and the server would take an aborted upload for a complete
    /// file. So reset it instead.
    fn drop(&mut self) {
        if self.reset_on_drop {
            let _ = self.stream.reset(VarInt::from_u32(0));
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
    /// Like [`Reader::fill`], for a stream that may end before its connection. Returns whether more
    /// data arrived.
    pub(crate) async fn fill_or_end(&mut self) -> Result<bool, Lost> {
        match self.read_chunk().await? {
            Some(bytes) => self.buffer.extend_from_slice(&bytes),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Returns the next bytes after the frames of a transfer stream, or `None` at its end.
    pub(crate) async fn read_part(&mut self) -> Result<Option<Bytes>, Lost> {
        if self.buffer.is_empty() {
            self.read_chunk().await
        } else {
            Ok(Some(self.buffer.split().freeze()))
        }
    }

    async fn read_chunk(&mut self) -> Result<Option<Bytes>, Lost> {
        match self.stream.read_chunk(PART_BYTES_MAX, true).await {
            Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
            Err(ReadError::ConnectionLost(error)) => Err(error.into()),
            Err(_) => Err(Lost::Broken("the server aborted the transfer".into())),
        }
    }

    /// Waits for data, and buffers everything that has arrived.
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

    /// Returns the next complete frame.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Lost> {
        frame::split(&mut self.buffer, FRAME_BYTES_MAX)
            .map_err(|_| Lost::Protocol("a frame exceeds the limit"))
    }
}

impl From<ConnectionError> for Lost {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => {
                let number = u32::try_from(close.error_code.into_inner()).unwrap_or(u32::MAX);
                match CloseCode::from_number(number) {
                    CloseCode::Version => {
                        Self::OtherVersion(CloseCode::server_version(&close.reason))
                    }
                    code => Self::Closed(code),
                }
            }
            other => Self::Broken(Cause::of(other)),
        }
    }
}

impl Lost {
    /// Returns the terminal error, if reconnecting is pointless.
    pub(crate) fn final_error(&self) -> Option<Error> {
        match self {
            Self::Closed(
                code @ (CloseCode::Revoked
                | CloseCode::AuthFailed
                | CloseCode::Protocol
                | CloseCode::FrameTooBig),
            ) => Some(Error::Ended(*code)),
            Self::OtherVersion(server) => Some(Error::VersionMismatch { server: *server }),
            Self::Protocol(what) => Some(Error::Protocol(what)),
            Self::Closed(_) | Self::Broken(_) => None,
        }
    }

    /// Returns the cause.
    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Closed(code) => code.text().into(),
            Self::OtherVersion(_) => CloseCode::Version.text().into(),
            Self::Broken(cause) => cause.clone(),
            Self::Protocol(what) => (*what).into(),
        }
    }

    /// Returns the error of a failed login.
    pub(crate) fn into_login_error(self, addr: ServerAddr) -> Error {
        self.final_error().unwrap_or_else(|| Error::Broken {
            addr,
            source: self.cause(),
        })
    }
}
