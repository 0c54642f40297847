//! `catchup`: devices that were away come back at once, and everything that was said meanwhile is brought to them.

mod arrivals;
mod device;
mod found;
mod layout;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::{Account, Client};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::arrivals::Arrivals;
use self::device::Away;
use self::found::{CatchupFound, ServerMemory};
use self::layout::Layout;
use super::fill::{Filler, fill};
use super::findings::Checked;
use super::own_server::End;
use super::send::body_bytes;
use super::sequence::Anomalies;
use super::stamp::Texts;
use super::venue::{Place, Venue, gather, quiet};
use crate::error::BenchError;
use crate::limits;
use crate::report::{Report, counted, grouped};
use crate::watcher::Watcher;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Devices that were away: each with a user of its own
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(1..=19_000))]
    connections: usize,

    /// Groups that each device is in
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000))]
    conversations: usize,

    /// Devices in each group, about: the more share one, the fewer groups there are in all, and the fewer messages to be stored
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = RangedU64ValueParser::<usize>::new().range(1..=19_000))]
    members: usize,

    /// Messages that each device has missed in all, spread evenly over its groups
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: u64,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl Settings {
    fn layout(&self) -> Layout {
        Layout::new(self.connections, self.conversations, self.members)
    }

    /// The messages of each group.
    fn missed_in_each(&self) -> u64 {
        self.messages.div_ceil(self.conversations as u64)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            connections,
            conversations,
            messages,
            body,
            ..
        } = self;
        let (devices, groups) = (
            counted(*connections, "device"),
            counted(*conversations, "group"),
        );
        let messages = grouped(*messages as f64);
        write!(
            f,
            "{devices} that missed {messages} messages each, {body}-byte bodies, in {groups} each of {} in all",
            self.layout().groups()
        )
    }
}

/// Everything before the devices come back.
struct Cast {
    venue: Venue,
    away: Vec<Away>,
}

/// Measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub async fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, CatchupFound>, BenchError> {
    let stop = watcher.stop();
    let Cast { mut venue, away } = stop
        .clone()
        .unless_asked(prepare(&settings, watcher))
        .await?;
    let missed = settings.missed_in_each();
    let (before, cpu, began) = (venue.server_kib(), venue.cpu(), Instant::now());
    let arrivals = Arc::new(Arrivals::new(began, away.len()));
    let mut returning: JoinSet<_> = away
        .iter()
        .map(|away| away.clone().come_back(missed, Arc::clone(&arrivals)))
        .collect();
    let (back, most) = venue
        .with_peak(watch(&mut returning, &arrivals, watcher))
        .await;
    let back = back.map_err(|error| venue.blame(error))?;
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), venue.cpu().since(cpu));
    let interrupted = stop.is_asked();
    // Acks are on their way, and what served the devices is let go.
    sleep(limits::IDLE_REST).await;
    let memory = ServerMemory::of_kib(before, most, venue.server_kib());
    drop((back, returning));
    let mut amiss = Anomalies::default();
    away.iter().for_each(|away| amiss.add(away.check(missed)));
    let checked = if interrupted {
        Checked::unfinished(amiss)
    } else {
        amiss.into()
    };
    let found = CatchupFound::new(seconds, cpu, memory, checked, &arrivals);
    Ok(Report::new(
        "catchup",
        venue.subject(),
        settings,
        interrupted,
        found,
    ))
}

async fn prepare(settings: &Settings, watcher: &mut Watcher) -> Result<Cast, BenchError> {
    let mut venue = Venue::open(&settings.place).await?;
    let layout = settings.layout();
    let fillers = join(
        "filler",
        limits::FILLERS.min(layout.groups()),
        &venue,
        watcher,
    )
    .await?;
    let devices = join("device", settings.connections, &venue, watcher).await?;
    let users = |joined: &[(Client, Account)]| -> Vec<UserId> {
        joined.iter().map(|(_, account)| account.user).collect()
    };
    let (filling, listening, members) = (users(&fillers), users(&devices), layout.members());
    let everybody = |group: usize| {
        filling
            .iter()
            .copied()
            .chain(members[group].iter().map(|&device| listening[device]))
            .collect()
    };
    let count = layout.groups();
    let groups = venue
        .groups(count, everybody, |done| {
            watcher.tell(&|| format!("{done} of {count} groups are made"))
        })
        .await?;

    // The n-th filler fills each so-many-th group.
    let filled: Vec<(ConversationId, u16)> = groups
        .iter()
        .copied()
        .zip((0..u16::try_from(fillers.len()).unwrap_or(u16::MAX)).cycle())
        .collect();
    let away = leave(&devices, layout, &filled, &venue, watcher).await?;
    let clients: Vec<Client> = fillers.into_iter().map(|(client, _)| client).collect();
    let conversations = |number: u16| {
        filled
            .iter()
            .filter(move |(_, filler)| *filler == number)
            .map(|&(id, _)| id)
            .collect()
    };
    let filler = |(number, client): (u16, &Client)| Filler {
        client: client.clone(),
        number,
        conversations: conversations(number),
    };
    let texts = Arc::new(Texts::new(settings.body, settings.place.seed));
    fill(
        (0..).zip(&clients).map(filler).collect(),
        settings.missed_in_each(),
        &texts,
        watcher,
    )
    .await?;
    for client in clients {
        client.close().await;
    }
    // A server that has just started has nothing in memory of what it stored: so devices find it that were away for long.
    venue.restart(End::Stop).await?;
    Ok(Cast { venue, away })
}

async fn join(
    role: &str,
    count: usize,
    venue: &Venue,
    watcher: &mut Watcher,
) -> Result<Vec<(Client, Account)>, BenchError> {
    venue
        .join(role, count, &quiet(), |done| {
            watcher.tell(&|| format!("{done} of {count} {role}s have joined"))
        })
        .await
}

/// Lets the devices go, each with everything that there is by now. `filled` are all groups.
async fn leave(
    devices: &[(Client, Account)],
    layout: Layout,
    filled: &[(ConversationId, u16)],
    venue: &Venue,
    watcher: &mut Watcher,
) -> Result<Vec<Away>, BenchError> {
    let count = devices.len();
    let leave = |at: usize| {
        let ((client, account), endpoint) = (devices[at].clone(), venue.endpoint(at));
        let conversations = layout.groups_of(at).map(|group| filled[group]).collect();
        async move { Away::leave(&client, account, endpoint, conversations).await }
    };
    gather(count, leave, |done| {
        watcher.tell(&|| format!("{done} of {count} devices have gone"))
    })
    .await
}

/// Waits until all are level, nothing comes any more, or somebody ends it. Gives the clients, so that they stay connected.
async fn watch(
    returning: &mut JoinSet<Result<Client, BenchError>>,
    arrivals: &Arrivals,
    watcher: &mut Watcher,
) -> Result<Vec<Client>, BenchError> {
    let (mut back, count, mut stop) = (Vec::new(), returning.len(), watcher.stop());
    let (mut progress, mut deadline) = (0, Instant::now() + limits::SETTLE_TIME_MAX);
    while Instant::now() < deadline {
        tokio::select! {
            biased;
            () = stop.asked() => break,
            ended = returning.join_next() => match ended {
                Some(ended) => back.push(ended.map_err(|_| BenchError::Panicked)??),
                None => break,
            },
            () = sleep(limits::TICK) => {}
        }
        if arrivals.progress() > progress {
            (progress, deadline) = (
                arrivals.progress(),
                Instant::now() + limits::SETTLE_TIME_MAX,
            );
        }
        watcher.tell(&|| {
            format!(
                "{} of {count} devices are level, {} messages have come",
                back.len(),
                grouped(arrivals.messages() as f64)
            )
        });
    }
    Ok(back)
}
