//! A whole server within the process of a test: its network, its log and its trees are in memory,
//! and its clocks follow the timers of the runtime, which may be paused.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a helper of tests fails by a panic"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cairn_client::proto::wire::close::CloseCode;
use cairn_client::{Account, Client, ClientBuilder, Endpoint, InviteLink, JoinRequest, Timestamp};
use cairn_memory::{ClientConnection, Limits, Network};
use cairn_server::run::{InProcess, Options, Ready, ServeError, run_in_process};
use cairn_store::env::{BackgroundWork, Env};
use cairn_store::testing::SimDisk;
use cairn_store::testing::contents::Contents;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A day, the life of invites here.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The wall clock when a test starts, in milliseconds.
const START: u64 = 1_700_000_000_000;

const SEED: u64 = 1;

const BACKGROUND_WORK: [BackgroundWork; 3] = [
    BackgroundWork::Segments,
    BackgroundWork::Watermark,
    BackgroundWork::Checkpoint,
];

/// A server, running or stopped.
#[derive(Debug)]
pub struct Server {
    network: Network,
    /// The log and the trees.
    disk: SimDisk,
    /// The identity and the attachments.
    pub dir: TempDir,
    began: Instant,
    /// The wall clock at that time.
    start: u64,
    /// Servers that were started on this disk.
    starts: u64,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    result: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    /// Starts a new server, and returns the invite for its owner.
    pub async fn start(limits: Limits) -> (Self, InviteLink) {
        Self::start_at(limits, START).await
    }

    /// Starts a new server whose wall clock is that of this machine.
    pub async fn start_now(limits: Limits) -> (Self, InviteLink) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self::start_at(limits, now.unwrap().as_millis() as u64).await
    }

    async fn start_at(limits: Limits, start: u64) -> (Self, InviteLink) {
        let mut server = Self {
            network: Network::new(limits),
            disk: SimDisk::new(SEED),
            dir: tempfile::tempdir().unwrap(),
            began: Instant::now(),
            start,
            starts: 0,
            running: None,
        };
        let invite = server.run().await.invite;
        (server, invite.expect("a new server has no owner"))
    }

    /// Starts the server again, on what is stored.
    pub async fn run(&mut self) -> Ready {
        self.starts += 1;
        let options = Options {
            data: self.dir.path().to_owned(),
            listen: address(),
            advertise: None,
            disk_reserve_bytes: Some(0),
        };
        let env = Env::simulated(&self.disk, SEED);
        let (clock, mut last) = (env.clock().clone(), Instant::now());
        let (start, began) = (self.start, self.began);
        let on = InProcess {
            connections: self.network.listen(),
            env,
            now: Arc::new(move || Timestamp::new(start + began.elapsed().as_millis() as u64)),
            seed: self.starts,
            background: Box::new(move |engine| {
                clock.advance(last.elapsed());
                last = Instant::now();
                for work in BACKGROUND_WORK {
                    while engine.step(work) {}
                }
            }),
        };
        let (stop, stopped) = oneshot::channel();
        let (accepts, ready) = oneshot::channel();
        let result = tokio::spawn(async move {
            let ready = |ready: &Ready| drop(accepts.send(ready.clone()));
            run_in_process(&options, on, ready, async {
                let _ = stopped.await;
            })
            .await
        });
        self.running = Some(Running { stop, result });
        ready.await.unwrap()
    }

    /// Stops the server in order.
    pub async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.send(()).unwrap();
        running.result.await.unwrap().unwrap();
    }

    /// What the log and the trees of the stopped server hold.
    #[must_use]
    pub fn contents(&self) -> Contents {
        Contents::read(&Env::simulated(&self.disk, SEED), self.dir.path())
    }

    /// A client that reaches this server only.
    pub fn client(&self) -> ClientBuilder {
        Client::builder().endpoint(Endpoint::in_memory(self.network.clone(), address()))
    }

    /// A client with a number of its own, for [`Server::disconnect`].
    pub fn client_at(&self, number: u16) -> ClientBuilder {
        let endpoint = Endpoint::in_memory(self.network.clone(), address_of(number));
        Client::builder().endpoint(endpoint)
    }

    /// Breaks the connection of the client with this number.
    pub fn disconnect(&self, number: u16) {
        let code = CloseCode::GoingAway.number();
        self.network.disconnect(address_of(number), code);
    }

    /// A connection that speaks no protocol by itself.
    pub fn connect(&self) -> ClientConnection {
        self.network.connect(address()).unwrap()
    }

    /// Joins as a new user.
    pub async fn join(&self, link: &InviteLink, name: &str) -> (Client, Account) {
        let who = JoinRequest {
            name: name.parse().unwrap(),
            password: None,
            device: "test".parse().unwrap(),
        };
        self.client().join(link, who).await.unwrap()
    }

    /// Joins as a new user with an invite of the owner.
    pub async fn invite(&self, owner: &Client, name: &str) -> (Client, Account) {
        let link = owner.admin().create_invite(1, DAY).await.unwrap();
        self.join(&link, name).await
    }
}

/// Of the server, and of all clients. Nothing is bound to it.
fn address() -> SocketAddr {
    address_of(1)
}

fn address_of(number: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, number))
}
