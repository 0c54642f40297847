//! Why a run came to nothing.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use cairn_client::proto::text::TextError;
use cairn_client::{Error as ClientError, TransferError};
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::error::ErrorCode;

use super::results::sized;
use super::storage::race::StorageFailure;
use cairn_store::StoreError;
use cairn_store::timeline::history::HistoryError;
use tokio::task::JoinError;

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// Something outside of cairn failed, such as a file or a thread.
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    /// sled failed, without cairn's engine around it.
    #[error("{what}: {source}")]
    Sled { what: String, source: sled::Error },
    /// A run found itself in a state that it cannot measure.
    #[error("{0}")]
    Failed(String),
    #[error("the server did not start: it said {0:?}")]
    NotReady(String),
    #[error("the server ended during the run: {0}")]
    ServerEnded(ExitStatus),
    /// No place for the server's data.
    #[error("cannot make a temporary directory in {}: {source}", dir.display())]
    Directory { dir: PathBuf, source: io::Error },
    // Storage.
    /// The disk cannot take a single message.
    #[error(
        "there is no room in {}: {} are free, and {} must stay free; name another disk with --dir",
        dir.display(),
        sized(*free),
        sized(*needed)
    )]
    OutOfSpace {
        /// Where it was to be stored.
        dir: PathBuf,
        /// Bytes that are free there.
        free: u64,
        /// Bytes that must stay free.
        needed: u64,
    },
    /// A name or a message that the run made up is none.
    #[error("a text of the run cannot be sent: {0}")]
    Text(#[from] TextError),
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the engine stored cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A message that was stored is none.
    #[error("a message is not what was stored: {0}")]
    Message(#[from] DecodeError),
    /// The engine refused what the run asked of it.
    #[error("the engine refused what the run asked of it: {0:?}")]
    Refused(ErrorCode),
    /// The engine answered something else than what it was asked.
    #[error("the engine did not answer what it was asked")]
    NoAnswer,
    /// One of the storages in a race failed.
    #[error("{name} failed: {source}")]
    Storage {
        /// Which one.
        name: String,
        /// Why.
        source: StorageFailure,
    },
    /// A batch is more than the commit log takes at once.
    #[error(
        "{batch} messages of {body_bytes} bytes are more than a commit can take: choose smaller --batches or a smaller --body"
    )]
    BatchTooLarge {
        /// Its messages.
        batch: usize,
        /// The bytes of each.
        body_bytes: usize,
    },
    /// Somebody ended the run before anything was measured.
    #[error("ended before anything was measured")]
    Interrupted,
    /// A task of the run ended by a fault of cairn.
    #[error("a task of the load generator panicked")]
    Panicked,
    /// A sender or a receiver ended although nobody ended it.
    #[error("a client stopped before the run was over")]
    EndedEarly,
    /// The senders have stopped being answered.
    #[error("{0} sends were not answered after the run")]
    Unanswered(usize),
    /// Receivers that stop reading are compared with others, and there are none.
    #[error(
        "all {0} receivers would stop reading, and none is left to see what that costs the others: give a smaller --stalled"
    )]
    NoReaders(usize),
}

impl From<JoinError> for BenchError {
    fn from(_: JoinError) -> Self {
        Self::Panicked
    }
}

impl From<sled::Error> for BenchError {
    fn from(source: sled::Error) -> Self {
        Self::Sled {
            what: "sled failed".to_owned(),
            source,
        }
    }
}

impl BenchError {
    /// For `map_err`: what could not be done, as in "cannot open the folder".
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            what: what.into(),
            source,
        }
    }
}
