//! A server of the run's own: a process of this very binary, on a temporary directory that goes with it.

use std::env;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use cairn_client::proto::invite::{InviteLink, ServerAddr};
use serde::Deserialize;
use tempfile::TempDir;

use crate::child::{self, Child};
use crate::error::BenchError;

/// A running server. Dropping it ends it and removes its data.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    listening: SocketAddr,
    invite: Option<String>,
    dir: TempDir,
}

/// What a server says when it accepts connections.
#[derive(Debug, Deserialize)]
struct Ready {
    listening: SocketAddr,
    invite: Option<String>,
}

impl Server {
    /// Starts a server with its data in a new directory below `parent`. Waits until it accepts connections.
    pub(super) fn start(parent: &Path) -> Result<Self, BenchError> {
        let dir = tempfile::Builder::new()
            .prefix("cairn-bench-")
            .tempdir_in(parent)
            .map_err(|source| BenchError::Directory {
                dir: parent.to_owned(),
                source,
            })?;
        let (process, ready) = run(dir.path(), SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self {
            process,
            listening: ready.listening,
            invite: ready.invite,
            dir,
        })
    }

    /// The link of the first start.
    pub(super) fn owner_invite(&self) -> Result<InviteLink, BenchError> {
        let link = self.invite.as_deref().unwrap_or_default();
        link.parse()
            .map_err(|_| BenchError::NotReady(link.to_owned()))
    }

    pub(super) fn addr(&self) -> ServerAddr {
        ServerAddr::new(&self.listening.ip().to_string(), self.listening.port())
    }

    /// The number of the process.
    pub(super) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Ends the server, waits until it is gone, and starts it again at the same address, with the same data.
    pub(super) fn restart(&mut self, end: End) -> Result<(), BenchError> {
        self.end(end).map_err(BenchError::End)?;
        let (process, _) = run(self.dir.path(), self.listening)?;
        self.process = process;
        Ok(())
    }

    /// How the server ended, if it did so by itself.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    fn end(&mut self, end: End) -> io::Result<()> {
        match end {
            End::Crash => self.process.kill(),
            End::Stop => {
                let asked = Command::new("kill")
                    .args(["-TERM", &self.process().to_string()])
                    .status()?;
                if !asked.success() {
                    return Err(io::Error::other("it could not be asked to stop"));
                }
                self.process.wait()
            }
        }
    }
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order: it says goodbye to its clients.
    Stop,
    /// As with kill -9: no client is told.
    Crash,
}

fn run(dir: &Path, listen: SocketAddr) -> Result<(Child, Ready), BenchError> {
    let mut command = Command::new(env::current_exe().map_err(BenchError::Start)?);
    command
        .args([
            "serve",
            "--json",
            "--log",
            "warn",
            "--listen",
            &listen.to_string(),
            "--data",
        ])
        .arg(dir.join("data"));
    command
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    child::by_itself(&mut command);
    let mut process = Child::start(&mut command).map_err(BenchError::Start)?;
    let mut line = String::new();
    if let Some(stdout) = process.stdout() {
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(BenchError::Start)?;
    }
    let ready = serde_json::from_str(&line).map_err(|_| BenchError::NotReady(line))?;
    Ok((process, ready))
}
