//! A server that runs in the process of its clients.

use std::net::{Ipv4Addr, SocketAddr};

use cairn_client::{Account, Client, ClientBuilder, Endpoint, InviteLink, JoinRequest, Timestamp};
use cairn_memory::{Limits, Network};
use cairn_server::run::{InProcess, Options, Ready, ServeError, run_in_process};
use cairn_store::env::{BackgroundWork, Env};
use cairn_store::testing::SimDisk;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The wall clock when a test starts, in milliseconds.
const START: u64 = 1_700_000_000_000;

const SEED: u64 = 1;

const BACKGROUND_WORK: [BackgroundWork; 3] = [
    BackgroundWork::Segments,
    BackgroundWork::Watermark,
    BackgroundWork::Checkpoint,
];

pub(crate) struct Server {
    network: Network,
    /// The log and the trees.
    disk: SimDisk,
    /// The identity and the attachments.
    pub(crate) dir: TempDir,
    began: Instant,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    result: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) async fn start() -> (Self, InviteLink) {
        let mut server = Self {
            network: Network::new(Limits::default()),
            disk: SimDisk::new(SEED),
            dir: tempfile::tempdir().unwrap(),
            began: Instant::now(),
            running: None,
        };
        let invite = server.run().await.invite;
        (server, invite.unwrap())
    }

    pub(crate) async fn run(&mut self) -> Ready {
        let options = Options {
            data: self.dir.path().to_owned(),
            listen: address(),
            advertise: None,
            disk_reserve_bytes: Some(0),
        };
        let env = Env::simulated(&self.disk, SEED);
        let (clock, mut last) = (env.clock().clone(), Instant::now());
        let on = InProcess {
            connections: self.network.listen(),
            env,
            now: Timestamp::new(START + self.began.elapsed().as_millis() as u64),
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

    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.send(()).unwrap();
        running.result.await.unwrap().unwrap();
    }

    /// A client that reaches this server only.
    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder().endpoint(Endpoint::in_memory(self.network.clone(), address()))
    }

    pub(crate) async fn join(&self, link: &InviteLink, name: &str) -> (Client, Account) {
        let who = JoinRequest {
            name: name.parse().unwrap(),
            password: None,
            device: "test".parse().unwrap(),
        };
        self.client().join(link, who).await.unwrap()
    }
}

/// Of the server, and of all clients. Nothing is bound to it.
fn address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 1))
}
