//! Where a run takes place: the server under test, the users who take part, and their groups.

use std::env;
use std::path::PathBuf;
use std::pin::pin;
use std::process;
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::limits::{INVITE_USES_MAX, USERS_PER_REQUEST_MAX};
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::{
    DeviceName, GroupName, Password, SettingName, SettingValue, UserName,
};
use cairn_client::{Account, Client, Endpoint, JoinRequest, Options};
use clap::Args;
use serde::Serialize;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

use super::own_server::{End, Server};
use super::workings::Reading;
use crate::error::BenchError;
use crate::limits;
use crate::report::{Durability, Subject};
use crate::system;

/// Which server is measured.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Place {
    /// Measure a running server, with an invite link that has a use for each client and one more; users and groups stay behind
    /// [default: a server of its own, removed afterwards]
    #[arg(long, value_name = "LINK", conflicts_with = "dir")]
    #[serde(skip)]
    link: Option<InviteLink>,

    /// Where the server of its own keeps its data meanwhile, on the disk to be measured [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Repeats the choices of an earlier run: the same texts to the same conversations
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[serde(skip)]
    pub seed: u64,
}

impl Place {
    /// The folder for what the run keeps on disk.
    pub fn parent(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(env::temp_dir)
    }
}

/// The server under test, and who makes groups on it.
#[derive(Debug)]
pub struct Venue {
    server: Option<Server>,
    addr: String,
    durability: Durability,
    seed: u64,
    /// Makes invites, when there is a server of the run's own, and groups.
    organiser: Client,
    link: InviteLink,
    endpoints: Vec<Endpoint>,
    /// Tells the users of this run from those of others on the same server.
    run: u32,
}

impl Venue {
    pub async fn open(place: &Place) -> Result<Self, BenchError> {
        let (run, seed) = (rand::random(), place.seed);
        let endpoints: Vec<Endpoint> = (0..limits::ENDPOINTS)
            .map(|_| Endpoint::new())
            .collect::<Result<_, _>>()?;
        let organiser = async |link: &InviteLink| {
            let options = Options {
                endpoint: endpoints.first().cloned(),
                ..quiet()
            };
            Client::join(link, guest(run, "organiser")?, options)
                .await
                .map_err(BenchError::from)
        };
        if let Some(link) = place.link.clone() {
            let (organiser, _) = organiser(&link).await?;
            let addr = link.addr.to_string();
            return Ok(Self {
                server: None,
                addr,
                durability: Durability::Fdatasync,
                seed,
                organiser,
                link,
                endpoints,
                run,
            });
        }
        let parent = place.parent();
        let durability = Durability::in_folder(&parent);
        let server = spawn_blocking(move || Server::start(&parent))
            .await
            .map_err(|_| BenchError::Panicked)??;
        let link = server.owner_invite()?;
        let (organiser, _) = organiser(&link).await?;
        for name in limits::BOUNDS_LIFTED {
            organiser
                .set_setting(
                    SettingName::new(name)?,
                    SettingValue::new(limits::BOUND_LIFTED)?,
                )
                .await?;
        }
        Ok(Self {
            addr: server.addr().to_string(),
            server: Some(server),
            durability,
            seed,
            organiser,
            link,
            endpoints,
            run,
        })
    }

    /// What is measured.
    pub fn subject(&self) -> Subject {
        let server = match &self.server {
            Some(_) => "a server of its own, which shares the machine with the clients".to_owned(),
            None => format!("the server at {}", self.addr),
        };
        Subject {
            server: Some(server),
            durability: self.durability,
            seed: self.seed,
        }
    }

    /// Ends the server of the run's own and starts it again. Gives when it was ready; `None` when it is somebody else's.
    pub async fn restart(&mut self, end: End) -> Result<Option<Instant>, BenchError> {
        let Some(mut server) = self.server.take() else {
            return Ok(None);
        };
        // The clients must go on meanwhile: the server waits for them when it stops in order.
        let restarted =
            spawn_blocking(move || server.restart(end).map(|()| (server, Instant::now()))).await;
        let (server, ready) = restarted.map_err(|_| BenchError::Panicked)??;
        self.server = Some(server);
        Ok(Some(ready))
    }

    /// The reason behind an error: when the server of the run's own has ended, that.
    pub fn blame(&mut self, error: BenchError) -> BenchError {
        self.server
            .as_mut()
            .and_then(Server::ended)
            .map_or(error, BenchError::ServerEnded)
    }

    /// The processor time of server and clients so far, in seconds.
    pub fn cpu(&self) -> Cpu {
        let server = self
            .server
            .as_ref()
            .and_then(|server| system::cpu_seconds(server.process()));
        Cpu {
            server,
            clients: system::cpu_seconds(process::id()),
        }
    }

    /// What the server tells of itself now; `None` when the organiser does not own it, and when it does not answer in time.
    pub async fn reading(&self) -> Option<Reading> {
        if self.organiser.whoami().role != ServerRole::Owner {
            return None;
        }
        let figures = timeout(limits::READING_TIME_MAX, self.organiser.metrics())
            .await
            .ok()?
            .ok()?;
        let written_bytes = self
            .server
            .as_ref()
            .and_then(|server| system::written_bytes(server.process()));
        Some(Reading {
            figures,
            written_bytes,
        })
    }

    /// The memory of the server, in KiB.
    pub fn server_kib(&self) -> Option<u64> {
        self.server
            .as_ref()
            .and_then(|server| system::resident_kib(server.process()))
    }

    /// Does work, and gives beside what it gives the most memory of the server meanwhile, in KiB.
    pub async fn with_peak<T>(&self, work: impl Future<Output = T>) -> (T, Option<u64>) {
        let (mut work, mut most) = (pin!(work), self.server_kib());
        loop {
            tokio::select! {
                biased;
                done = &mut work => return (done, most.max(self.server_kib())),
                () = sleep(limits::TICK) => most = most.max(self.server_kib()),
            }
        }
    }

    /// The socket for the n-th client.
    pub fn endpoint(&self, at: usize) -> Option<Endpoint> {
        self.endpoints.get(at % self.endpoints.len()).cloned()
    }

    /// New users, each with a connection. `role` is a part of their names.
    pub async fn join(
        &self,
        role: &str,
        count: usize,
        options: &Options,
        joined: impl FnMut(usize),
    ) -> Result<Vec<(Client, Account)>, BenchError> {
        self.join_with(role, count, None, options, joined).await
    }

    /// As [`Venue::join`], with a password that further devices of the users log in with.
    pub async fn join_with(
        &self,
        role: &str,
        count: usize,
        password: Option<&Password>,
        options: &Options,
        joined: impl FnMut(usize),
    ) -> Result<Vec<(Client, Account)>, BenchError> {
        let links = self.invites(count).await?;
        let join = |at: usize| {
            let link = links[at / INVITE_USES_MAX as usize % links.len()].clone();
            let options = Options {
                endpoint: self.endpoint(at),
                ..options.clone()
            };
            let who = guest(self.run, &format!("{role}-{at}")).map(|who| JoinRequest {
                password: password.cloned(),
                ..who
            });
            async move { Ok(Client::join(&link, who?, options).await?) }
        };
        let at_once = if password.is_some() {
            limits::PASSWORDS_AT_ONCE
        } else {
            limits::AT_ONCE
        };
        gather_by(at_once, count, join, joined).await
    }

    /// Further devices, each of the user of an account who has joined with this password.
    pub async fn log_in(
        &self,
        accounts: &[Account],
        password: &Password,
        options: &Options,
        logged_in: impl FnMut(usize),
    ) -> Result<Vec<(Client, Account)>, BenchError> {
        let log_in = |at: usize| {
            let (account, password) = (accounts[at].clone(), password.clone());
            let options = Options {
                endpoint: self.endpoint(at),
                ..options.clone()
            };
            async move {
                let device = DeviceName::new("bench")?;
                Ok(Client::login(
                    account.addr,
                    account.pin,
                    account.name,
                    password,
                    device,
                    options,
                )
                .await?)
            }
        };
        gather_by(limits::PASSWORDS_AT_ONCE, accounts.len(), log_in, logged_in).await
    }

    async fn invites(&self, mut uses: usize) -> Result<Vec<InviteLink>, BenchError> {
        if self.server.is_none() {
            return Ok(vec![self.link.clone()]);
        }
        let mut links = Vec::new();
        while uses > 0 || links.is_empty() {
            let some = u32::try_from(uses)
                .unwrap_or(INVITE_USES_MAX)
                .clamp(1, INVITE_USES_MAX);
            let link = self
                .organiser
                .create_invite(some, limits::INVITE_LIFE)
                .await?;
            // The server of the run's own is reached where it listens, whatever address it would tell others.
            let addr = self.link.addr.clone();
            links.push(InviteLink { addr, ..link });
            uses -= uses.min(some as usize);
        }
        Ok(links)
    }

    /// New groups; `members` gives those of the n-th.
    pub async fn groups(
        &self,
        count: usize,
        members: impl Fn(usize) -> Vec<UserId>,
        made: impl FnMut(usize),
    ) -> Result<Arc<[ConversationId]>, BenchError> {
        let make = |at: usize| {
            let (organiser, members) = (self.organiser.clone(), members(at));
            async move {
                let name = GroupName::new(format!("bench {at}"))?;
                let mut parts = members.chunks(USERS_PER_REQUEST_MAX);
                let group = organiser
                    .create_group(name, parts.next().unwrap_or_default().to_vec())
                    .await?;
                for part in parts {
                    organiser.add_members(group, part.to_vec()).await?;
                }
                Ok(group)
            }
        };
        Ok(gather(count, make, made).await?.into())
    }
}

/// The processor time of both sides, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    pub server: Option<f64>,
    pub clients: Option<f64>,
}

impl Cpu {
    /// What was used since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        let difference = |now: Option<f64>, then: Option<f64>| Some(now? - then?);
        Self {
            server: difference(self.server, earlier.server),
            clients: difference(self.clients, earlier.clients),
        }
    }
}

/// Options of a client that only sends.
pub(super) fn quiet() -> Options {
    Options {
        push: false,
        ack_every_packets: Some(limits::ACK_EVERY_PACKETS),
        ..Options::default()
    }
}

fn guest(run: u32, role: &str) -> Result<JoinRequest, BenchError> {
    Ok(JoinRequest {
        name: UserName::new(format!("bench-{run:08x}-{role}"))?,
        password: None,
        device: DeviceName::new("bench")?,
    })
}

/// Starts `count` pieces of work, some at once, and gives what they give, in order.
pub(super) async fn gather<T, F>(
    count: usize,
    start: impl Fn(usize) -> F,
    done: impl FnMut(usize),
) -> Result<Vec<T>, BenchError>
where
    F: Future<Output = Result<T, BenchError>> + Send + 'static,
    T: Send + 'static,
{
    gather_by(limits::AT_ONCE, count, start, done).await
}

/// The same, `at_once` at once.
async fn gather_by<T, F>(
    at_once: usize,
    count: usize,
    start: impl Fn(usize) -> F,
    mut done: impl FnMut(usize),
) -> Result<Vec<T>, BenchError>
where
    F: Future<Output = Result<T, BenchError>> + Send + 'static,
    T: Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut given: Vec<(usize, T)> = Vec::with_capacity(count);
    let mut next = 0;
    loop {
        while next < count && under_way.len() < at_once {
            let (at, work) = (next, start(next));
            under_way.spawn(async move { work.await.map(|value| (at, value)) });
            next += 1;
        }
        let Some(ended) = under_way.join_next().await else {
            break;
        };
        given.push(ended.map_err(|_| BenchError::Panicked)??);
        done(given.len());
    }
    given.sort_unstable_by_key(|&(at, _)| at);
    Ok(given.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_given_in_order_however_it_ends() {
        let count = 3 * limits::AT_ONCE;
        let work = |at: usize| async move {
            for _ in 0..count - at {
                tokio::task::yield_now().await;
            }
            Ok(at)
        };
        let mut told = 0;
        let given = gather(count, work, |done| told = done).await.unwrap();
        assert_eq!(given, (0..count).collect::<Vec<_>>());
        assert_eq!(told, count);
        let fails = |at: usize| async move {
            if at == 5 {
                Err(BenchError::EndedEarly)
            } else {
                Ok(at)
            }
        };
        assert!(matches!(
            gather(count, fails, |_| {}).await,
            Err(BenchError::EndedEarly)
        ));
    }
}
