//! `send`: how many messages a second the server accepts, and how long each takes to be durable.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use cairn_client::proto::limits::{SENDS_IN_FLIGHT_MAX, TEXT_BYTES_MAX};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use tokio::sync::Notify;

use super::findings::Findings;
use super::gauge::Gauge;
use super::measure::{Course, Extent, measure};
use super::pace::{Clock, Pace, Turns};
use super::sender::{Group, Load, settled};
use super::stamp::{STAMP_BYTES, Texts};
use super::venue::{Place, Venue, quiet};
use crate::error::BenchError;
use crate::report::{Report, counted, grouped};
use crate::watcher::Watcher;
use crate::zipf::parse_skew;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Clients that send: each a user, a device and a connection of its own
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    clients: u16,

    /// Sends that each client has unanswered at most
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = RangedU64ValueParser::<usize>::new().range(1..=SENDS_IN_FLIGHT_MAX as u64))]
    inflight: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Groups that the messages go to; every client is a member of all
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    conversations: usize,

    /// How much busier some groups are than others: the n-th has a share of 1 / n^S; 0 makes all alike
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = parse_skew)]
    skew: f64,

    /// Send at this rate, all clients together, and count each latency from when its send was due, so that what a stalled server makes
    /// late is not left out [default: as fast as answers come]
    #[arg(long, value_name = "PER-SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    extent: Extent,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// Takes the bytes of a message's text, at least those of its stamp.
pub(super) fn body_bytes() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(STAMP_BYTES as u64..=TEXT_BYTES_MAX as u64)
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            clients,
            inflight,
            body,
            conversations,
            skew,
            rate,
            ..
        } = self;
        let (clients, groups) = (
            counted((*clients).into(), "client"),
            counted(*conversations, "group"),
        );
        write!(
            f,
            "{clients}, {inflight} in flight each, {body}-byte bodies, {groups} (skew {skew})"
        )?;
        rate.map_or(Ok(()), |rate| {
            write!(f, ", {} messages/s", grouped(rate.into()))
        })
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
    let (mut venue, clients, groups) = stop.unless_asked(prepare(&settings, watcher)).await?;
    let gauge = Arc::new(Gauge::new(settings.extent.messages));
    let texts = Arc::new(Texts::new(settings.body, settings.place.seed));
    let load = Load {
        groups,
        skew: settings.skew,
        seed: settings.place.seed,
        texts,
        gauge: Arc::clone(&gauge),
        window: None,
    };
    let wakes: Vec<Arc<Notify>> = clients.iter().map(|_| Arc::default()).collect();
    let (began, senders) = (Instant::now(), clients.len());
    let pace = |sender| match settings.rate {
        None => Pace::InFlight(settings.inflight),
        Some(rate) => Pace::Rate(
            Turns {
                began,
                rate: rate.into(),
                sender,
                senders,
            },
            settings.inflight,
        ),
    };
    let mut under_way = load.start(clients, &wakes, pace);
    let clock = settings
        .rate
        .map(|rate| Clock::start(began, rate.into(), wakes.clone()))
        .transpose()
        .map_err(BenchError::Clock)?;
    let course = measure(
        &gauge,
        settings.extent,
        &venue,
        &mut under_way,
        watcher,
        |tally| format!("{} accepted", grouped(tally.accepted as f64)),
    )
    .await?;
    drop(clock);
    wakes.iter().for_each(|wake| wake.notify_one());
    settled(under_way)
        .await
        .map_err(|error| venue.blame(error))?;
    Ok(report(settings, &venue, &gauge, &course))
}

async fn prepare(
    settings: &Settings,
    watcher: &mut Watcher,
) -> Result<(Venue, Vec<Client>, Arc<[Group]>), BenchError> {
    let venue = Venue::open(&settings.place).await?;
    let count = usize::from(settings.clients);
    let joined = venue
        .join("sender", count, &quiet(), |done| {
            watcher.tell(&|| format!("{done} of {count} clients have joined"))
        })
        .await?;
    let clients: Vec<Client> = joined.into_iter().map(|(client, _)| client).collect();
    let users = clients
        .iter()
        .map(|client| client.whoami().user)
        .collect::<Vec<_>>();
    let count = settings.conversations;
    let groups = venue
        .groups(
            count,
            |_| users.clone(),
            |done| watcher.tell(&|| format!("{done} of {count} groups are made")),
        )
        .await?;
    let groups = groups
        .iter()
        .map(|&id| Group { id, receivers: 0 })
        .collect();
    Ok((venue, clients, groups))
}

fn report(
    settings: Settings,
    venue: &Venue,
    gauge: &Gauge,
    course: &Course,
) -> Report<Settings, Findings> {
    let found = gauge.read(|tally| Findings {
        accepted: Some(tally.accepted),
        accepted_per_s: Some(tally.accepted as f64 / course.seconds),
        latency_ms: tally.accept.percentiles(),
        latency_distribution: tally.accept.distribution(),
        ..Findings::of_course(course, venue, tally.accepted)
    });
    Report::new("send", venue.subject(), settings, course.interrupted, found)
}
