//! `fanout`: how many deliveries a second the server makes, how long each takes, and whether each
//! is made once and in order.

pub(crate) mod stall;

use std::sync::Arc;

use cairn_client::Client;
use cairn_client::proto::ids::UserId;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use clap::Args;
use serde::Serialize;
use tokio::sync::Notify;

use self::stall::{Stall, Stalled};
use super::target::{Target, TargetArgs, quiet};
use super::traffic::counters::{Counters, Counts};
use super::traffic::pace::{Pace, Window};
use super::traffic::progress::{Extent, count};
use super::traffic::receivers::Receivers;
use super::traffic::sender::{Group, Load};
use super::traffic::stamp::Texts;
use super::traffic::{TrafficResults, taken};
use crate::args::{body_bytes, parse_skew, whole};
use crate::error::BenchError;
use crate::results::{Report, grouped};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Clients that listen: each a user, a device and a connection of its own, in one group
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole::<usize>(1..=20_000))]
    receivers: usize,

    /// Clients that send, and do not listen
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u16>(1..=10_000))]
    senders: u16,

    /// Groups that the receivers are spread over evenly; every sender is in all
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>(1..=20_000))]
    conversations: usize,

    /// How much busier some groups are than others: the n-th has a share of 1 / n^S; 0 makes all
    /// alike
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = parse_skew)]
    skew: f64,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Messages on their way to the average receiver at most, when no rate is given
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = whole::<usize>(1..=100_000))]
    inflight: usize,

    /// Send at this rate, all senders together, and count each latency from when its send was due
    /// [default: as fast as receivers take the messages]
    #[arg(long, value_name = "PER-SECOND", value_parser = whole::<u32>(1..))]
    rate: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    stall: Stall,

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
    let stalled = settings.stall.count(settings.receivers)?;
    let readers = settings.receivers - stalled;
    let stop = watcher.stop();
    let clients = stop
        .unless_asked(prepare(&settings, readers, watcher))
        .await?;
    let Clients {
        mut target,
        senders,
        mut receivers,
        groups,
    } = clients;
    let wakes: Vec<Arc<Notify>> = senders.iter().map(|_| Arc::default()).collect();
    let on_their_way = match settings.rate {
        Some(_) => i64::MAX,
        None => i64::try_from(settings.inflight.saturating_mul(readers)).unwrap_or(i64::MAX),
    };
    let window = Arc::new(Window::new(on_their_way, wakes.clone()));
    let load = Load {
        groups,
        skew: settings.skew,
        seed: settings.target.seed,
        texts: Arc::new(Texts::new(settings.body, settings.target.seed)),
        counters: Arc::new(Counters::new(settings.extent.messages)),
        window: Some(Arc::clone(&window)),
    };
    let counters = &load.counters;
    let mut stalled = Stalled::start(receivers.split_off(readers), readers, &load);
    let mut reading = Receivers::start(receivers, 0, &load, (counters, &window), None);
    let pace = Pace::Window(Arc::clone(&window));
    let mut senders = load.start(senders, wakes, settings.rate, SENDS_IN_FLIGHT_MAX, &pace)?;
    let tasks = &mut senders.tasks;
    let mut progress = count(
        counters,
        settings.extent,
        &target,
        tasks,
        watcher,
        progress_text,
    )
    .await?;
    if let (Some(extent), false) = (settings.stall.extent(), progress.interrupted) {
        let calm = counters.begin_again();
        let counting = count(counters, extent, &target, tasks, watcher, progress_text);
        progress = stalled.pause_during(&calm, &target, counting).await?;
    }
    counters.end();
    let sent = senders
        .settle()
        .await
        .map_err(|error| target.blame(error))?;
    reading.settle(|_| true).await?;
    let mut anomalies = reading.check(&sent);
    let (mut stall, of_stalled) = stalled.catch_up(&sent, &target, watcher).await?;
    anomalies.add(of_stalled);
    let (interrupted, server_mib) = (progress.interrupted, target.server_mib());
    let results = counters.read(|counts| {
        stall.latency = counts.delivery.percentiles();
        TrafficResults {
            deliveries: Some(counts.delivered),
            latency: taken(&counts.delivery),
            accept_latency: taken(&counts.accept),
            anomalies: Some(anomalies),
            stall,
            ..TrafficResults::of(progress, counts, server_mib)
        }
    });
    Ok(Report::new(
        "fanout",
        target.subject,
        &settings,
        interrupted,
        results.list(),
    ))
}

fn progress_text(counts: &Counts) -> String {
    let (accepted, delivered) = (counts.accepted as f64, counts.delivered as f64);
    format!(
        "{} accepted, {} delivered",
        grouped(accepted),
        grouped(delivered)
    )
}

struct Clients {
    target: Target,
    senders: Vec<Client>,
    receivers: Vec<Client>,
    groups: Arc<[Group]>,
}

/// The senders wait for the first `readers` of the receivers.
async fn prepare(
    settings: &Settings,
    readers: usize,
    watcher: &mut Watcher,
) -> Result<Clients, BenchError> {
    let target = Target::open(&settings.target).await?;
    let senders = target
        .join("sender", settings.senders.into(), None, &quiet(), watcher)
        .await?;
    let options = Client::builder();
    let receivers = target
        .join("receiver", settings.receivers, None, &options, watcher)
        .await?;
    let [senders, receivers] =
        [senders, receivers].map(|joined| joined.into_iter().map(|(client, _)| client).collect());
    let (senders, receivers): (Vec<Client>, Vec<Client>) = (senders, receivers);
    let users = |clients: &[Client]| -> Vec<UserId> {
        clients.iter().map(|client| client.whoami().user).collect()
    };
    let (everywhere, listeners) = (users(&senders), users(&receivers));
    let count = settings.conversations;
    let members = |at: usize| {
        let here = listeners.iter().skip(at).step_by(count);
        everywhere.iter().chain(here).copied().collect()
    };
    let ids = target.groups(count, members, watcher).await?;
    let group = |(at, id)| Group {
        id,
        receivers: (at..readers).step_by(count).count() as u32,
    };
    let groups = ids.into_iter().enumerate().map(group).collect();
    Ok(Clients {
        target,
        senders,
        receivers,
        groups,
    })
}
