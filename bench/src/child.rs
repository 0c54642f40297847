//! Other processes of a run, which end with it.

use std::io;
use std::process::{self, ChildStdout, Command, ExitStatus};

/// A process. Dropping it kills it.
#[derive(Debug)]
pub struct Child(process::Child);

impl Child {
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// What it says, where that was asked for; once.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Kills it, as with kill -9, and waits until it is gone.
    pub fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.wait()
    }

    /// Waits until it is gone.
    pub fn wait(&mut self) -> io::Result<()> {
        self.0.wait().map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// A Ctrl-C is for whoever measures; the process must live until everything is measured.
#[cfg(unix)]
pub fn by_itself(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
pub fn by_itself(_command: &mut Command) {}
