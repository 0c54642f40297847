//! The in-memory transport, to a server of the same process.

use crate::error::Cause;
use crate::transport::{Lost, StreamError};

impl From<cairn_memory::Lost> for Lost {
    fn from(lost: cairn_memory::Lost) -> Self {
        match lost {
            cairn_memory::Lost::ClosedByPeer { code, reason } => Self::closed(code, &reason),
            other => Self::Broken(Cause::of(other)),
        }
    }
}

impl From<cairn_memory::StreamError> for StreamError {
    fn from(error: cairn_memory::StreamError) -> Self {
        match error {
            cairn_memory::StreamError::Lost(lost) => Self::Lost(lost.into()),
            cairn_memory::StreamError::Cancelled | cairn_memory::StreamError::Ended => Self::Ended,
        }
    }
}
