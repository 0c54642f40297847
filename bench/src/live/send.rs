//! `send`: how many messages a second the server accepts, and how long each takes to be durable.

use std::sync::Arc;

use cairn_client::Client;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use clap::Args;
use serde::Serialize;

use super::target::{Target, TargetArgs, clients_and_users};
use super::traffic::{Counters, Extent, Group, Load, Texts, Window, count};
use crate::args::{body_bytes, parse_skew, whole};
use crate::error::BenchError;
use crate::results::Report;
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

/// Measures it. What was measured before an interruption is reported, unless that is nothing.
pub async fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report, BenchError> {
    let seed = settings.target.seed;
    let preparing = prepare(&settings, watcher);
    let (mut target, clients, groups) = watcher.stop().unless_asked(preparing).await?;
    let load = Load {
        groups,
        skew: settings.skew,
        seed,
        texts: Arc::new(Texts::new(settings.body, seed)),
        counters: Arc::new(Counters::new(settings.extent.messages)),
        wakes: clients.iter().map(|_| Arc::default()).collect(),
        rate: settings.rate,
        in_flight: settings.inflight,
        window: Arc::new(Window::open()),
    };
    let mut senders = load.start(clients)?;
    let mut results = count(&mut senders, settings.extent, &target).await?;
    let settled = senders.settle().await;
    settled.map_err(|error| target.blame(error))?;
    results.server_mib = target.server_mib();
    Ok(target.report("send", &settings, results.interrupted, results.list()))
}

async fn prepare(
    settings: &Settings,
    watcher: &Watcher,
) -> Result<(Target, Vec<Client>, Arc<[Group]>), BenchError> {
    let target = Target::open(&settings.target, watcher).await?;
    let count = settings.clients.into();
    let joined = target.join("sender", count, None, false).await?;
    let (clients, users) = clients_and_users(joined);
    let members = (0..settings.conversations).map(|_| users.clone());
    let ids = target.groups(members).await?.into_iter();
    let groups = ids.map(|id| Group { id, receivers: 0 }).collect();
    Ok((target, clients, groups))
}
