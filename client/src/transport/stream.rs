//! The two halves of a stream, over any transport. Dropping the sending half finishes it; dropping
//! the receiving half stops it.

use bytes::Bytes;

use crate::transport::{Lost, quic};

/// The half that the client writes.
#[derive(Debug)]
pub(crate) enum SendStream {
    Quic(quic::SendStream),
    Memory(cairn_memory::SendStream),
}

/// The half that the client reads.
#[derive(Debug)]
pub(crate) enum RecvStream {
    Quic(quic::RecvStream),
    Memory(cairn_memory::RecvStream),
}

/// Why a stream cannot be used further.
#[derive(Debug)]
pub(crate) enum StreamError {
    Lost(Lost),
    /// The server reset or stopped it, or this side ended it.
    Ended,
}

impl SendStream {
    /// Writes all bytes, as fast as the server reads them.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        match self {
            Self::Quic(stream) => stream.write_all(bytes).await,
            Self::Memory(stream) => {
                Ok(Box::pin(stream.write(Bytes::copy_from_slice(bytes))).await?)
            }
        }
    }

    /// Ends the stream. What was written still arrives.
    pub(crate) fn finish(&mut self) {
        match self {
            Self::Quic(stream) => stream.finish(),
            Self::Memory(stream) => drop(stream.finish()),
        }
    }

    /// Aborts the stream. Has no effect on one that has ended.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Quic(stream) => stream.reset(),
            Self::Memory(stream) => stream.reset(),
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

    /// Waits for data, and moves what has arrived into `chunks`, as far as they go. Returns how
    /// many were filled, or `None` at the end of a finished stream.
    pub(crate) async fn read_chunks(
        &mut self,
        chunks: &mut [Bytes],
    ) -> Result<Option<usize>, StreamError> {
        match self {
            Self::Quic(stream) => stream.read_chunks(chunks).await,
            Self::Memory(stream) => {
                let Some(chunk) = Box::pin(stream.read_chunk(usize::MAX)).await? else {
                    return Ok(None);
                };
                if let Some(first) = chunks.first_mut() {
                    *first = chunk;
                }
                Ok(Some(1))
            }
        }
    }
}
