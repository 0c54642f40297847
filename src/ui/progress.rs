//! One line on standard error that says how far a long command is. Only on a terminal, and only when the command does take long.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// A command that is done before this shows no progress.
const DELAY: Duration = Duration::from_millis(250);

/// The least time between two updates of the progress line.
const INTERVAL: Duration = Duration::from_millis(100);

/// The progress line. It is wiped when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    due: Option<Instant>,
    is_shown: bool,
}

const WIPE: &str = "\r\u{1b}[K";

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            due: io::stderr().is_terminal().then(|| Instant::now() + DELAY),
            is_shown: false,
        }
    }

    /// Shows how things are, if it is time to.
    pub(crate) fn update(&mut self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.due.is_some_and(|due| now >= due) {
            self.due = Some(now + INTERVAL);
            self.is_shown = true;
            // A terminal that is gone needs no progress.
            let _ = write!(io::stderr().lock(), "{WIPE}{}", text());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = io::stderr().lock().write_all(WIPE.as_bytes());
        }
    }
}

/// Tells people something beside the results: on standard error.
pub(crate) fn note(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
