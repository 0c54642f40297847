//! The halves of a QUIC stream.

use bytes::Bytes;
use quinn::{ClosedStream, ReadError, VarInt, WriteError};

use crate::limits;
use crate::transport::StreamError;

#[derive(Debug)]
pub(crate) struct SendStream(quinn::SendStream);

#[derive(Debug)]
pub(crate) struct RecvStream(quinn::RecvStream);

impl SendStream {
    pub(super) const fn new(stream: quinn::SendStream) -> Self {
        Self(stream)
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        Ok(self.0.write_chunk(bytes).await?)
    }

    pub(crate) async fn write_all(&mut self, chunks: &mut [Bytes]) -> Result<(), StreamError> {
        Ok(self.0.write_all_chunks(chunks).await?)
    }

    pub(crate) fn finish(&mut self) -> Result<(), StreamError> {
        Ok(self.0.finish()?)
    }

    pub(crate) fn reset(&mut self) {
        let _ = self.0.reset(VarInt::from_u32(0));
    }

    pub(crate) async fn stopped(&self) {
        let _ = self.0.stopped().await;
    }

    pub(crate) fn yield_to_others(&self) {
        // Fails only for a stream that has ended, which the next read reports.
        let _ = self.0.set_priority(limits::TRANSFER_PRIORITY);
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
}

impl From<WriteError> for StreamError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::ConnectionLost(lost) => Self::Lost(lost.into()),
            WriteError::Stopped(_) | WriteError::ZeroRttRejected => Self::Cancelled,
            WriteError::ClosedStream => Self::Finished,
        }
    }
}

impl From<ReadError> for StreamError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::ConnectionLost(lost) => Self::Lost(lost.into()),
            ReadError::Reset(_) | ReadError::ZeroRttRejected => Self::Cancelled,
            ReadError::ClosedStream | ReadError::IllegalOrderedRead => Self::Finished,
        }
    }
}

impl From<ClosedStream> for StreamError {
    fn from(_: ClosedStream) -> Self {
        Self::Finished
    }
}
