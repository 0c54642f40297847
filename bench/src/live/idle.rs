//! `idle`: what idle connections cost, how fast they are made, and how fast all are back after the
//! server was gone.

use std::time::Duration;

use cairn_client::{Account, Client, Event, Events};
use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::target::{Stop, Target, TargetArgs, gather, quiet};
use super::traffic::TrafficResults;
use super::traffic::ramp::ramp;
use crate::args::whole;
use crate::error::BenchError;
use crate::limits;
use crate::results::Report;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Connections: each a user and a device of its own, to whom everything new would be pushed
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = whole::<usize>(1..=19_000))]
    connections: usize,

    /// How long to watch them do nothing
    #[arg(long, value_name = "S", default_value_t = limits::SECONDS_DEFAULT,
        value_parser = whole::<u32>(1..))]
    seconds: u32,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

/// Measures it.
///
/// # Errors
/// What was measured before an interruption is reported, unless that is nothing.
pub async fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report, BenchError> {
    let stop = watcher.stop();
    let mut target = stop
        .clone()
        .unless_asked(Target::open(&settings.target))
        .await?;
    let mut results = TrafficResults::default();
    let steps = steps(&settings, &mut target, &mut results, watcher);
    let interrupted = match stop.unless_asked(steps).await {
        Ok(()) => false,
        Err(BenchError::Interrupted) if results.connections.is_some() => true,
        Err(error) => return Err(error),
    };
    Ok(Report::new(
        "idle",
        target.subject,
        &settings,
        interrupted,
        results.list(),
    ))
}

/// Each step adds to the results, so that an interruption keeps those of the steps before it.
async fn steps(
    settings: &Settings,
    target: &mut Target,
    results: &mut TrafficResults,
    watcher: &mut Watcher,
) -> Result<(), BenchError> {
    let joined = target
        .join("idler", settings.connections, None, &quiet(), watcher)
        .await?;
    let accounts: Vec<_> = joined.into_iter().map(|(_, account)| account).collect();
    // A server that has just started has no memory in use for how the users joined.
    target.restart(Stop::Ordered).await?;
    let without = target.server_mib();
    let clients = connect(&accounts, target, results, watcher).await?;
    sleep(limits::IDLE_REST).await;
    let each =
        |(with, without): (f64, f64)| 1_024.0 * (with - without).max(0.0) / clients.len() as f64;
    results.server_kib_per_connection = target.server_mib().zip(without).map(each);
    rest(settings.seconds, target, results, watcher).await;
    for (at, stop) in [Stop::Ordered, Stop::Crash].into_iter().enumerate() {
        if let Some((seconds, ramp, lost)) = restart(&clients, stop, target, watcher).await? {
            results.back_s[at] = Some(seconds);
            results.ramps[at + 1] = Some(ramp);
            *results.connections_lost.get_or_insert_default() += lost;
        }
    }
    Ok(())
}

async fn connect(
    accounts: &[Account],
    target: &Target,
    results: &mut TrafficResults,
    watcher: &mut Watcher,
) -> Result<Vec<Client>, BenchError> {
    let count = accounts.len();
    let connect = |at: usize| {
        let (account, endpoint) = (accounts[at].clone(), target.endpoint(at));
        let options = Client::builder().endpoint(endpoint);
        async move { Ok(options.connect(&account).await?) }
    };
    let (began, mut times) = (Instant::now(), Vec::new());
    let connected = |done| {
        times.push(began.elapsed());
        watcher.counter(count, "are connected")(done);
    };
    let clients = gather(limits::AT_ONCE, count, connect, connected).await?;
    results.connections = Some(count as u64);
    results.handshakes_per_s = Some(count as f64 / began.elapsed().as_secs_f64());
    results.ramps[0] = Some(ramp(&times));
    Ok(clients)
}

async fn rest(seconds: u32, target: &Target, results: &mut TrafficResults, watcher: &mut Watcher) {
    let (before, end) = (
        target.cpu(),
        Instant::now() + Duration::from_secs(seconds.into()),
    );
    while Instant::now() < end {
        let left = end
            .saturating_duration_since(Instant::now())
            .as_secs_f64()
            .ceil();
        watcher.tell(&|| format!("idle for another {left:.0} s"));
        sleep(limits::TICK).await;
    }
    let percent = |used: f64| 100.0 * used / f64::from(seconds);
    results.idle_server_cpu_percent = target.cpu().since(before).server.map(percent);
    results.server_mib = target.server_mib();
}

/// Ends the server and starts it again. Returns how long it took from its readiness until every
/// client was back, how their number rose, and how many were lost; `None` when the server is not
/// the run's own.
async fn restart(
    clients: &[Client],
    stop: Stop,
    target: &mut Target,
    watcher: &mut Watcher,
) -> Result<Option<(f64, Vec<(f64, usize)>, u64)>, BenchError> {
    let count = clients.len();
    let mut returning: JoinSet<_> = clients
        .iter()
        .map(|client| reconnected(client.events()))
        .collect();
    let Some(ready) = target.restart(stop).await? else {
        return Ok(None);
    };
    let (deadline, mut times) = (ready + limits::RETURN_TIME_MAX, Vec::new());
    while let Ok(Some(ended)) = timeout_at(deadline, returning.join_next()).await {
        if let Some(at) = ended? {
            times.push(at.saturating_duration_since(ready));
            watcher.counter(count, "are back")(times.len());
        }
    }
    let lost = (count - times.len()) as u64;
    Ok(Some((ready.elapsed().as_secs_f64(), ramp(&times), lost)))
}

/// When a client has its connection again; `None` when it has given up.
async fn reconnected(mut events: Events) -> Option<Instant> {
    while events.next().await? != Event::Reconnected {}
    Some(Instant::now())
}
