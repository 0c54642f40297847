//! `idle`: the cost of idle connections, how fast they are established, and how fast all are
//! restored after a restart of the server.

use std::time::Duration;

use cairn_client::{Client, Event, Events};
use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::target::{Stop, Target, TargetArgs};
use super::traffic::{TrafficResults, ramp};
use crate::args::whole;
use crate::error::Result;
use crate::limits;
use crate::results::{Report, Results};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Connections, each with a user and a device of its own, and with push
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = whole::<usize>(1..=19_000))]
    connections: usize,

    /// How long to measure the idle connections
    #[arg(long, value_name = "S", default_value_t = limits::SECONDS_DEFAULT,
        value_parser = whole::<u32>(1..))]
    seconds: u32,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    Target::run("idle", &settings, &settings.target, watcher, measure).await
}

async fn measure(settings: &Settings, target: &mut Target) -> Result<Results> {
    let (count, watcher) = (settings.connections, target.watcher.clone());
    let mut results = TrafficResults::default();
    let connecting = async {
        let joined = target.join("idler", count, None, false).await?;
        let accounts: Vec<_> = joined.into_iter().map(|(_, account)| account).collect();
        // A restart frees the memory that the joins used.
        target.restart(Stop::Ordered).await?;
        let (without, began) = (target.server_mib(), Instant::now());
        let connect = |(at, account)| {
            let options = target.options(at, true);
            async move {
                let client = options.connect(account).await?;
                Ok((client, began.elapsed()))
            }
        };
        let connecting = accounts.iter().enumerate().map(connect);
        let (at_once, what) = (limits::AT_ONCE, "are connected");
        let connected = watcher.gather(at_once, what, connecting).await?;
        results.handshakes_per_s = Some(count as f64 / began.elapsed().as_secs_f64());
        Ok((connected, without))
    };
    let (connected, without) = watcher.unless_asked(connecting).await?;
    let (clients, mut times): (Vec<Client>, Vec<_>) = connected.into_iter().unzip();
    times.sort_unstable();
    results.connections = Some(count);
    results.ramps[0] = Some(ramp(&times));
    // Each step adds to the results, so an interruption keeps those of earlier steps.
    let steps = async {
        sleep(limits::IDLE_REST).await;
        let each = |(with, without): (f64, f64)| (with - without).max(0.0) * 1_024.0 / count as f64;
        results.server_kib_per_connection = target.server_mib().zip(without).map(each);
        let (before, began) = (target.cpu(), Instant::now());
        let length = Duration::from_secs(settings.seconds.into());
        while began.elapsed() < length {
            let left = length.saturating_sub(began.elapsed()).as_secs_f64().ceil();
            watcher.tell(|| format!("idle for another {left:.0} s"));
            sleep(limits::TICK).await;
        }
        let percent = |used: f64| 100.0 * used / f64::from(settings.seconds);
        results.idle_server_cpu_percent = target.cpu().since(before).server.map(percent);
        results.server_mib = target.server_mib();
        for (at, stop) in [Stop::Ordered, Stop::Crash].into_iter().enumerate() {
            let returning = clients.iter().map(|client| reconnected(client.events()));
            let returning: JoinSet<_> = returning.collect();
            let Some(ready) = target.restart(stop).await? else {
                break;
            };
            let times = returns(returning, ready, &watcher).await?;
            results.back_s[at] = Some(ready.elapsed().as_secs_f64());
            results.ramps[at + 1] = Some(ramp(&times));
            *results.connections_lost.get_or_insert_default() += count - times.len();
        }
        Ok(())
    };
    watcher.until_asked(steps).await?;
    Ok(results.list())
}

/// The time from `ready` until each client was connected again, for those that made it in time.
async fn returns(
    mut returning: JoinSet<Option<Instant>>,
    ready: Instant,
    watcher: &Watcher,
) -> Result<Vec<Duration>> {
    let (count, mut times) = (returning.len(), Vec::new());
    let deadline = ready + limits::RETURN_TIME_MAX;
    while let Ok(Some(ended)) = timeout_at(deadline, returning.join_next()).await {
        if let Some(at) = ended? {
            times.push(at.saturating_duration_since(ready));
            watcher.tell(|| format!("{} of {count} are back", times.len()));
        }
    }
    Ok(times)
}

/// The time at which a client is connected again; `None` when it gave up.
async fn reconnected(mut events: Events) -> Option<Instant> {
    while events.next().await? != Event::Reconnected {}
    Some(Instant::now())
}
