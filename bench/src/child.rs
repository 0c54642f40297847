//! Child processes of this binary, which are killed when the run ends.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader};
use std::process::{self, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

/// Dropping it kills the process.
pub(crate) struct Child {
    pub(crate) process: process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    pub(crate) fn start(args: impl IntoIterator<Item: AsRef<OsStr>>) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.args(args).env_remove("RUST_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C must reach the run alone: the process has to live until everything is measured.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn()?;
        let output = process.stdout.take().map(BufReader::new);
        let output = output.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { process, output })
    }

    /// Waits for a line of JSON.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let unexpected = |_| io::Error::other(format!("it said {line:?}"));
        serde_json::from_str(&line).map_err(unexpected)
    }

    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
