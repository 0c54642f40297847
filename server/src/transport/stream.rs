//! The two halves of a stream, over any transport. Dropping the sending half finishes it; dropping
//! the receiving half stops it.

use bytes::Bytes;

use crate::transport::{Lost, quic};

/// The half that the server writes.
#[derive(Debug)]
pub(crate) enum SendStream {
    Quic(quic::SendStream),
    Memory(cairn_memory::SendStream),
}

/// The half that the server reads.
#[derive(Debug)]
pub(crate) enum RecvStream {
    Quic(quic::RecvStream),
    Memory(cairn_memory::RecvStream),
}

/// Why a stream cannot be used further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("the connection ended: {0}")]
    Lost(#[from] Lost),
    #[error("the client gave up the stream")]
    Cancelled,
    #[error("the stream was finished before")]
    Finished,
}

impl SendStream {
    /// Writes all bytes, as fast as the client reads them.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        match self {
            Self::Quic(stream) => stream.write(bytes).await,
            Self::Memory(stream) => Ok(Box::pin(stream.write(bytes)).await?),
        }
    }

    /// Writes all chunks, as fast as the client reads them. Leaves their contents unspecified.
    pub(crate) async fn write_all(&mut self, chunks: &mut [Bytes]) -> Result<(), StreamError> {
        match self {
            Self::Quic(stream) => stream.write_all(chunks).await,
            Self::Memory(stream) => {
                for chunk in chunks {
                    Box::pin(stream.write(std::mem::take(chunk))).await?;
                }
                Ok(())
            }
        }
    }

    /// Ends the stream. What was written still arrives.
    pub(crate) fn finish(&mut self) -> Result<(), StreamError> {
        match self {
            Self::Quic(stream) => stream.finish(),
            Self::Memory(stream) => Ok(stream.finish()?),
        }
    }

    /// Aborts the stream. Has no effect on one that has ended.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Quic(stream) => stream.reset(),
            Self::Memory(stream) => stream.reset(),
        }
    }

    /// Waits until the client reads no further: it gave up, received everything of a finished
    /// stream, or is gone.
    pub(crate) async fn stopped(&self) {
        match self {
            Self::Quic(stream) => stream.stopped().await,
            Self::Memory(stream) => Box::pin(stream.stopped()).await,
        }
    }

    /// Lowers the priority below that of the other streams, where the transport has priorities.
    pub(crate) fn yield_to_others(&self) {
        match self {
            Self::Quic(stream) => stream.yield_to_others(),
            Self::Memory(_) => {}
        }
    }
}

impl RecvStream {
    /// Waits for the next bytes, up to `max_bytes`. Returns `None` at the end of a finished stream.
    pub(crate) async fn read_chunk(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, StreamError> {
        match self {
            Self::Quic(stream) => stream.read_chunk(max_bytes).await,
            Self::Memory(stream) => Ok(Box::pin(stream.read_chunk(max_bytes)).await?),
        }
    }
}
