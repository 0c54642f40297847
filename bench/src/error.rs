//! Reasons why a run cannot be measured.

use std::error::Error;
use std::io;

use cairn_client::proto::model::search::{QueryFault, TermFault};
use cairn_client::proto::text::TextError;
use cairn_client::{Error as ClientError, TransferError};
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::error::ErrorCode;
use cairn_store::StoreError;
use cairn_store::timeline::history::HistoryError;
use tokio::task::JoinError;

pub(crate) type Result<T, E = BenchError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// Something outside of cairn failed, such as a file or a thread.
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("sled failed: {0}")]
    Sled(#[from] sled::Error),
    /// The system under test is in a state that cannot be measured.
    #[error("{0}")]
    Failed(String),
    #[error("a text of the run cannot be sent: {0}")]
    Text(#[from] TextError),
    #[error("a search of the run cannot be made: {0}")]
    Term(#[from] TermFault),
    #[error("a search of the run cannot be made: {0}")]
    Query(#[from] QueryFault),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("a message is not what was stored: {0}")]
    Message(#[from] DecodeError),
    #[error("the engine refused what the run asked of it: {0:?}")]
    Refused(ErrorCode),
    #[error("the engine did not answer what it was asked")]
    NoAnswer,
    #[error("{name} failed: {source}")]
    Storage {
        name: String,
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("ended before anything was measured")]
    Interrupted,
    #[error("a task of the load generator failed: {0}")]
    Panicked(#[from] JoinError),
    #[error("a client stopped before the run was over")]
    EndedEarly,
}

impl BenchError {
    /// For `map_err`: names the failed action, as in "cannot open the folder".
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            what: what.into(),
            source,
        }
    }
}
