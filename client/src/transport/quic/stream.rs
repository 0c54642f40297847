//! The halves of a QUIC stream.

use bytes::Bytes;
use quinn::{ReadError, VarInt, WriteError};

use crate::transport::StreamError;

/// The priority of transfer streams; all others have 0.
const TRANSFER_PRIORITY: i32 = -1;

#[derive(Debug)]
pub(crate) struct SendStream(quinn::SendStream);

#[derive(Debug)]
pub(crate) struct RecvStream(quinn::RecvStream);

impl SendStream {
    pub(super) const fn new(stream: quinn::SendStream) -> Self {
        Self(stream)
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        Ok(self.0.write_all(bytes).await?)
    }

    pub(crate) fn finish(&mut self) {
        let _ = self.0.finish();
    }

    pub(crate) fn reset(&mut self) {
        let _ = self.0.reset(VarInt::from_u32(0));
    }

    pub(crate) fn yield_to_others(&self) {
        // Fails only for a stream that has ended, which the next write reports.
        let _ = self.0.set_priority(TRANSFER_PRIORITY);
    }
}

impl RecvStream {
    pub(super) const fn new(stream: quinn::RecvStream) -> Self {
        Self(stream)
    }

    pub(crate) async fn read_chunk(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, StreamError> {
        let chunk = self.0.read_chunk(max_bytes, true).await?;
        Ok(chunk.map(|chunk| chunk.bytes))
    }

    pub(crate) async fn read_chunks(
        &mut self,
        chunks: &mut [Bytes],
    ) -> Result<Option<usize>, StreamError> {
        Ok(self.0.read_chunks(chunks).await?)
    }
}

impl From<WriteError> for StreamError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::ConnectionLost(lost) => Self::Lost(lost.into()),
            WriteError::Stopped(_) | WriteError::ClosedStream | WriteError::ZeroRttRejected => {
                Self::Ended
            }
        }
    }
}

impl From<ReadError> for StreamError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::ConnectionLost(lost) => Self::Lost(lost.into()),
            ReadError::Reset(_)
            | ReadError::ClosedStream
            | ReadError::IllegalOrderedRead
            | ReadError::ZeroRttRejected => Self::Ended,
        }
    }
}
