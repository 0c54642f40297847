//! The run's own server: a process of this binary, in a temporary directory.

use std::ffi::OsStr;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};

use cairn_client::proto::invite::InviteLink;
use serde::Deserialize;
use tempfile::TempDir;

use crate::child::Child;
use crate::error::{BenchError, Result};

/// Dropping it kills the process and removes its data.
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
    pub(super) fn start(dir: TempDir) -> Result<Self> {
        let (process, ready) = run(dir.path(), SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self {
            process,
            ready,
            dir,
        })
    }

    pub(super) fn owner_invite(&self) -> Result<InviteLink> {
        let link = self.ready.invite.as_deref().unwrap_or_default();
        let invalid = |_| BenchError::Failed("the server gave no invite".to_owned());
        link.parse().map_err(invalid)
    }

    pub(super) fn process(&self) -> u32 {
        self.process.process.id()
    }

    /// Restarts the server with the same address and data.
    pub(super) fn restart(&mut self, stop: Stop) -> Result<()> {
        let stopped = match stop {
            Stop::Ordered => self.terminate(),
            Stop::Crash => self.process.kill(),
        };
        stopped.map_err(BenchError::io("cannot end the server"))?;
        (self.process, _) = run(self.dir.path(), self.ready.listening)?;
        Ok(())
    }

    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.process.try_wait().ok().flatten()
    }

    fn terminate(&mut self) -> io::Result<()> {
        let process = self.process().to_string();
        let killed = Command::new("kill").args(["-TERM", &process]).status()?;
        match killed.success() {
            true => self.process.process.wait().map(drop),
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
    let (data, listen) = (dir.join("data"), listen.to_string());
    let start = || {
        let args = ["serve", "--json", "--log", "warn", "--listen", &listen];
        let args = args.iter().map(OsStr::new);
        let mut process = Child::start(args.chain(["--data".as_ref(), data.as_os_str()]))?;
        let ready = process.read()?;
        Ok((process, ready))
    };
    start().map_err(BenchError::io("the server did not start"))
}
