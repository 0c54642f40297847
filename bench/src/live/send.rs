//! `send`: how many messages a second the server accepts, and how long each takes to be durable.

use std::sync::Arc;

use cairn_client::Client;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use clap::Args;
use serde::Serialize;

use super::target::{Target, TargetArgs, quiet};
use super::traffic::counters::{Counters, Counts};
use super::traffic::pace::Pace;
use super::traffic::progress::{Extent, count};
use super::traffic::sender::{Group, Load};
use super::traffic::stamp::Texts;
use super::traffic::{TrafficResults, taken};
use crate::args::{body_bytes, parse_skew, whole};
use crate::error::BenchError;
use crate::results::{Report, grouped};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Clients that send: each a user, a device and a connection of its own
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = whole::<u16>(1..=10_000))]
    clients: u16,

    /// Sends that each client has unanswered at most
    #[arg(long, value_name = "N", default_value_t = 128,
        value_parser = whole::<usize>(1..=SENDS_IN_FLIGHT_MAX as u64))]
    inflight: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Groups that the messages go to; every client is a member of all
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = whole::<usize>(1..=100_000))]
    conversations: usize,

    /// How much busier some groups are than others: the n-th has a share of 1 / n^S; 0 makes all
    /// alike
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = parse_skew)]
    skew: f64,

    /// Send at this rate, all clients together, and count each latency from when its send was due,
    /// so that what a stalled server makes late is not left out [default: as fast as answers come]
    #[arg(long, value_name = "PER-SECOND", value_parser = whole::<u32>(1..))]
    rate: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    extent: Extent,

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
    let (mut target, clients, groups) = stop.unless_asked(prepare(&settings, watcher)).await?;
    let load = Load {
        groups,
        skew: settings.skew,
        seed: settings.target.seed,
        texts: Arc::new(Texts::new(settings.body, settings.target.seed)),
        counters: Arc::new(Counters::new(settings.extent.messages)),
        window: None,
    };
    let counters = &load.counters;
    let wakes = clients.iter().map(|_| Arc::default()).collect();
    let in_flight = settings.inflight;
    let pace = Pace::InFlight(in_flight);
    let mut senders = load.start(clients, wakes, settings.rate, in_flight, &pace)?;
    let tasks = &mut senders.tasks;
    let text = |counts: &Counts| format!("{} accepted", grouped(counts.accepted as f64));
    let progress = count(counters, settings.extent, &target, tasks, watcher, text).await?;
    counters.end();
    senders
        .settle()
        .await
        .map_err(|error| target.blame(error))?;
    let (interrupted, server_mib) = (progress.interrupted, target.server_mib());
    let results = counters.read(|counts| TrafficResults {
        latency: taken(&counts.accept),
        ..TrafficResults::of(progress, counts, server_mib)
    });
    Ok(Report::new(
        "send",
        target.subject,
        &settings,
        interrupted,
        results.list(),
    ))
}

async fn prepare(
    settings: &Settings,
    watcher: &mut Watcher,
) -> Result<(Target, Vec<Client>, Arc<[Group]>), BenchError> {
    let target = Target::open(&settings.target).await?;
    let joined = target
        .join("sender", settings.clients.into(), None, &quiet(), watcher)
        .await?;
    let users: Vec<_> = joined.iter().map(|(_, account)| account.user).collect();
    let ids = target
        .groups(settings.conversations, |_| users.clone(), watcher)
        .await?;
    let groups = ids
        .into_iter()
        .map(|id| Group { id, receivers: 0 })
        .collect();
    let clients = joined.into_iter().map(|(client, _)| client).collect();
    Ok((target, clients, groups))
}
