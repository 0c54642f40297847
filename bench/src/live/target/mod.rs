//! The server under test, with the users and groups that a run creates on it.

mod server;
mod server_stats;

use std::env;
use std::path::PathBuf;
use std::pin::pin;
use std::process;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::limits::{INVITE_USES_MAX, USERS_PER_REQUEST_MAX};
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::{
    DeviceName, GroupName, Password, SettingName, SettingValue, UserName,
};
use cairn_client::{Account, Client, ClientBuilder, Endpoint, JoinRequest, LoginRequest};
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use self::server::Server;
pub(crate) use self::server::Stop;
pub(crate) use self::server_stats::{Reading, ServerStats};
use crate::error::BenchError;
use crate::limits;
use crate::results::{Durability, Results, Subject, Unit, list};
use crate::system;
use crate::watcher::Watcher;

/// Which server is measured.
#[derive(Clone, Debug, Args, Serialize)]
pub(crate) struct TargetArgs {
    /// Measure a running server, with an invite link that has a use for each client and one more;
    /// users and groups stay behind [default: a server of its own, removed afterwards]
    #[arg(long, value_name = "LINK", conflicts_with = "dir")]
    #[serde(skip)]
    link: Option<InviteLink>,

    /// Where the server of its own keeps its data meanwhile, on the disk to be measured
    /// [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Repeats the choices of an earlier run: the same texts to the same conversations
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[serde(skip)]
    pub(crate) seed: u64,
}

impl TargetArgs {
    pub(crate) fn parent(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(env::temp_dir)
    }
}

/// The server under test.
#[derive(Debug)]
pub(crate) struct Target {
    /// `None` when the server is not the run's own.
    server: Option<Server>,
    pub(crate) subject: Subject,
    /// Creates invites, on a server of the run's own, and groups.
    organiser: Client,
    link: InviteLink,
    endpoints: Vec<Endpoint>,
    /// Makes the names of this run's users unique on the server.
    run: u32,
}

impl Target {
    pub(crate) async fn open(args: &TargetArgs) -> Result<Self, BenchError> {
        let endpoints = (0..limits::ENDPOINTS)
            .map(|_| Endpoint::new())
            .collect::<Result<Vec<_>, _>>()?;
        let parent = args.parent();
        let durability = match args.link {
            Some(_) => Durability::Fdatasync,
            None => Durability::in_folder(&parent),
        };
        let (server, link) = match args.link.clone() {
            Some(link) => (None, link),
            None => {
                let server = spawn_blocking(move || Server::start(&parent)).await??;
                let link = server.owner_invite()?;
                (Some(server), link)
            }
        };
        let run = rand::random();
        let options = quiet().endpoint(endpoints.first().cloned());
        let (organiser, _) = options.join(&link, guest(run, "organiser")?).await?;
        let name = match server {
            Some(_) => "a server of its own, which shares the machine with the clients".to_owned(),
            None => format!("the server at {}", link.addr),
        };
        if server.is_some() {
            for name in limits::BOUNDS_LIFTED {
                let value = SettingValue::new(limits::BOUND_LIFTED)?;
                organiser
                    .admin()
                    .set_setting(SettingName::new(name)?, value)
                    .await?;
            }
        }
        let subject = Subject {
            server: Some(name),
            durability,
            seed: args.seed,
        };
        Ok(Self {
            server,
            subject,
            organiser,
            link,
            endpoints,
            run,
        })
    }

    /// Ends the server of the run's own and starts it again; returns when it was ready. `None` when
    /// the server is not the run's own.
    pub(crate) async fn restart(&mut self, stop: Stop) -> Result<Option<Instant>, BenchError> {
        let Some(mut server) = self.server.take() else {
            return Ok(None);
        };
        // On a thread of its own: the server, stopping in order, waits for its clients to go on.
        let restart = move || server.restart(stop).map(|()| (server, Instant::now()));
        let (server, ready) = spawn_blocking(restart).await??;
        self.server = Some(server);
        Ok(Some(ready))
    }

    /// Replaces an error by its cause, where the server of the run's own has ended.
    pub(crate) fn blame(&mut self, error: BenchError) -> BenchError {
        let ended = self.server.as_mut().and_then(Server::ended);
        ended.map_or(error, BenchError::ServerEnded)
    }

    fn of_process<T>(&self, read: impl Fn(u32) -> Option<T>) -> Option<T> {
        self.server
            .as_ref()
            .and_then(|server| read(server.process()))
    }

    pub(crate) fn cpu(&self) -> Cpu {
        Cpu {
            server: self.of_process(system::cpu_seconds),
            clients: system::cpu_seconds(process::id()),
        }
    }

    pub(crate) fn server_mib(&self) -> Option<f64> {
        self.of_process(system::resident_mib)
    }

    /// The server's metrics; `None` when the organiser does not own it, or when it does not answer
    /// in time.
    pub(crate) async fn reading(&self) -> Option<Reading> {
        if self.organiser.whoami().role != ServerRole::Owner {
            return None;
        }
        let metrics = timeout(limits::READING_TIME_MAX, self.organiser.admin().metrics()).await;
        let written_bytes = self.of_process(system::written_bytes);
        Some(Reading {
            metrics: metrics.ok()?.ok()?,
            written_bytes,
        })
    }

    /// Runs `work`; returns its output and the server's peak memory meanwhile, in MiB.
    pub(crate) async fn with_peak<T>(&self, work: impl Future<Output = T>) -> (T, Option<f64>) {
        let (mut work, mut peak) = (pin!(work), self.server_mib());
        loop {
            let done = tokio::select! {
                biased;
                done = &mut work => Some(done),
                () = sleep(limits::TICK) => None,
            };
            peak = [peak, self.server_mib()]
                .into_iter()
                .flatten()
                .reduce(f64::max);
            if let Some(done) = done {
                return (done, peak);
            }
        }
    }

    /// The socket of the n-th client.
    pub(crate) fn endpoint(&self, at: usize) -> Option<Endpoint> {
        self.endpoints.get(at % self.endpoints.len()).cloned()
    }

    /// Creates users, each with a connection. `role` is a part of their names; further devices log
    /// in with the password.
    pub(crate) async fn join(
        &self,
        role: &str,
        count: usize,
        password: Option<&Password>,
        options: &ClientBuilder,
        watcher: &mut Watcher,
    ) -> Result<Vec<(Client, Account)>, BenchError> {
        let links = self.invites(count).await?;
        let join = |at: usize| {
            let link = links[at / INVITE_USES_MAX as usize % links.len()].clone();
            let options = options.clone().endpoint(self.endpoint(at));
            let user = guest(self.run, &format!("{role}-{at}"));
            let user = user.map(|user| JoinRequest {
                password: password.cloned(),
                ..user
            });
            async move { Ok(options.join(&link, user?).await?) }
        };
        let at_once = match password {
            Some(_) => limits::PASSWORDS_AT_ONCE,
            None => limits::AT_ONCE,
        };
        let what = format!("{role}s have joined");
        gather(at_once, count, join, watcher.counter(count, &what)).await
    }

    /// Logs in further devices, each of the user of an account.
    pub(crate) async fn log_in(
        &self,
        accounts: &[Account],
        password: &Password,
        watcher: &mut Watcher,
    ) -> Result<Vec<(Client, Account)>, BenchError> {
        let log_in = |at: usize| {
            let (account, password) = (accounts[at].clone(), password.clone());
            let options = Client::builder().endpoint(self.endpoint(at));
            async move {
                let Account {
                    addr, pin, name, ..
                } = account;
                let device = DeviceName::new("bench")?;
                Ok(options
                    .login(LoginRequest {
                        addr,
                        pin,
                        name,
                        password,
                        device,
                    })
                    .await?)
            }
        };
        let (at_once, count) = (limits::PASSWORDS_AT_ONCE, accounts.len());
        let done = watcher.counter(count, "further devices have logged in");
        gather(at_once, count, log_in, done).await
    }

    async fn invites(&self, mut uses: usize) -> Result<Vec<InviteLink>, BenchError> {
        if self.server.is_none() {
            return Ok(vec![self.link.clone()]);
        }
        let mut links = Vec::new();
        while uses > 0 || links.is_empty() {
            let some = uses.clamp(1, INVITE_USES_MAX as usize);
            let link = self
                .organiser
                .admin()
                .create_invite(some as u32, limits::INVITE_LIFE)
                .await?;
            // The address that the server advertises to others may not be reachable from here.
            links.push(InviteLink {
                addr: self.link.addr.clone(),
                ..link
            });
            uses = uses.saturating_sub(some);
        }
        Ok(links)
    }

    /// Creates groups; `members` returns those of the n-th.
    pub(crate) async fn groups(
        &self,
        count: usize,
        members: impl Fn(usize) -> Vec<UserId>,
        watcher: &mut Watcher,
    ) -> Result<Vec<ConversationId>, BenchError> {
        let create = |at: usize| {
            let (organiser, members) = (self.organiser.clone(), members(at));
            async move {
                let name = GroupName::new(format!("bench {at}"))?;
                let mut parts = members.chunks(USERS_PER_REQUEST_MAX);
                let first = parts.next().unwrap_or_default().to_vec();
                let group = organiser.conversations().create_group(name, first).await?;
                for part in parts {
                    organiser
                        .conversation(group)
                        .add_members(part.to_vec())
                        .await?;
                }
                Ok(group)
            }
        };
        let done = watcher.counter(count, "groups are created");
        gather(limits::AT_ONCE, count, create, done).await
    }
}

/// Processor time in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) server: Option<f64>,
    pub(crate) clients: Option<f64>,
}

impl Cpu {
    pub(crate) fn since(self, earlier: Self) -> Self {
        let difference = |now: Option<f64>, then: Option<f64>| Some(now? - then?);
        Self {
            server: difference(self.server, earlier.server),
            clients: difference(self.clients, earlier.clients),
        }
    }

    /// Lists what one million of `count` things cost.
    pub(crate) fn list(self, count: u64, results: &mut Results, meaning: &'static str) {
        let each = |seconds: f64| seconds / (count.max(1) as f64 / 1e6);
        let (server, clients) = (self.server.map(each), self.clients.map(each));
        list! { results;
            "server_cpu_s_per_million": server, Unit::SECONDS, "server CPU" => meaning;
            "clients_cpu_s_per_million": clients, Unit::SECONDS, "clients CPU" => meaning;
        }
    }
}

/// ClientBuilder of a client that only sends.
pub(crate) fn quiet() -> ClientBuilder {
    Client::builder()
        .push(false)
        .ack_every_packets(limits::ACK_EVERY_PACKETS)
}

fn guest(run: u32, role: &str) -> Result<JoinRequest, BenchError> {
    Ok(JoinRequest {
        name: UserName::new(format!("bench-{run:08x}-{role}"))?,
        password: None,
        device: DeviceName::new("bench")?,
    })
}

/// Runs `count` futures, `at_once` at a time; returns their outputs in order. `done` is called with
/// the number of those that have ended.
pub(crate) async fn gather<T, F: Future<Output = Result<T, BenchError>>>(
    at_once: usize,
    count: usize,
    start: impl Fn(usize) -> F,
    mut done: impl FnMut(usize),
) -> Result<Vec<T>, BenchError> {
    let (mut outputs, mut next) = (Vec::with_capacity(count), 0);
    let mut running = FuturesOrdered::new();
    loop {
        while next < count && running.len() < at_once {
            running.push_back(start(next));
            next += 1;
        }
        let Some(output) = running.next().await else {
            return Ok(outputs);
        };
        outputs.push(output?);
        done(outputs.len());
    }
}
