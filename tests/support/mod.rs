//! A server process on real files, and clients that log in to it.

#![allow(dead_code, reason = "each test uses its own part of it")]

pub mod folders;
pub mod kinds;
pub mod lossy;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::invite::{InviteLink, ServerAddr};
use cairn_client::proto::text::{DeviceName, UserName};
use cairn_client::{Account, Client, Error, Event, Events, JoinRequest, Timeline};
use tempfile::TempDir;
use tokio::time::{interval, timeout};

/// The time after which an event counts as absent.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The interval between polls.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Waits for an expected event, and fails with `what` when it does not happen.
pub async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    timeout(PATIENCE, happens)
        .await
        .unwrap_or_else(|_| panic!("it does not happen: {what}"))
}

/// Polls a condition, and fails when it does not become true.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looks = async {
        let mut looks = interval(LOOK_INTERVAL);
        while !is_so().await {
            looks.tick().await;
        }
    };
    soon(what, looks).await;
}

/// Waits for an event that matches `what`.
pub async fn event<T>(
    events: &mut Events,
    what: &str,
    mut tells: impl FnMut(Event) -> Option<T>,
) -> T {
    let told = async {
        loop {
            let event = events.next().await.expect("the client is over");
            if let Some(told) = tells(event) {
                return told;
            }
        }
    };
    soon(what, told).await
}

/// The next message of a timeline.
pub async fn next(timeline: &mut Timeline) -> Message {
    soon("a message comes", timeline.next())
        .await
        .expect("the timeline ends")
        .unwrap()
}

/// Waits until the server has the ack of `client`'s device for this message.
pub async fn acked(client: &Client, id: ConversationId, msgid: MsgId) {
    client.conversation(id).ack(msgid);
    let delivered = async || {
        client
            .conversations()
            .list()
            .await
            .unwrap()
            .into_iter()
            .find(|item| item.id == id)
            .unwrap()
            .delivered
    };
    until("the ack arrives", async || delivered().await >= msgid).await;
}

/// Resident memory of the server process on this directory; 0 without `/proc`.
pub fn resident_bytes(data: &Path) -> u64 {
    let pid = std::fs::read_to_string(data.join("lock")).unwrap();
    resident_bytes_of(pid.trim())
}

/// Peak of [`resident_bytes`] since the server started.
pub fn resident_bytes_peak(data: &Path) -> u64 {
    let pid = std::fs::read_to_string(data.join("lock")).unwrap();
    status_bytes(pid.trim(), "VmHWM:")
}

/// Resident memory of a process, by id or `self`; 0 after its exit or without `/proc`.
pub fn resident_bytes_of(process: &str) -> u64 {
    status_bytes(process, "VmRSS:")
}

/// The processor time of the server process on this directory; zero without `/proc`.
pub fn processor_time(data: &Path) -> Duration {
    let pid = std::fs::read_to_string(data.join("lock")).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    // After the name in parentheses: the 12th and 13th field, in hundredths of a second.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * ticks)
}

fn status_bytes(process: &str, field: &str) -> u64 {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else {
        return 0;
    };
    let resident = status.lines().find_map(|line| {
        line.strip_prefix(field)?
            .trim()
            .strip_suffix(" kB")?
            .parse()
            .ok()
    });
    resident.map_or(0, |kib: u64| kib * 1024)
}

/// A server process. Dropping it kills it.
pub struct Server {
    process: Process,
    pub addr: SocketAddr,
    /// Printed at the first start.
    pub invite: Option<InviteLink>,
    data: PathBuf,
    /// Removes the data directory, if the server created it.
    dir: Option<TempDir>,
}

impl Server {
    /// Starts a server in a new directory.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Self::start_in(&dir.path().join("data"));
        Self {
            dir: Some(dir),
            ..server
        }
    }

    /// Starts a server with these arguments. A restart does not repeat them.
    pub fn start_with(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Self::start_at(
            &dir.path().join("data"),
            "127.0.0.1:0".parse().unwrap(),
            args,
        );
        Self {
            dir: Some(dir),
            ..server
        }
    }

    pub fn start_in(data: &Path) -> Self {
        Self::start_at(data, "127.0.0.1:0".parse().unwrap(), &[])
    }

    fn start_at(data: &Path, listen: SocketAddr, args: &[&str]) -> Self {
        Self::start_configured(data, listen, "warn", |command| {
            command.args(args);
        })
    }

    /// Starts a server whose command is changed before.
    pub fn start_configured(
        data: &Path,
        listen: SocketAddr,
        log: &str,
        configure: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = cairn(&[
            "serve",
            "--json",
            "--log",
            log,
            "--listen",
            &listen.to_string(),
            "--data",
        ]);
        command.arg(data).stdout(Stdio::piped());
        configure(&mut command);
        let mut process = command.spawn().unwrap();
        // It prints one line when it accepts connections.
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the server did not start: {line:?}"));
        let addr = ready["listening"].as_str().unwrap().parse().unwrap();
        let invite = ready["invite"].as_str().map(|link| link.parse().unwrap());
        Self {
            process: Process(process),
            addr,
            invite,
            data: data.to_owned(),
            dir: None,
        }
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Kills it with SIGKILL. Writes that reached the page cache survive.
    pub fn kill(&mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Requests a graceful stop without waiting for it.
    pub fn ask_to_stop(&self) {
        signal(&self.process.0, "TERM");
    }

    /// Restarts it on the same address and data, after [`Server::kill`] or [`Server::stop`].
    pub fn restart(&mut self) {
        let again = Self::start_at(&self.data, self.addr, &[]);
        let dir = self.dir.take();
        *self = Self {
            dir,
            invite: self.invite.clone(),
            ..again
        };
    }

    pub fn stop(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.process.0.wait().unwrap()
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.process.0.wait().unwrap()
    }

    /// Joins the owner, with the invite of the first start.
    pub async fn owner(&self) -> (Client, Account) {
        join(self.invite.as_ref().unwrap(), "owner").await
    }

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

/// The binary with these arguments, isolated from the profile and settings of the machine.
/// `CAIRN_TEST_BINARY` selects another build.
pub fn cairn(args: &[&str]) -> Command {
    let other = std::env::var_os("CAIRN_TEST_BINARY");
    let mut command = Command::new(other.unwrap_or(env!("CARGO_BIN_EXE_cairn").into()));
    command
        .args(args)
        .env_remove("CAIRN_PROFILE")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

pub fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), process.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Joins a new user with an invite.
pub async fn join(invite: &InviteLink, name: &str) -> (Client, Account) {
    try_join(invite, name).await.unwrap()
}

/// Joins a new user with an invite, where that may fail.
pub async fn try_join(invite: &InviteLink, name: &str) -> Result<(Client, Account), Error> {
    let who = JoinRequest {
        name: UserName::new(name).unwrap(),
        password: None,
        device: DeviceName::new("test").unwrap(),
    };
    Client::builder().join(invite, who).await
}

/// Invites and joins a new user.
pub async fn invite(owner: &Client, name: &str) -> (Client, Account) {
    let link = owner
        .admin()
        .create_invite(1, Duration::from_secs(3600))
        .await
        .unwrap();
    join(&link, name).await
}
