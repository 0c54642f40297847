//! `idle`: what connections cost that do nothing, how fast they are made, and how fast all are back when the server was gone.

use std::fmt;
use std::time::Duration;

use cairn_client::{Account, Client, Event, Events, Options};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::climb::Climb;
use super::findings::Findings;
use super::own_server::End;
use super::venue::{Place, Venue, gather, quiet};
use crate::error::BenchError;
use crate::limits;
use crate::report::{Report, counted};
use crate::watcher::Watcher;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Connections: each a user and a device of its own, to whom everything new would be pushed
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=19_000))]
    connections: usize,

    /// How long to watch them do nothing
    #[arg(long, value_name = "S", default_value_t = limits::SECONDS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            connections,
            seconds,
            ..
        } = self;
        write!(
            f,
            "{}, doing nothing for {seconds} s",
            counted(*connections, "connection")
        )
    }
}

/// Measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub async fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Findings>, BenchError> {
    let stop = watcher.stop();
    let mut venue = stop
        .clone()
        .unless_asked(Venue::open(&settings.place))
        .await?;
    let mut found = Findings::default();
    let interrupted = match stop
        .unless_asked(steps(&settings, &mut venue, &mut found, watcher))
        .await
    {
        Ok(()) => false,
        Err(BenchError::Interrupted) if found.connections.is_some() => true,
        Err(error) => return Err(error),
    };
    Ok(Report::new(
        "idle",
        venue.subject(),
        settings,
        interrupted,
        found,
    ))
}

/// One step after the other; each adds to what was found.
async fn steps(
    settings: &Settings,
    venue: &mut Venue,
    found: &mut Findings,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let accounts = accounts(settings.connections, venue, watcher).await?;
    // A server that has just started holds nothing of the users who have joined, and no memory that was in use for that.
    venue.restart(End::Stop).await?;
    let kib_without = venue.server_kib();
    let clients = connect(&accounts, venue, found, watcher).await?;
    sleep(limits::IDLE_REST).await;
    let each = |with: u64, without: u64| with.saturating_sub(without) as f64 / clients.len() as f64;
    found.server_kib_per_connection = venue
        .server_kib()
        .zip(kib_without)
        .map(|(with, without)| each(with, without));
    rest(settings.seconds, venue, found, watcher).await;
    if let Some(Return {
        seconds,
        climb,
        lost,
    }) = come_back(&clients, End::Stop, venue, watcher).await?
    {
        (
            found.back_after_stop_s,
            found.up_after_stop,
            found.connections_lost,
        ) = (Some(seconds), Some(climb), Some(lost));
    }
    if let Some(Return {
        seconds,
        climb,
        lost,
    }) = come_back(&clients, End::Crash, venue, watcher).await?
    {
        (found.back_after_crash_s, found.up_after_crash) = (Some(seconds), Some(climb));
        *found.connections_lost.get_or_insert_default() += lost;
    }
    Ok(())
}

/// Users who have joined and gone.
async fn accounts(
    count: usize,
    venue: &Venue,
    watcher: &mut Watcher,
) -> Result<Vec<Account>, BenchError> {
    let joined = venue
        .join("idler", count, &quiet(), |done| {
            watcher.tell(&|| format!("{done} of {count} users have joined"))
        })
        .await?;
    Ok(joined.into_iter().map(|(_, account)| account).collect())
}

async fn connect(
    accounts: &[Account],
    venue: &Venue,
    found: &mut Findings,
    watcher: &mut Watcher,
) -> Result<Vec<Client>, BenchError> {
    let count = accounts.len();
    let connect = |at: usize| {
        let (account, options) = (
            accounts[at].clone(),
            Options {
                endpoint: venue.endpoint(at),
                ..Options::default()
            },
        );
        async move { Ok(Client::connect(&account, options).await?) }
    };
    let (began, mut climb) = (Instant::now(), Climb::to(count));
    let told = |done| {
        climb.reached(done, began.elapsed());
        watcher.tell(&|| format!("{done} of {count} are connected"));
    };
    let clients = gather(count, connect, told).await?;
    found.connections = Some(count as u64);
    found.handshakes_per_s = Some(count as f64 / began.elapsed().as_secs_f64());
    found.up_at_first = Some(climb);
    Ok(clients)
}

async fn rest(seconds: u32, venue: &Venue, found: &mut Findings, watcher: &mut Watcher) {
    let (before, end) = (
        venue.cpu(),
        Instant::now() + Duration::from_secs(seconds.into()),
    );
    while Instant::now() < end {
        watcher.tell(&|| {
            format!(
                "idle for another {:.0} s",
                end.saturating_duration_since(Instant::now())
                    .as_secs_f64()
                    .ceil()
            )
        });
        sleep(limits::TICK).await;
    }
    let percent = |used: f64| 100.0 * used / f64::from(seconds);
    found.idle_server_cpu_percent = venue.cpu().since(before).server.map(percent);
    found.server_mib = venue.server_kib().map(|kib| kib as f64 / 1_024.0);
}

/// How all came back when the server had been gone.
struct Return {
    /// From when the server was ready until every client was back, in seconds.
    seconds: f64,
    climb: Climb,
    lost: u64,
}

/// Ends the server and starts it again. `None` when it is somebody else's.
async fn come_back(
    clients: &[Client],
    end: End,
    venue: &mut Venue,
    watcher: &mut Watcher,
) -> Result<Option<Return>, BenchError> {
    let mut returning: JoinSet<Option<Instant>> = clients
        .iter()
        .map(|client| returned(client.events()))
        .collect();
    let Some(ready) = venue.restart(end).await? else {
        return Ok(None);
    };
    let deadline = ready + limits::RETURN_TIME_MAX;
    let (mut back, mut climb) = (0, Climb::to(clients.len()));
    while let Ok(Some(ended)) = timeout_at(deadline, returning.join_next()).await {
        if let Some(at) = ended.map_err(|_| BenchError::Panicked)? {
            back += 1;
            climb.reached(back, at.saturating_duration_since(ready));
            watcher.tell(&|| format!("{back} of {} are back", clients.len()));
        }
    }
    Ok(Some(Return {
        seconds: ready.elapsed().as_secs_f64(),
        climb,
        lost: (clients.len() - back) as u64,
    }))
}

/// Waits until a client has its connection again. Gives when that was; `None` when it has given up.
async fn returned(mut events: Events) -> Option<Instant> {
    while events.next().await? != Event::Reconnected {}
    Some(Instant::now())
}
