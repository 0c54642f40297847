//! The in-memory transport, for clients of the same process.

use cairn_proto::wire::close::CloseCode;

use crate::transport::{Lost, StreamError};

impl From<cairn_memory::Lost> for Lost {
    fn from(lost: cairn_memory::Lost) -> Self {
        match lost {
            cairn_memory::Lost::ClosedByPeer { code, .. } => {
                Self::Closed(CloseCode::from_number(code))
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<cairn_memory::StreamError> for StreamError {
    fn from(error: cairn_memory::StreamError) -> Self {
        match error {
            cairn_memory::StreamError::Lost(lost) => Self::Lost(lost.into()),
            cairn_memory::StreamError::Cancelled => Self::Cancelled,
            cairn_memory::StreamError::Ended => Self::Finished,
        }
    }
}
