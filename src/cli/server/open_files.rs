//! The limit of open files. Below a minimum, a server would fail in the middle of its start.

use std::fs;

use crate::cli::failure::{Exit, Failure};

/// The limit of this process, and how many of its files are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenFiles {
    pub(crate) limit: u64,
    in_use: u64,
}

impl OpenFiles {
    /// Returns the limit, or `None` without one.
    #[cfg(unix)]
    pub(crate) fn of_process() -> Option<Self> {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
        // A folder that cannot be listed because of the limit counts as full.
        let in_use = fs::read_dir("/dev/fd").map_or_else(
            |error| match error.raw_os_error() {
                Some(code) if code == rustix::io::Errno::MFILE.raw_os_error() => limit,
                _ => 0,
            },
            |listed| (listed.count() as u64).saturating_sub(1),
        );
        Some(Self { limit, in_use })
    }

    #[cfg(not(unix))]
    pub(crate) const fn of_process() -> Option<Self> {
        None
    }

    /// Returns whether this many more files can be opened.
    pub(crate) const fn leaves(self, files: u64) -> bool {
        self.limit.saturating_sub(self.in_use) >= files
    }
}

/// Refuses to start when the limit leaves fewer than `needed` open files.
pub(crate) fn check(needed: u64) -> Result<(), Failure> {
    match OpenFiles::of_process() {
        Some(files) if !files.leaves(needed) => Err(refusal(files, needed)),
        _ => Ok(()),
    }
}

fn refusal(OpenFiles { limit, in_use }: OpenFiles, needed: u64) -> Failure {
    let headline = format!(
        "the limit of {limit} open files is too low: {needed} are needed, and {in_use} are open \
            already"
    );
    Failure::new(Exit::Failed, headline)
        .hint("raise it with `ulimit -n 1024`, or with LimitNOFILE= in the unit of systemd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherited_files_count() {
        let files = OpenFiles {
            limit: 130,
            in_use: 3,
        };
        assert!(files.leaves(127));
        assert!(!files.leaves(128));
    }

    #[cfg(unix)]
    #[test]
    fn open_files_are_counted() {
        let Some(before) = OpenFiles::of_process() else {
            return;
        };
        assert!(before.in_use >= 3, "the standard streams are open");
        assert!(before.in_use < before.limit);
    }
}
