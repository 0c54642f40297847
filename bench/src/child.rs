//! Other processes of a run, which end with it.

use std::io;
use std::process::{self, Command};

/// Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Child(pub(crate) process::Child);

impl Child {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        // Ctrl-C must reach the run alone: the process has to live until everything is measured.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        command.spawn().map(Self)
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
