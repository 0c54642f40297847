//! Requirements of a server on its machine: enough open files, and a clock that is not earlier than
//! the data.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_proto::ids::Timestamp;
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
    /// The server's clock, as it was last logged.
    clock_ms: Option<u64>,
}

impl Machine {
    /// Looks at this machine and at a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        let folders = ["log", "trees"].map(|name| data.join(name));
        Self {
            open_files: OpenFiles::of_process().map(|files| files.limit),
            time_ms: millis(SystemTime::now()),
            last_write_ms: folders.iter().filter_map(|dir| last_write(dir)).max(),
            clock_ms: None,
        }
    }

    /// Adds what is known once the data is open.
    pub(crate) fn with_clock(self, clock: Option<Timestamp>) -> Self {
        Self {
            clock_ms: clock.map(Timestamp::get),
            ..self
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
        let differ = self.clock_ms.map(|clock| clock.abs_diff(self.time_ms));
        if let Some(differ) =
            differ.filter(|ms| u128::from(*ms) > limits::CLOCKS_DIFFER_MAX.as_millis())
        {
            warnings.push(format!(
                "the clock of this machine and the server's, by which messages expire, are {} \
                 hours apart: the server makes that up by a day for each hour; once it runs, if \
                 the machine's is right: cairn config set clock trusted",
                differ / (60 * 60 * 1000)
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
            clock_ms: Some(40_000),
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
            clock_ms: None,
        };
        assert_eq!(
            machine.warnings(),
            [
                "the limit of 64 open files is too low for a server, which needs 128",
                "the clock of this machine is 60 s behind the last write to the data directory"
            ]
        );
    }

    #[test]
    fn clock_that_jumped_is_a_warning() {
        let (now, year) = (1_800_000_000_000, 365 * 24 * 60 * 60 * 1000);
        for clock in [now - year, now + year] {
            let machine = Machine {
                open_files: None,
                time_ms: now,
                last_write_ms: None,
                clock_ms: None,
            }
            .with_clock(Some(Timestamp::new(clock)));
            let warnings = machine.warnings();
            assert_eq!(warnings.len(), 1);
            assert!(warnings[0].contains("are 8760 hours apart"), "{warnings:?}");
        }
    }
}
