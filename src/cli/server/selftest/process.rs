//! The server of the drill: a process of this binary, which is killed again and again.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::{interval, timeout};

use crate::cli::failure::{Exit, Failure};
use crate::cli::server::selftest::limits::WAIT_MAX;

/// How often the end of a process is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Where a server has its data and its log, and where it listens.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) data: PathBuf,
    log: PathBuf,
    pub(super) listen: SocketAddr,
}

/// Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process(Child);

/// A server that accepts connections.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) process: Process,
    pub(super) invite: Option<String>,
}

/// What `cairn serve --json` prints when it accepts connections.
#[derive(Debug, Deserialize)]
struct Ready {
    listening: SocketAddr,
    invite: Option<String>,
}

impl Site {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            data: dir.join("data"),
            log: dir.join("server.log"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }

    /// Starts a process, which may not yet accept connections.
    pub(super) fn spawn(&self) -> Result<Process, Failure> {
        let spawn = || {
            let log = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&self.log)?;
            let mut command = Command::new(std::env::current_exe()?);
            command
                .args(["serve", "--json", "--log", "warn", "--listen"])
                .arg(self.listen.to_string())
                .arg("--data")
                .arg(&self.data)
                .env_remove("RUST_LOG")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(log);
            // Ctrl-C must reach the drill alone, which then checks and cleans up.
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
            command.spawn()
        };
        let child = spawn();
        let child = child
            .map_err(|error| Failure::caused(Exit::Failed, "cannot start the server", &error))?;
        Ok(Process(child))
    }

    /// Starts the server, and waits until it accepts connections. The error of the inner result is
    /// what it says instead.
    pub(super) async fn start(&mut self) -> Result<Result<Server, String>, Failure> {
        let mut process = self.spawn()?;
        let Some(output) = process.0.stdout.take() else {
            return Ok(Err("the server has no output".to_owned()));
        };
        let read = spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let Ok(read) = timeout(WAIT_MAX, read).await else {
            return Ok(Err(format!(
                "the server neither accepts connections nor ends within {} s",
                WAIT_MAX.as_secs()
            )));
        };
        let line = read.map_err(io::Error::other).and_then(|line| line);
        let ready = line.and_then(|line| Ok(serde_json::from_str::<Ready>(&line)?));
        let Ok(ready) = ready else {
            let status = process.ended().await;
            return Ok(Err(match status {
                Some(status) => format!("the server ends with {status}: {}", self.last_error()),
                None => "the server does not end".to_owned(),
            }));
        };
        // Later starts use the same port: clients return to it.
        self.listen = ready.listening;
        Ok(Ok(Server {
            process,
            invite: ready.invite,
        }))
    }

    /// The last error in the log of the servers.
    pub(super) fn last_error(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let error = log.lines().rfind(|line| line.starts_with("error: "));
        error.unwrap_or("no error in its log").to_owned()
    }

    /// Runs `cairn doctor` on the data. Returns what it says, if that is a problem.
    pub(super) async fn doctor(&self) -> Result<Option<String>, Failure> {
        let data = self.data.clone();
        let doctor = move || {
            Command::new(std::env::current_exe()?)
                .args(["doctor", "--json", "--data"])
                .arg(data)
                .stdin(Stdio::null())
                .output()
        };
        let output = spawn_blocking(doctor).await.map_err(io::Error::other);
        let output = output
            .and_then(|output| output)
            .map_err(|error| Failure::caused(Exit::Failed, "cannot start the doctor", &error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        Ok((!output.status.success()).then(|| said.trim().replace('\n', "; ")))
    }
}

impl Process {
    pub(super) fn kill(&mut self) {
        // It may be over already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Requests a graceful stop, where there are signals.
    pub(super) fn stop(&self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            // It may be over already.
            let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        }
    }

    /// Returns how it ended, if it did.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Waits for its end, however long it goes on.
    pub(super) async fn gone(&mut self) {
        let mut looks = interval(LOOK_INTERVAL);
        while self.status().is_none() {
            looks.tick().await;
        }
    }

    /// Waits for its end. Returns `None` if it goes on.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        timeout(WAIT_MAX, self.gone()).await.ok()?;
        self.status()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
