//! How a command ends, as a number for scripts.

use std::process::ExitCode;

/// The exit codes. The table in `cairn --help` says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, also when the reader of the output went away.
    Done,
    /// It failed, or the server refused it.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// The server cannot be reached, is not the pinned one, or does not know this device.
    NoSession,
    /// The data directory cannot be used: locked, of another version, damaged, not writable, or on a full disk.
    DataUnusable,
    /// The storage failed while serving. Nothing that was accepted is lost; nothing more can be.
    StorageFailed,
    /// Ctrl-C, as shells number it.
    Interrupted,
}

/// The table for `cairn --help`.
pub(crate) const HELP: &str = "\
EXIT CODES
    0  done
    1  it failed, or the server refused it; doctor found a problem
    2  the command line makes no sense
    3  no session: the server cannot be reached, or this device is not logged in
    4  the data directory cannot be used: locked, of another version, damaged, read-only, on a full disk
    5  the storage failed while serving
  130  interrupted";

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoSession => 3,
            Self::DataUnusable => 4,
            Self::StorageFailed => 5,
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
    fn the_help_lists_every_code() {
        let all = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::NoSession,
            Exit::DataUnusable,
            Exit::StorageFailed,
            Exit::Interrupted,
        ];
        let listed: Vec<u8> = HELP
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, all.map(Exit::code));
    }
}
