//! Why a run came to nothing.

use std::io;
use std::path::PathBuf;

/// Why a run came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// No connection, or it broke.
    #[error("connection to {addr}: {source}")]
    Connection {
        /// Where the server is.
        addr: String,
        /// What happened.
        source: io::Error,
    },
    /// The server refused a command.
    #[error("the server answered {0:?}")]
    Refused(String),
    /// The server said what it should not.
    #[error("the server answered something else than an id: {0:?}")]
    Unexpected(String),
    /// The file that the disk is measured with.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The runtime.
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
    /// A connection's task ended by a fault of this program.
    #[error("a task of the load generator panicked")]
    Panicked,
    /// Nothing was answered in the time that counts.
    #[error("nothing was answered in the time that counts")]
    Nothing,
    /// What was found cannot be printed.
    #[error("cannot print what was found: {0}")]
    Print(#[from] serde_json::Error),
}
