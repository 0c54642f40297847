//! Exit codes of commands.

use std::process::ExitCode;

/// The exit codes. `cairn --help` lists them as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success, also when the reader of the output closed it.
    Done,
    /// The command failed, or the server refused it.
    Failed,
    /// Usage error.
    Usage,
    /// The server cannot be reached, has another key, or does not know this device.
    NoSession,
    /// The data directory cannot be used: locked, damaged, of another version, not writable, or on
    /// a full disk.
    DataUnusable,
    /// The storage failed while serving. Accepted messages are safe.
    StorageFailed,
    /// A bug ended the server. Accepted messages are safe.
    Internal,
    /// Ctrl-C, as shells number it.
    Interrupted,
}

/// The table for `cairn --help`.
pub(crate) const HELP: &str = "\
EXIT CODES
    0  success
    1  failed, or refused by the server; doctor or selftest found a problem
    2  usage error
    3  no session: the server is unreachable, or this device not logged in
    4  unusable data directory: locked, damaged, other version, disk full
    5  the storage failed while serving
   70  a bug ended the server
  130  interrupted";

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoSession => 3,
            Self::DataUnusable => 4,
            Self::StorageFailed => 5,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::NoSession,
            Exit::DataUnusable,
            Exit::StorageFailed,
            Exit::Internal,
            Exit::Interrupted,
        ];
        let listed: Vec<u8> = HELP
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, all.map(Exit::code));
    }
}
