//! A server of the run's own: a process of this binary on a temporary directory.

use std::env;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use cairn_client::proto::invite::InviteLink;
use serde::Deserialize;
use tempfile::TempDir;

use crate::child::Child;
use crate::error::{BenchError, Result};
use crate::system;

/// Dropping it kills the process and removes its data.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    ready: Ready,
    dir: TempDir,
}

/// What `cairn serve --json` prints when it accepts connections.
#[derive(Debug, Deserialize)]
struct Ready {
    listening: SocketAddr,
    invite: Option<String>,
}

impl Server {
    /// Starts a server with its data in a new directory below `parent`, and waits for it.
    pub(super) fn start(parent: &Path) -> Result<Self> {
        let dir = system::temporary_dir(parent)?;
        let (process, ready) = run(dir.path(), SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self {
            process,
            ready,
            dir,
        })
    }

    pub(super) fn owner_invite(&self) -> Result<InviteLink> {
        let link = self.ready.invite.as_deref().unwrap_or_default();
        link.parse().map_err(|_| not_ready(link))
    }

    pub(super) fn process(&self) -> u32 {
        self.process.0.id()
    }

    /// Starts the server again at the same address and with the same data.
    pub(super) fn restart(&mut self, stop: Stop) -> Result<()> {
        let stopped = match stop {
            Stop::Ordered => self.terminate(),
            Stop::Crash => self.process.kill(),
        };
        stopped.map_err(BenchError::io("cannot end the server"))?;
        (self.process, _) = run(self.dir.path(), self.ready.listening)?;
        Ok(())
    }

    /// How the server ended, if it did so by itself.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.0.try_wait().ok().flatten()
    }

    fn terminate(&mut self) -> io::Result<()> {
        let process = self.process().to_string();
        let killed = Command::new("kill").args(["-TERM", &process]).status()?;
        match killed.success() {
            true => self.process.0.wait().map(drop),
            false => Err(io::Error::other("it could not be asked to stop")),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// SIGTERM: the server closes its connections.
    Ordered,
    /// SIGKILL: clients are not notified.
    Crash,
}

fn run(dir: &Path, listen: SocketAddr) -> Result<(Child, Ready)> {
    let cannot = || BenchError::io("cannot start a server");
    let mut command = Command::new(env::current_exe().map_err(cannot())?);
    let listen = listen.to_string();
    command
        .args(["serve", "--json", "--log", "warn", "--listen", &listen])
        .arg("--data")
        .arg(dir.join("data"))
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut process = Child::start(&mut command).map_err(cannot())?;
    let mut line = String::new();
    if let Some(stdout) = process.0.stdout.take() {
        let read = BufReader::new(stdout).read_line(&mut line);
        read.map_err(cannot())?;
    }
    let ready = serde_json::from_str(&line).map_err(|_| not_ready(&line))?;
    Ok((process, ready))
}

fn not_ready(said: &str) -> BenchError {
    BenchError::Failed(format!("the server did not start: it said {said:?}"))
}
