//! Other processes of a run, which end with it.

use std::io;
use std::process::{self, ChildStdout, Command, ExitStatus};

/// Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Child(process::Child);

impl Child {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        // Ctrl-C must reach the run alone: the process has to live until everything is measured.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        command.spawn().map(Self)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its output, where that is piped; once.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> io::Result<()> {
        self.0.wait().map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
