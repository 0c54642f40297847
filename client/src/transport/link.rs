//! A connection whose streams are split into frames.

use bytes::{Bytes, BytesMut};
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::frame;
use tokio::time::timeout;

use crate::limits;
use crate::transport::{Connection, Lost, RecvStream, SendStream, StreamError};

/// Chunks read from a stream under one lock. A chunk holds at most the content of one packet.
const CHUNKS_PER_READ: usize = 64;

/// The chunk size when reading a transfer.
const PART_BYTES_MAX: usize = limits::TRANSFER_BUFFER_BYTES;

/// An established connection. Closed when its last handle is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Link(Connection);

impl Link {
    pub(crate) const fn new(connection: Connection) -> Self {
        Self(connection)
    }

    /// Opens a stream. The server sees it once something is written.
    pub(crate) async fn open(&self) -> Result<(Writer, Reader), Lost> {
        let (send, recv) = self.0.open_bi().await?;
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
        self.0.is_over()
    }

    /// Sends a datagram, or drops it if the buffer is full.
    pub(crate) fn send_datagram(&self, datagram: Vec<u8>) {
        self.0.send_datagram(datagram.into());
    }

    /// Waits for the next datagram.
    pub(crate) async fn read_datagram(&self) -> Result<Bytes, Lost> {
        self.0.read_datagram().await
    }

    /// Closes the connection. Data that has not arrived is lost.
    pub(crate) fn close(&self, code: CloseCode) {
        self.0.close(code);
    }

    /// Returns the reason why a stream ended. It may arrive a moment after the stream's end.
    async fn reason(&self) -> Lost {
        match timeout(limits::CLOSE_REASON_TIME_MAX, self.0.closed()).await {
            Ok(lost) => lost,
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
        self.stream.yield_to_others();
        self.reset_on_drop = true;
    }

    /// Finishes the stream.
    pub(crate) fn finish(&mut self) {
        self.stream.finish();
        self.reset_on_drop = false;
    }

    /// Writes all bytes, subject to the server's flow control.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        match self.stream.write_all(bytes).await {
            Ok(()) => Ok(()),
            Err(StreamError::Lost(lost)) => Err(lost),
            Err(StreamError::Ended) => Err(self.link.reason().await),
        }
    }
}

impl Drop for Writer {
    /// Dropping a stream finishes it, and the server would take an aborted upload for a complete
    /// file. So reset it instead.
    fn drop(&mut self) {
        if self.reset_on_drop {
            self.stream.reset();
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
        match self.stream.read_chunk(PART_BYTES_MAX).await {
            Ok(chunk) => Ok(chunk),
            Err(StreamError::Lost(lost)) => Err(lost),
            Err(StreamError::Ended) => Err(Lost::Broken("the server aborted the transfer".into())),
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
            Err(StreamError::Lost(lost)) => Err(lost),
            Ok(None) | Err(StreamError::Ended) => Err(self.link.reason().await),
        }
    }

    /// Returns the next complete frame.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Lost> {
        frame::split(&mut self.buffer, FRAME_BYTES_MAX)
            .map_err(|_| Lost::Protocol("a frame exceeds the limit"))
    }
}
