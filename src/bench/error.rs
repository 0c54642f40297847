//! Why a run came to nothing.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use cairn_client::Error as ClientError;
use cairn_client::proto::text::TextError;

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A client failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server of the run could not be started.
    #[error("cannot start a server: {0}")]
    Start(#[source] io::Error),
    /// The server of the run could not be ended.
    #[error("cannot end the server: {0}")]
    End(#[source] io::Error),
    /// The server of the run ended instead of getting ready.
    #[error("the server did not start: it said {0:?}")]
    NotReady(String),
    /// The server of the run ended in the middle of it.
    #[error("the server ended during the run: {0}")]
    ServerEnded(ExitStatus),
    /// No place for the server's data.
    #[error("cannot make a temporary directory in {}: {source}", dir.display())]
    Directory {
        /// Where it was to be.
        dir: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No thread for the fixed rate.
    #[error("cannot start the clock: {0}")]
    Clock(#[source] io::Error),
    /// A name or a message that the run made up is none.
    #[error("a text of the run cannot be sent: {0}")]
    Text(#[from] TextError),
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
    #[error("all {0} receivers would stop reading, and none is left to see what that costs the others: give a smaller --stalled")]
    NobodyReads(usize),
}
