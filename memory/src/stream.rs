//! The two halves of a stream.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use crate::Lost;
use crate::connection::End;
use crate::pipe::{Pipe, Read, Write};

/// Counts a stream while either half of the server's lives.
type Permit = Option<Arc<OwnedSemaphorePermit>>;

/// The half that is written. Dropping it finishes the stream.
#[derive(Debug)]
pub struct SendStream {
    end: Arc<End>,
    pipe: Arc<Pipe>,
    _permit: Permit,
}

/// The half that is read. Dropping it stops the stream.
#[derive(Debug)]
pub struct RecvStream {
    end: Arc<End>,
    pipe: Arc<Pipe>,
    _permit: Permit,
}

/// Why a stream cannot be used further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The connection ended.
    #[error("the connection ended: {0}")]
    Lost(#[from] Lost),
    /// The other end reset or stopped the stream.
    #[error("the peer gave up the stream")]
    Cancelled,
    /// This end finished or reset the stream before.
    #[error("the stream was ended before")]
    Ended,
}

impl SendStream {
    pub(crate) const fn new(end: Arc<End>, pipe: Arc<Pipe>, permit: Permit) -> Self {
        Self {
            end,
            pipe,
            _permit: permit,
        }
    }

    /// Writes all bytes. Waits while the window is full.
    ///
    /// # Errors
    /// When the other end reads no further.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), StreamError> {
        self.end.show(&bytes);
        while !bytes.is_empty() {
            if let Some(lost) = self.end.close_reason() {
                return Err(lost.into());
            }
            let changed = self.pipe.changed();
            match self.pipe.write(&mut bytes) {
                Write::Done => {}
                Write::Stopped => return Err(StreamError::Cancelled),
                Write::Ended => return Err(StreamError::Ended),
                Write::Full => tokio::select! {
                    biased;
                    lost = self.end.closed() => return Err(lost.into()),
                    () = changed => {}
                },
            }
        }
        Ok(())
    }

    /// Ends the stream. What was written can still be read.
    ///
    /// # Errors
    /// [`StreamError::Ended`] if it was ended before.
    pub fn finish(&mut self) -> Result<(), StreamError> {
        match self.pipe.finish() {
            true => Ok(()),
            false => Err(StreamError::Ended),
        }
    }

    /// Aborts the stream. Has no effect on one that was ended before.
    pub fn reset(&mut self) {
        self.pipe.reset();
    }

    /// Waits until the stream needs nothing more of this half: the other end stopped it, has the
    /// whole of a finished one in its buffer, or is gone.
    pub async fn stopped(&self) {
        loop {
            let changed = self.pipe.changed();
            if self.pipe.is_settled() {
                return;
            }
            tokio::select! {
                biased;
                _ = self.end.closed() => return,
                () = changed => {}
            }
        }
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        self.pipe.finish();
    }
}

impl RecvStream {
    pub(crate) const fn new(end: Arc<End>, pipe: Arc<Pipe>, permit: Permit) -> Self {
        Self {
            end,
            pipe,
            _permit: permit,
        }
    }

    /// Waits for the next bytes, up to `max_bytes`. Returns `None` at the end of a finished stream.
    ///
    /// # Errors
    /// When the other end will not finish the stream.
    pub async fn read_chunk(&mut self, max_bytes: usize) -> Result<Option<Bytes>, StreamError> {
        loop {
            if self.end.has_failed() {
                return Err(Lost::Cut.into());
            }
            if self.end.is_held() {
                tokio::select! {
                    biased;
                    lost = self.end.closed() => return Err(lost.into()),
                    () = self.end.released() => {}
                }
                continue;
            }
            let changed = self.pipe.changed();
            match self.pipe.read(max_bytes) {
                Read::Chunk(bytes) => return Ok(Some(bytes)),
                Read::End => return Ok(None),
                Read::Reset => return Err(StreamError::Cancelled),
                Read::Nothing => tokio::select! {
                    biased;
                    // First: what the other end did before it closed the connection still counts.
                    () = changed => {}
                    lost = self.end.closed() => return Err(lost.into()),
                },
            }
        }
    }
}

impl Drop for RecvStream {
    fn drop(&mut self) {
        self.pipe.stop();
    }
}
