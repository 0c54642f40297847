//! A real server, as a process of its own, on real files; and clients that log in to it.

#![allow(dead_code, reason = "each test uses its own part of it")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use cairn_client::proto::invite::{InviteLink, ServerAddr};
use cairn_client::proto::text::{DeviceName, UserName};
use cairn_client::{Account, Client, JoinRequest, Options};
use tempfile::TempDir;

/// A server process. Dropping it kills it.
pub struct Server {
    process: Process,
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it said of an invite when it was first ready.
    pub invite: Option<InviteLink>,
    data: PathBuf,
    /// Removes the data directory, when it is the server's own.
    dir: Option<TempDir>,
}

impl Server {
    /// A new server in a directory of its own.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Self::start_in(&dir.path().join("data"));
        Self { dir: Some(dir), ..server }
    }

    /// A new server with these arguments. They are not given again at a restart.
    pub fn start_with(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Self::start_at(&dir.path().join("data"), "127.0.0.1:0".parse().unwrap(), args);
        Self { dir: Some(dir), ..server }
    }

    /// A server in this directory.
    pub fn start_in(data: &Path) -> Self {
        Self::start_at(data, "127.0.0.1:0".parse().unwrap(), &[])
    }

    fn start_at(data: &Path, listen: SocketAddr, args: &[&str]) -> Self {
        let mut process = cairn(&["serve", "--json", "--log", "warn", "--listen", &listen.to_string(), "--data"])
            .arg(data)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It says one line when it accepts connections.
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the server did not start: {line:?}"));
        let addr = ready["listening"].as_str().unwrap().parse().unwrap();
        let invite = ready["invite"].as_str().map(|link| link.parse().unwrap());
        Self { process: Process(process), addr, invite, data: data.to_owned(), dir: None }
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Ends it as a power switch would, but for the page cache.
    pub fn kill(&mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Asks it to stop, and does not wait for it.
    pub fn ask_to_stop(&self) {
        signal(&self.process.0, "TERM");
    }

    /// Starts it again, on the same address and data, after [`Server::kill`] or [`Server::stop`].
    pub fn restart(&mut self) {
        let again = Self::start_at(&self.data, self.addr, &[]);
        let dir = self.dir.take();
        *self = Self { dir, invite: self.invite.clone(), ..again };
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.process.0.wait().unwrap()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.0.wait().unwrap()
    }

    /// The server's owner, joined with the link of its first start.
    pub async fn owner(&self) -> (Client, Account) {
        join(self.invite.as_ref().unwrap(), "owner").await
    }

    /// The address, as a client names it.
    pub fn server_addr(&self) -> ServerAddr {
        ServerAddr::new(&self.addr.ip().to_string(), self.addr.port())
    }
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The binary with these arguments, and no profile or settings of whoever runs the tests.
pub fn cairn(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(args).env_remove("CAIRN_PROFILE").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Sends a signal to a process.
pub fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A new user with an invite.
pub async fn join(invite: &InviteLink, name: &str) -> (Client, Account) {
    let who = JoinRequest { name: UserName::new(name).unwrap(), password: None, device: DeviceName::new("test").unwrap() };
    Client::join(invite, who, Options::default()).await.unwrap()
}

/// A new user whom the owner invites.
pub async fn invite(owner: &Client, name: &str) -> (Client, Account) {
    let link = owner.create_invite(1, Duration::from_secs(3600)).await.unwrap();
    join(&link, name).await
}
