//! Frames of a stream, limited in size before anything is kept.

use bytes::{Bytes, BytesMut};
use cairn_proto::wire::frame::{self, FrameError};

use crate::transport::{RecvStream, StreamError};

#[derive(Debug)]
pub(crate) struct FrameReader {
    stream: RecvStream,
    buffer: BytesMut,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the stream ended")]
    Ended,
    #[error("the stream ended within a frame")]
    Truncated,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// Bytes of one read.
const READ_BYTES_MAX: usize = 64 * 1024;

impl FrameReader {
    #[must_use]
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Returns the next complete frame that has arrived, if any.
    ///
    /// # Errors
    ///
    /// When a frame announces more than `max_bytes`.
    pub(crate) fn buffered(&mut self, max_bytes: usize) -> Result<Option<Bytes>, FrameError> {
        frame::split(&mut self.buffer, max_bytes)
    }

    /// Returns whether a part of a frame has arrived.
    #[must_use]
    pub(crate) fn has_part(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Waits for more bytes.
    pub(crate) async fn read_more(&mut self) -> Result<(), ReadError> {
        match self.stream.read_chunk(READ_BYTES_MAX).await? {
            Some(bytes) => {
                self.buffer.extend_from_slice(&bytes);
                Ok(())
            }
            None if self.buffer.is_empty() => Err(ReadError::Ended),
            None => Err(ReadError::Truncated),
        }
    }

    /// Returns the stream, and the bytes read after the last frame.
    #[must_use]
    pub(crate) fn into_parts(self) -> (RecvStream, BytesMut) {
        (self.stream, self.buffer)
    }

    /// Waits for the next frame.
    pub(crate) async fn next(&mut self, max_bytes: usize) -> Result<Bytes, ReadError> {
        loop {
            if let Some(frame) = self.buffered(max_bytes)? {
                return Ok(frame);
            }
            self.read_more().await?;
        }
    }
}
