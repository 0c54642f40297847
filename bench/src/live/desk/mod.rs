//! `desk`: visitors ask, agents answer; who had which inquiry is checked by the logs of the queues.

mod agents;
mod chat;
mod ledger;
mod results;
mod storm;
#[cfg(test)]
mod tests;
mod visitors;

use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::content::body::SystemEntry;
use cairn_client::proto::limits::RUN_MESSAGES_MAX;
use cairn_client::proto::model::desk::{AgentConfig, AgentQueue, QueueConfig, Strategy};
use cairn_client::{
    Account, Body, Client, ConversationId, GroupName, MsgId, PullRange, Timestamp, UserId,
};
use clap::Args;
use futures_util::future::try_join;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

pub use self::agents::{AgentArgs, act};
use self::agents::{Manner, work};
use self::chat::Chat;
use self::ledger::Ledger;
use self::results::Outcome;
use self::visitors::Visitors;
use super::target::{Stop, Target, TargetArgs};
use crate::args::{number, whole};
use crate::child::Child;
use crate::error::{BenchError, Result};
use crate::limits;
use crate::results::{Report, Results};
use crate::scratch::Scratch;
use crate::system;
use crate::watcher::Watcher;

/// The strategies of the queues.
const QUEUES: [(&str, Strategy); 3] = [
    ("least busy", Strategy::LeastBusy),
    ("round robin", Strategy::RoundRobin),
    ("longest idle", Strategy::LongestIdle),
];

/// Inquiries at once that an agent may have.
const CAPACITY: u16 = 5;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Minutes for which visitors come
    #[arg(long, value_name = "N", default_value_t = 0.5, value_parser = number(0.01..=60.0))]
    minutes: f64,

    /// Visitors who come per minute, each with a connection of its own
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = whole::<u32>(1..=60_000))]
    visitors_per_minute: u32,

    /// Agents, each of one of three queues: least busy, round robin and longest idle
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = whole::<usize>(3..=5_000))]
    agents: usize,

    /// Seconds for which an agent talks with a visitor, on average
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = number(0.0..=600.0))]
    talk_seconds: f64,

    /// Kill the server (kill -9) every S seconds, or every minute
    #[arg(long, value_name = "S", num_args = 0..=1, default_missing_value = "60",
        value_parser = number(1.0..=3_600.0))]
    kill_server: Option<f64>,

    /// Kill this many of 100 agents per minute (kill -9), each of which is a process of its own
    #[arg(long, value_name = "PERCENT", value_parser = number(0.1..=50.0))]
    kill_agents: Option<f64>,

    /// Also let N inquiries wait, 100,000 if no number is given, until a hundredth as many agents
    /// come on duty at once; in the state machine alone, without a server
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100000",
        value_parser = whole::<u32>(100..=100_000))]
    storm: Option<u32>,

    /// Rounds of ordinary messages beside the desk and beside a control
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = whole::<u64>(0..=100))]
    rounds: u64,

    #[command(flatten)]
    #[serde(flatten)]
    scratch: Scratch,
}

impl Settings {
    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    fn talk_ms(&self) -> u64 {
        (self.talk_seconds * 1_000.0) as u64
    }

    /// How many agents are killed, at least one of those that are to be.
    fn victims(&self) -> usize {
        let share = self.kill_agents.unwrap_or_default() / 100.0 * self.minutes;
        let count = (self.agents as f64 * share).ceil() as usize;
        // Others must be there to answer.
        count.min(self.agents / 2)
    }
}

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let target = TargetArgs::own(settings.scratch.clone());
    Target::run("desk", &settings, &target, watcher, measure).await
}

async fn measure(settings: &Settings, target: &mut Target) -> Result<Results> {
    let watcher = target.watcher.clone();
    let mut outcome = Outcome::default();
    if let Some(waiting) = settings.storm {
        outcome.storm = storm::run(waiting, &watcher)?;
    }
    let mut desk = watcher.unless_asked(Desk::open(settings, target)).await?;
    let steps = desk.work(settings, target, &mut outcome);
    watcher.until_asked(steps).await?;
    watcher.tell(|| "reading the logs of the queues".to_owned());
    outcome.seen = desk.visitors.seen();
    outcome.ledger = desk.read_logs(target).await?;
    outcome.killed = desk.killed;
    outcome.agents = desk.agents;
    outcome.is_complete = !watcher.is_asked();
    Ok(outcome.list())
}

/// An agent who is killed during the run.
struct Victim {
    user: UserId,
    process: Child,
}

struct Desk {
    visitors: Arc<Visitors>,
    manner: Arc<Manner>,
    queues: Vec<ConversationId>,
    /// Those who stay, by queue.
    agents: [Vec<UserId>; 3],
    working: JoinSet<Result<()>>,
    victims: Vec<Victim>,
    killed: Vec<(UserId, Timestamp)>,
}

impl Desk {
    async fn open(settings: &Settings, target: &mut Target) -> Result<Self> {
        target.lift(&limits::VISITOR_BOUNDS_LIFTED).await?;
        let desk = target.organiser().desk();
        let (mut queues, mut links) = (Vec::new(), Vec::new());
        for (name, strategy) in QUEUES {
            let config = QueueConfig {
                strategy,
                ..QueueConfig::new(GroupName::new(name)?)
            };
            let queue = desk.create_queue(config).await?;
            queues.push(queue);
            let mut link = desk.create_link(queue, false).await?.link;
            // The address that the server advertises may not be reachable from here.
            link.addr = target.organiser().server().0;
            links.push(link);
        }
        let options = (0..limits::ENDPOINTS).map(|at| target.options(at, true));
        let mut opened = Self {
            visitors: Arc::new(Visitors::new(links, options.collect())),
            manner: Arc::new(Manner::new(settings.talk_ms())),
            queues,
            agents: Default::default(),
            working: JoinSet::new(),
            victims: Vec::new(),
            killed: Vec::new(),
        };
        opened.staff(settings, target).await?;
        Ok(opened)
    }

    /// Creates the agents. Returns when all are ready.
    async fn staff(&mut self, settings: &Settings, target: &Target) -> Result<()> {
        let victims = settings.victims();
        let joined = target.join("agent", settings.agents, None, true).await?;
        for (at, (client, account)) in joined.into_iter().enumerate() {
            self.employ(at % QUEUES.len(), account.user, target).await?;
            match at < victims {
                true => self.expose(client, account, settings).await?,
                false => {
                    self.agents[at % QUEUES.len()].push(account.user);
                    let visitors = self.visitors.clone();
                    let offered = move |inquiry| visitors.offered(inquiry);
                    self.working
                        .spawn(work(client, self.manner.clone(), offered));
                }
            }
            target
                .watcher
                .tell(|| format!("{at} of {} agents are on duty", settings.agents));
        }
        let deadline = Instant::now() + limits::SETTLE_TIME_MAX;
        loop {
            let queues = target.organiser().desk().queues().await?;
            let ready: usize = queues.iter().map(|queue| queue.counts.ready as usize).sum();
            if ready == settings.agents {
                return Ok(());
            }
            if Instant::now() > deadline {
                let of = settings.agents;
                let failed = format!("only {ready} of {of} agents are ready");
                return Err(BenchError::Failed(failed));
            }
            sleep(limits::TICK).await;
        }
    }

    /// Makes a user an agent.
    async fn employ(&self, queue: usize, user: UserId, target: &Target) -> Result<()> {
        let config = AgentConfig {
            public_name: None,
            capacity: CAPACITY,
            queues: vec![AgentQueue {
                queue: self.queues[queue],
                level: 0,
                delay_seconds: 0,
            }],
            supervises: Vec::new(),
        };
        Ok(target.organiser().desk().set_agent(user, config).await?)
    }

    /// Moves an agent into a process of its own.
    async fn expose(
        &mut self,
        client: Client,
        account: Account,
        settings: &Settings,
    ) -> Result<()> {
        client.close().await;
        let user = account.user;
        let process = agents::start(account, settings.talk_ms()).await?;
        self.victims.push(Victim { user, process });
        Ok(())
    }

    async fn work(
        &mut self,
        settings: &Settings,
        target: &mut Target,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let (visitors, watcher) = (self.visitors.clone(), target.watcher.clone());
        let before = target.cpu();
        let seed = settings.scratch.seed;
        let coming = visitors.come(
            settings.visitors_per_minute,
            settings.time(),
            seed,
            &watcher,
        );
        try_join(coming, self.disturb(settings, target, outcome)).await?;
        outcome.worked_until = Some(now());
        outcome.cpu = target.cpu().since(before);
        outcome.server_mib = target.server_mib();
        outcome.times = self.visitors.seen().times();
        if let Some(ended) = self.working.try_join_next() {
            ended??;
        }
        self.chat(settings, target, outcome).await
    }

    /// Kills the server and agents.
    async fn disturb(
        &mut self,
        settings: &Settings,
        target: &mut Target,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let (began, seconds) = (Instant::now(), settings.minutes * 60.0);
        let every = settings.kill_server.unwrap_or(f64::INFINITY);
        let servers = (1..).map(|at| (f64::from(at) * every, None));
        let servers = servers.take_while(|&(at, _)| at < seconds);
        let count = self.victims.len() as f64 + 1.0;
        let victims = std::mem::take(&mut self.victims);
        let victims = (1..).zip(victims);
        let victims = victims.map(|(at, victim)| (seconds * f64::from(at) / count, Some(victim)));
        let mut kills: Vec<(f64, Option<Victim>)> = servers.chain(victims).collect();
        kills.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        for (at, victim) in kills {
            sleep_until(began + Duration::from_secs_f64(at)).await;
            match victim {
                Some(mut victim) => {
                    self.killed.push((victim.user, now()));
                    let killed = victim.process.kill();
                    killed.map_err(BenchError::io("cannot kill an agent"))?;
                }
                None => {
                    let began = Instant::now();
                    target.restart(Stop::Crash).await?;
                    outcome.outages.push(began.elapsed());
                }
            }
        }
        Ok(())
    }

    async fn chat(
        &self,
        settings: &Settings,
        target: &Target,
        outcome: &mut Outcome,
    ) -> Result<()> {
        if settings.rounds == 0 {
            return Ok(());
        }
        // What is offered is closed at once, so that turns end.
        self.manner.set(0);
        let joined = target.join("talker", 2, None, false).await?;
        let users = joined.iter().map(|(_, account)| account.user).collect();
        let groups = target.groups([users].into_iter()).await?;
        let talker = joined.into_iter().next().map(|(client, _)| client);
        let (Some(talker), Some(&to)) = (talker, groups.first()) else {
            return Err(BenchError::EndedEarly);
        };
        let chat = Chat {
            visitors: &self.visitors,
            per_minute: settings.visitors_per_minute,
            talker,
            to,
        };
        outcome.desk_cores = chat.cores(target).await?;
        let Some(cores) = outcome.desk_cores else {
            return Ok(());
        };
        for round in 1..=settings.rounds {
            let measured = chat.round(cores, round, target).await?;
            outcome.rounds.push(measured);
        }
        Ok(())
    }

    /// Reads what routing did in all queues.
    async fn read_logs(&self, target: &Target) -> Result<Ledger> {
        let mut ledger = Ledger::default();
        for &queue in &self.queues {
            let log = target.organiser().conversation(queue);
            let mut next = MsgId::ZERO.next();
            loop {
                let page = log.pull(PullRange::From(next), RUN_MESSAGES_MAX).await?;
                for entry in &page.messages {
                    if let Body::System(SystemEntry::Route(step)) = &entry.body {
                        ledger.add(entry.sent_at, step);
                    }
                }
                match page.messages.last() {
                    Some(last) if last.msgid < page.head => next = last.msgid.next(),
                    _ => break,
                }
            }
        }
        Ok(ledger)
    }
}

fn now() -> Timestamp {
    Timestamp::new(u64::try_from(system::since_1970().as_millis()).unwrap_or_default())
}
