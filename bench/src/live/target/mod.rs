//! The server under test, and the users and groups that a run creates on it.

mod server;
mod server_stats;

use std::collections::HashMap;
use std::pin::pin;
use std::process;

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::invite::InviteLink;
use cairn_client::proto::limits::{INVITE_USES_MAX, USERS_PER_REQUEST_MAX};
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::{
    DeviceName, GroupName, Password, SettingName, SettingValue, UserName,
};
use cairn_client::{
    Account, Backoff, Client, ClientBuilder, Endpoint, Error, JoinRequest, LoginRequest,
};
use clap::Args;
use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};

use self::server::Server;
pub(crate) use self::server::Stop;
pub(crate) use self::server_stats::Reading;
use crate::error::{BenchError, Result};
use crate::limits;
use crate::results::{Durability, Report, Results, Subject, Unit, list};
use crate::scratch::Scratch;
use crate::system;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub(crate) struct TargetArgs {
    /// Measure a running server, with an invite link valid for one more user than there are
    /// clients; users and groups are not removed [default: a server of its own, removed afterwards]
    #[arg(long, value_name = "LINK", conflicts_with = "dir")]
    #[serde(skip)]
    link: Option<InviteLink>,

    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) scratch: Scratch,
}

impl TargetArgs {
    /// A server of the run's own.
    pub(crate) const fn own(scratch: Scratch) -> Self {
        let link = None;
        Self { link, scratch }
    }
}

pub(crate) struct Target {
    /// `None` for a server that the run did not start.
    server: Option<Server>,
    pub(crate) watcher: Watcher,
    subject: Subject,
    /// Creates invites (on a server of the run's own) and groups.
    organiser: Client,
    link: InviteLink,
    endpoints: Vec<Endpoint>,
    /// Distinguishes the user names of this run.
    run: u32,
}

impl Target {
    /// Opens the server under test, and reports the result of `measure`.
    pub(crate) async fn run<S: Serialize>(
        benchmark: &'static str,
        settings: &S,
        args: &TargetArgs,
        watcher: &Watcher,
        measure: impl AsyncFnOnce(&S, &mut Self) -> Result<Results>,
    ) -> Result<Report> {
        let mut target = watcher.unless_asked(Self::open(args, watcher)).await?;
        let results = measure(settings, &mut target).await;
        let results = results.map_err(|error| target.blame(error))?;
        let subject = target.subject;
        Ok(subject.report(benchmark, settings, watcher.is_asked(), results))
    }

    async fn open(args: &TargetArgs, watcher: &Watcher) -> Result<Self> {
        let endpoints = (0..limits::ENDPOINTS).map(|_| Endpoint::new());
        let mut subject = args.scratch.subject();
        let (server, link, name) = match args.link.clone() {
            Some(link) => {
                subject.durability = Durability::Fdatasync;
                let name = format!("the server at {}", link.addr);
                (None, link, name)
            }
            None => {
                let dir = args.scratch.open()?;
                let server = spawn_blocking(move || Server::start(dir)).await??;
                let link = server.owner_invite()?;
                let name = "a server of its own, which shares the machine with the clients";
                (Some(server), link, name.to_owned())
            }
        };
        subject.server = Some(name);
        let endpoints = endpoints.collect::<Result<Vec<_>, _>>()?;
        let run = rand::random();
        let options = Client::builder().push(false);
        let options = options.endpoint(endpoints.first().cloned());
        let (organiser, _) = options.join(&link, guest(run, "organiser", None)?).await?;
        let mut target = Self {
            server,
            watcher: watcher.clone(),
            subject,
            organiser,
            link,
            endpoints,
            run,
        };
        if target.server.is_some() {
            target.lift(&limits::BOUNDS_LIFTED).await?;
        }
        Ok(target)
    }

    /// Changes settings of the run's own server that would limit the load.
    pub(crate) async fn lift(&mut self, bounds: &[(&'static str, &'static str)]) -> Result<()> {
        for &(name, value) in bounds {
            let (setting, admin) = (SettingName::new(name)?, self.organiser.admin());
            admin
                .set_setting(setting, SettingValue::new(value)?)
                .await?;
            self.subject.server_settings.insert(name, value);
        }
        Ok(())
    }

    /// The owner of the run's own server.
    pub(crate) const fn organiser(&self) -> &Client {
        &self.organiser
    }

    /// Restarts the server, if the run has its own. Returns when it was ready; `None` for other
    /// servers.
    pub(crate) async fn restart(&mut self, stop: Stop) -> Result<Option<Instant>> {
        let Some(mut server) = self.server.take() else {
            return Ok(None);
        };
        // A graceful stop waits for the clients, which run on this thread, so the restart needs
        // another one.
        let restart = move || server.restart(stop).map(|()| (server, Instant::now()));
        let (server, ready) = spawn_blocking(restart).await??;
        self.server = Some(server);
        Ok(Some(ready))
    }

    /// Replaces an error by its cause, if the run's own server has exited.
    fn blame(&mut self, error: BenchError) -> BenchError {
        match self.server.as_mut().and_then(Server::ended) {
            Some(how) => BenchError::Failed(format!("the server ended during the run: {how}")),
            None => error,
        }
    }

    fn of_process<T>(&self, read: impl Fn(u32) -> Option<T>) -> Option<T> {
        read(self.server.as_ref()?.process())
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

    /// The server's metrics; `None` when the organiser does not own the server, or when it does not
    /// reply in time.
    pub(crate) async fn reading(&self) -> Option<Reading> {
        if self.organiser.whoami().role != ServerRole::Owner {
            return None;
        }
        let admin = self.organiser.admin();
        let metrics = timeout(limits::READING_TIME_MAX, admin.metrics()).await;
        Some(Reading {
            metrics: metrics.ok()?.ok()?,
            written_bytes: self.of_process(system::written_bytes),
        })
    }

    /// Runs `work`; returns its output and the server's peak memory meanwhile, in MiB.
    pub(crate) async fn with_peak<T>(&self, work: impl Future<Output = T>) -> (T, Option<f64>) {
        let (mut work, mut peak) = (pin!(work), self.server_mib());
        loop {
            let done = timeout(limits::TICK, &mut work).await;
            peak = higher(peak, self.server_mib());
            if let Ok(done) = done {
                return (done, peak);
            }
        }
    }

    /// Options of the n-th client. Without push, it only sends.
    pub(crate) fn options(&self, at: usize, push: bool) -> ClientBuilder {
        Client::builder()
            .push(push)
            .endpoint(self.endpoints.get(at % self.endpoints.len()).cloned())
            .ack_every_packets((!push).then_some(limits::ACK_EVERY_PACKETS))
    }

    /// Creates users with one connection each. `role` is part of their names; the password is for
    /// logins of further devices.
    pub(crate) async fn join(
        &self,
        role: &str,
        count: usize,
        password: Option<&Password>,
        push: bool,
    ) -> Result<Vec<(Client, Account)>> {
        let links = &self.invites(count).await?;
        let join = |at: usize| async move {
            let link = &links[at / INVITE_USES_MAX as usize % links.len()];
            let guest = guest(self.run, &format!("{role}-{at}"), password)?;
            Ok(self.options(at, push).join(link, guest).await?)
        };
        let at_once = password.map_or(limits::AT_ONCE, |_| limits::PASSWORDS_AT_ONCE);
        let (joining, what) = ((0..count).map(join), format!("{role}s have joined"));
        self.watcher.gather(at_once, &what, joining).await
    }

    /// Creates two users: one without a connection, and one with a client that only sends.
    pub(crate) async fn pair(&self, role: &str) -> Result<(Account, Client)> {
        let mut joined = self.join(role, 2, None, false).await?;
        let (Some((owner, account)), Some((sender, _))) = (joined.pop(), joined.pop()) else {
            return Err(BenchError::EndedEarly);
        };
        owner.close().await;
        Ok((account, sender))
    }

    pub(crate) async fn log_in(
        &self,
        accounts: impl ExactSizeIterator<Item = Account>,
        password: &Password,
    ) -> Result<Vec<(Client, Account)>> {
        let log_in = |(at, account): (usize, Account)| async move {
            let login = LoginRequest {
                addr: account.addr,
                pin: account.pin,
                name: account.name,
                password: password.clone(),
                device: DeviceName::new("bench")?,
            };
            Ok(self.options(at, true).login(login).await?)
        };
        let (at_once, logins) = (limits::PASSWORDS_AT_ONCE, accounts.enumerate().map(log_in));
        let what = "further devices have logged in";
        self.watcher.gather(at_once, what, logins).await
    }

    async fn invites(&self, uses: usize) -> Result<Vec<InviteLink>> {
        if self.server.is_none() {
            return Ok(vec![self.link.clone()]);
        }
        let mut links = Vec::new();
        for _ in 0..uses.div_ceil(INVITE_USES_MAX as usize) {
            let admin = self.organiser.admin();
            let invite = admin.create_invite(INVITE_USES_MAX, limits::INVITE_LIFE);
            // The address that the server advertises may not be reachable from here.
            links.push(InviteLink {
                addr: self.link.addr.clone(),
                ..invite.await?
            });
        }
        Ok(links)
    }

    pub(crate) async fn groups(
        &self,
        members: impl ExactSizeIterator<Item = Vec<UserId>>,
    ) -> Result<Vec<ConversationId>> {
        let create = |(at, members): (usize, Vec<UserId>)| async move {
            let name = GroupName::new(format!("bench {at}"))?;
            let mut parts = members.chunks(USERS_PER_REQUEST_MAX);
            let first = parts.next().unwrap_or_default().to_vec();
            let conversations = self.organiser.conversations();
            let group = conversations.create_group(name, first).await?;
            for part in parts {
                let group = self.organiser.conversation(group);
                group.add_members(part.to_vec()).await?;
            }
            Ok(group)
        };
        let (groups, what) = (members.enumerate().map(create), "groups are created");
        self.watcher.gather(limits::AT_ONCE, what, groups).await
    }
}

/// Connects a device that has been used before. Retries temporary errors with increasing delays,
/// and calls `failed` for each.
pub(crate) async fn reconnect(
    account: &Account,
    options: &ClientBuilder,
    mut failed: impl FnMut(),
) -> Result<Client> {
    let mut attempt = 0;
    loop {
        match options.clone().connect(account).await {
            Err(Error::NoAnswer { .. } | Error::LoginUnanswered { .. } | Error::Broken { .. }) => {
                failed();
                sleep(Backoff::default().delay(attempt, rand::random())).await;
                attempt = attempt.saturating_add(1);
            }
            result => return Ok(result?),
        }
    }
}

/// Acks everything, and closes the device. Returns the position of each conversation.
pub(crate) async fn leave(device: Client) -> Result<impl Fn(ConversationId) -> MsgId> {
    let mut heads = HashMap::new();
    for seen in device.conversations().list().await? {
        device.conversation(seen.id).ack(seen.head);
        heads.insert(seen.id, seen.head);
    }
    device.close().await;
    Ok(move |id| heads.get(&id).copied().unwrap_or_default().next())
}

pub(crate) fn higher(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    [one, other].into_iter().flatten().reduce(f64::max)
}

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

    pub(crate) fn list(self, count: u64, results: &mut Results, meaning: &'static str) {
        let each = |seconds: f64| seconds / (count.max(1) as f64 / 1e6);
        let (server, clients) = (self.server.map(each), self.clients.map(each));
        list! { results;
            "server_cpu_s_per_million": server, Unit::SECONDS, "server CPU" => meaning;
            "clients_cpu_s_per_million": clients, Unit::SECONDS, "clients CPU" => meaning;
        }
    }
}

pub(crate) fn clients_and_users(joined: Vec<(Client, Account)>) -> (Vec<Client>, Vec<UserId>) {
    let user = |(client, account): (Client, Account)| (client, account.user);
    joined.into_iter().map(user).unzip()
}

fn guest(run: u32, role: &str, password: Option<&Password>) -> Result<JoinRequest> {
    Ok(JoinRequest {
        name: UserName::new(format!("bench-{run:08x}-{role}"))?,
        password: password.cloned(),
        device: DeviceName::new("bench")?,
    })
}
