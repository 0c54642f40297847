//! Frames off a QUIC stream: read in pieces as they come, bounded before anything is kept.

use bytes::{Bytes, BytesMut};
use cairn_proto::wire::frame::{self, FrameError};
use quinn::RecvStream;

/// A client's stream, cut into frames.
#[derive(Debug)]
pub(crate) struct FrameReader {
    stream: RecvStream,
    buffer: BytesMut,
}

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The client is done with the stream.
    #[error("the stream ended")]
    Ended,
    /// The client stopped in the middle of a frame.
    #[error("the stream ended within a frame")]
    Truncated,
    /// A frame beyond the bound.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The stream or the connection is gone.
    #[error(transparent)]
    Stream(#[from] quinn::ReadError),
}

/// What one read asks the stream for at most.
const READ_BYTES_MAX: usize = 64 * 1024;

impl FrameReader {
    /// Reads frames from `stream`.
    #[must_use]
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// The next frame that has arrived whole already; `None` when more must be read first.
    ///
    /// # Errors
    /// When a frame announces more than `max_bytes`.
    pub(crate) fn buffered(&mut self, max_bytes: usize) -> Result<Option<Bytes>, FrameError> {
        frame::split(&mut self.buffer, max_bytes)
    }

    /// Waits for more bytes.
    ///
    /// # Errors
    /// When none will come.
    pub(crate) async fn read_more(&mut self) -> Result<(), ReadError> {
        match self.stream.read_chunk(READ_BYTES_MAX, true).await? {
            Some(chunk) => {
                self.buffer.extend_from_slice(&chunk.bytes);
                Ok(())
            }
            None if self.buffer.is_empty() => Err(ReadError::Ended),
            None => Err(ReadError::Truncated),
        }
    }

    /// The stream, and what was read of it behind the last frame.
    #[must_use]
    pub(crate) fn into_parts(self) -> (RecvStream, BytesMut) {
        (self.stream, self.buffer)
    }

    /// Waits for the next frame.
    ///
    /// # Errors
    /// When none will come, or it announces more than `max_bytes`.
    pub(crate) async fn next(&mut self, max_bytes: usize) -> Result<Bytes, ReadError> {
        loop {
            if let Some(frame) = self.buffered(max_bytes)? {
                return Ok(frame);
            }
            self.read_more().await?;
        }
    }
}
