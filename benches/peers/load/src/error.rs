//! Errors of a run.

use std::io;
use std::path::PathBuf;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The connection failed or broke.
    #[error("connection to {addr}: {source}")]
    Connection { addr: String, source: io::Error },
    /// The server refused a command.
    #[error("the server answered {0:?}")]
    Refused(String),
    /// The server sent an unexpected answer.
    #[error("the server answered with something other than an id: {0:?}")]
    Unexpected(String),
    /// The file used to measure the disk.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The runtime.
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
    /// A connection's task panicked.
    #[error("a task of the load generator panicked")]
    Panicked,
    /// No answer arrived in the measured time.
    #[error("no answer arrived in the measured time")]
    Nothing,
    /// The result cannot be printed.
    #[error("cannot print the result: {0}")]
    Print(#[from] serde_json::Error),
}
