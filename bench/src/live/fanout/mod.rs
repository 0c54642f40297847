//! `fanout`: deliveries per second, the latency of each, and whether each message is delivered
//! exactly once and in order.

mod stall;

use std::sync::Arc;

use cairn_client::Client;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use clap::Args;
use serde::Serialize;

pub(crate) use self::stall::Stall;
use self::stall::Stalled;
use super::target::{Target, TargetArgs, clients_and_users};
use super::traffic::{Counters, Extent, Group, Load, Pace, Receivers, Texts, Turns, Window, count};
use crate::args::{SKEW, body_bytes, number, whole};
use crate::error::Result;
use crate::results::{Report, Results};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Clients that listen: each a user, a device and a connection of its own, in one group
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole::<usize>(1..=20_000))]
    pub(super) receivers: usize,

    /// Clients that send, and do not listen
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u16>(1..=10_000))]
    pub(super) senders: u16,

    /// Groups that the receivers are spread over evenly; every sender is in all
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>(1..=20_000))]
    pub(super) conversations: usize,

    /// How much busier some groups are than others: the n-th has a share of 1 / n^S; 0 makes all
    /// equal
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = number(SKEW))]
    pub(super) skew: f64,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    pub(super) body: usize,

    /// Deliveries in flight to the average receiver at most, when no rate is given
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = whole::<usize>(1..=100_000))]
    pub(super) inflight: usize,

    /// Send at this total rate, and count each latency from when its send was due [default: as fast
    /// as receivers take the messages]
    #[arg(long, value_name = "PER-SECOND", value_parser = whole::<u32>(1..))]
    pub(super) rate: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    pub(super) stall: Stall,

    #[command(flatten)]
    #[serde(flatten)]
    pub(super) extent: Extent,

    #[command(flatten)]
    #[serde(flatten)]
    pub(super) target: TargetArgs,
}

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    Target::run("fanout", &settings, &settings.target, watcher, measure).await
}

/// Without receivers, `inflight` limits the unanswered sends of each sender.
pub(super) async fn measure(settings: &Settings, target: &mut Target) -> Result<Results> {
    let stalled = settings.stall.count(settings.receivers)?;
    let (readers, watcher) = (settings.receivers - stalled, &target.watcher);
    let preparing = prepare(settings, readers, target);
    let (senders, mut receivers, groups) = watcher.unless_asked(preparing).await?;
    let has_receivers = settings.receivers > 0;
    let (in_flight, most) = match (has_receivers, settings.rate) {
        (false, _) => (settings.inflight, i64::MAX),
        (true, Some(_)) => (SENDS_IN_FLIGHT_MAX, i64::MAX),
        (true, None) => (SENDS_IN_FLIGHT_MAX, (settings.inflight * readers) as i64),
    };
    let load = Load {
        groups,
        skew: settings.skew,
        seed: settings.target.scratch.seed,
        texts: Arc::new(Texts::new(settings.body, settings.target.scratch.seed)),
        counters: Arc::new(Counters::new(settings.extent.messages)),
        pace: Pace {
            in_flight,
            turns: settings.rate.map(|rate| Turns::begin(rate, senders.len())),
            window: Arc::new(Window::new(most, senders.len())),
        },
    };
    let mut stalled = Stalled::start(receivers.split_off(readers), readers, &load);
    let mut reading = Receivers::start(receivers, 0, &load, None);
    let mut senders = load.start(senders)?;
    let mut results = count(&mut senders, settings.extent, target).await?;
    if settings.stall.stalled.is_some() && !watcher.is_asked() {
        let (messages, seconds) = (None, Some(settings.stall.stall_seconds));
        let extent = Extent { messages, seconds };
        senders.load.counters.begin_again();
        let counting = count(&mut senders, extent, target);
        let calm = results.latency;
        results = stalled.pause_during(calm, target, counting).await?;
    }
    let sent = senders.settle().await?;
    reading.settle(|_| true).await?;
    let (stall, of_stalled) = stalled.catch_up(&sent, target).await?;
    results.stall = stall;
    let anomalies = || [reading.check(&sent), of_stalled].into_iter().sum();
    results.anomalies = has_receivers.then(anomalies);
    results.server_mib = target.server_mib();
    Ok(results.list())
}

/// Returns the senders, the receivers, and the groups, in which the senders wait for the first
/// `readers` receivers.
async fn prepare(
    settings: &Settings,
    readers: usize,
    target: &Target,
) -> Result<(Vec<Client>, Vec<Client>, Arc<[Group]>)> {
    let (senders, listeners) = (settings.senders.into(), settings.receivers);
    let senders = target.join("sender", senders, None, false).await?;
    let receivers = target.join("receiver", listeners, None, true).await?;
    let (senders, everywhere) = clients_and_users(senders);
    let (receivers, listeners) = clients_and_users(receivers);
    let count = settings.conversations;
    let members = |at: usize| {
        let here = listeners.iter().skip(at).step_by(count);
        everywhere.iter().chain(here).copied().collect()
    };
    let ids = target.groups((0..count).map(members)).await?;
    let group = |(at, id)| Group {
        id,
        receivers: (at..readers).step_by(count).count() as u32,
    };
    let groups = ids.into_iter().enumerate().map(group).collect();
    Ok((senders, receivers, groups))
}
