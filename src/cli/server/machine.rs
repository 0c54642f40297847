//! Requirements of a server on its machine: enough open files, and a clock that is not earlier than
//! the data.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::cli::limits;
use crate::cli::server::open_files::OpenFiles;

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Machine {
    /// `None` without a limit.
    open_files: Option<u64>,
    /// Milliseconds since 1970, as below.
    time_ms: u64,
    /// The last write to the log or the trees.
    last_write_ms: Option<u64>,
}

impl Machine {
    /// Looks at this machine and at a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        let folders = ["log", "trees"].map(|name| data.join(name));
        Self {
            open_files: OpenFiles::of_process().map(|files| files.limit),
            time_ms: millis(SystemTime::now()),
            last_write_ms: folders.iter().filter_map(|dir| last_write(dir)).max(),
        }
    }

    pub(crate) fn warnings(self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(limit) = self
            .open_files
            .filter(|limit| *limit < limits::SERVER_FILES_MIN)
        {
            warnings.push(format!(
                "the limit of {limit} open files is too low for a server, which needs {}",
                limits::SERVER_FILES_MIN
            ));
        }
        let ahead = self.last_write_ms.unwrap_or(0).saturating_sub(self.time_ms);
        if u128::from(ahead) > limits::CLOCK_BEHIND_MAX.as_millis() {
            warnings.push(format!(
                "the clock of this machine is {} s behind the last write to the data directory",
                ahead / 1000
            ));
        }
        warnings
    }
}

/// Returns when a file of the folder was last written.
fn last_write(dir: &Path) -> Option<u64> {
    fs::read_dir(dir)
        .ok()?
        .filter_map(|entry| Some(millis(entry.ok()?.metadata().ok()?.modified().ok()?)))
        .max()
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_machine_has_no_warnings() {
        let machine = Machine {
            open_files: Some(1024),
            time_ms: 50_000,
            last_write_ms: Some(55_000),
        };
        assert_eq!(machine.warnings(), [] as [String; 0]);
        let unlimited = Machine {
            open_files: None,
            last_write_ms: None,
            ..machine
        };
        assert_eq!(unlimited.warnings(), [] as [String; 0]);
    }

    #[test]
    fn low_limit_and_late_clock_are_warnings() {
        let machine = Machine {
            open_files: Some(64),
            time_ms: 50_000,
            last_write_ms: Some(110_000),
        };
        assert_eq!(
            machine.warnings(),
            [
                "the limit of 64 open files is too low for a server, which needs 128",
                "the clock of this machine is 60 s behind the last write to the data directory"
            ]
        );
    }
}
