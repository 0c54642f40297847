//! `fanout`: how many deliveries a second the server makes, how long each takes, and whether each is made once and in order.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use cairn_client::proto::ids::UserId;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::{Client, Options};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use tokio::sync::Notify;

use super::audience::{Audience, Wait};
use super::findings::Findings;
use super::gauge::{Gauge, Tally};
use super::measure::{Course, Extent, count};
use super::pace::{Clock, Pace, Turns, Window};
use super::receiver::Receiver;
use super::send::body_bytes;
use super::sender::{Group, Load, settled};
use super::sequence::Anomalies;
use super::stall::{Slow, Stall, StallFindings};
use super::stamp::Texts;
use super::venue::{Place, Venue, quiet};
use crate::error::BenchError;
use crate::report::{Report, counted, grouped};
use crate::watcher::Watcher;
use crate::zipf::parse_skew;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Clients that listen: each a user, a device and a connection of its own, in one group
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(1..=20_000))]
    receivers: usize,

    /// Clients that send, and do not listen
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    senders: u16,

    /// Groups that the receivers are spread over evenly; every sender is in all
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=20_000))]
    conversations: usize,

    /// How much busier some groups are than others: the n-th has a share of 1 / n^S; 0 makes all alike
    #[arg(long, value_name = "S", default_value_t = 0.0, value_parser = parse_skew)]
    skew: f64,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Messages on their way to the average receiver at most, when no rate is given
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    inflight: usize,

    /// Send at this rate, all senders together, and count each latency from when its send was due [default: as fast as receivers take
    /// the messages]
    #[arg(long, value_name = "PER-SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    stall: Stall,

    #[command(flatten)]
    #[serde(flatten)]
    extent: Extent,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl Settings {
    /// How many of the receivers never stop reading.
    fn readers(&self) -> Result<usize, BenchError> {
        Ok(self.receivers - self.stall.count(self.receivers)?)
    }

    fn deliveries_on_their_way_max(&self, readers: usize) -> i64 {
        let most = if self.rate.is_some() {
            usize::MAX
        } else {
            self.inflight.saturating_mul(readers)
        };
        i64::try_from(most).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            receivers,
            senders,
            conversations,
            skew,
            body,
            inflight,
            rate,
            stall,
            ..
        } = self;
        let (senders, receivers) = (
            counted((*senders).into(), "sender"),
            counted(*receivers, "receiver"),
        );
        write!(
            f,
            "{senders}, {receivers}, {body}-byte bodies, {} (skew {skew}), ",
            counted(*conversations, "group")
        )?;
        match rate {
            Some(rate) => write!(f, "{} messages/s", grouped((*rate).into()))?,
            None => write!(f, "at most {inflight} on their way to the average receiver")?,
        }
        stall.fmt(f)
    }
}

/// Everybody who takes part.
struct Cast {
    venue: Venue,
    senders: Vec<Client>,
    receivers: Vec<Client>,
    groups: Arc<[Group]>,
}

/// Measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub async fn run(
    settings: Settings,
    watcher: &mut Watcher,
) -> Result<Report<Settings, Findings>, BenchError> {
    let (stop, readers) = (watcher.stop(), settings.readers()?);
    let Cast {
        mut venue,
        senders,
        mut receivers,
        groups,
    } = stop
        .unless_asked(prepare(&settings, readers, watcher))
        .await?;
    let (began, senders_count) = (Instant::now(), senders.len());
    let wakes: Vec<Arc<Notify>> = senders.iter().map(|_| Arc::default()).collect();
    let window = Arc::new(Window::new(
        settings.deliveries_on_their_way_max(readers),
        wakes.clone(),
    ));
    let load = Load {
        groups,
        skew: settings.skew,
        seed: settings.place.seed,
        texts: Arc::new(Texts::new(settings.body, settings.place.seed)),
        gauge: Arc::new(Gauge::new(settings.extent.messages)),
        window: Some(Arc::clone(&window)),
    };
    let mut slow = Slow::new(receivers.split_off(readers), readers, &load);
    let mut audience = Audience::new(receivers, 0, &load, (&load.gauge, &window), Receiver::run);
    let pace = |sender| match settings.rate {
        None => Pace::Window(Arc::clone(&window)),
        Some(rate) => Pace::Rate(
            Turns {
                began,
                rate: rate.into(),
                sender,
                senders: senders_count,
            },
            SENDS_IN_FLIGHT_MAX,
        ),
    };
    let mut sending = load.start(senders, &wakes, pace);
    let clock = settings
        .rate
        .map(|rate| Clock::start(began, rate.into(), wakes.clone()))
        .transpose()
        .map_err(BenchError::Clock)?;
    let mut course = count(
        &load.gauge,
        settings.extent,
        &venue,
        &mut sending,
        watcher,
        progress,
    )
    .await?;
    if let (Some(extent), false) = (settings.stall.extent(), course.interrupted) {
        let calm = load.gauge.begin_anew();
        course = slow
            .while_stalled(
                &calm,
                &venue,
                count(&load.gauge, extent, &venue, &mut sending, watcher, progress),
            )
            .await?;
    }
    load.gauge.end();
    drop(clock);
    wakes.iter().for_each(|wake| wake.notify_one());
    let sent = settled(sending).await.map_err(|error| venue.blame(error))?;
    audience.settle(|_| Wait::On).await?;
    let mut anomalies = audience.check(&sent);
    let (stall, of_slow) = slow.catch_up(&sent, &venue, watcher).await?;
    anomalies.add(of_slow);
    Ok(report(
        settings,
        &venue,
        &load.gauge,
        &course,
        anomalies,
        stall,
    ))
}

fn progress(tally: &Tally) -> String {
    format!(
        "{} accepted, {} delivered",
        grouped(tally.accepted as f64),
        grouped(tally.delivered as f64)
    )
}

/// The first `readers` of the receivers are those that the senders wait for.
async fn prepare(
    settings: &Settings,
    readers: usize,
    watcher: &mut Watcher,
) -> Result<Cast, BenchError> {
    let venue = Venue::open(&settings.place).await?;
    let mut join =
        async |role: &str, count: usize, options: &Options| -> Result<Vec<Client>, BenchError> {
            let joined = venue
                .join(role, count, options, |done| {
                    watcher.tell(&|| format!("{done} of {count} {role}s have joined"))
                })
                .await?;
            Ok(joined.into_iter().map(|(client, _)| client).collect())
        };
    let senders = join("sender", settings.senders.into(), &quiet()).await?;
    let receivers = join("receiver", settings.receivers, &Options::default()).await?;
    let users = |clients: &[Client]| -> Vec<UserId> {
        clients.iter().map(|client| client.whoami().user).collect()
    };
    let (everywhere, listeners) = (users(&senders), users(&receivers));
    let count = settings.conversations;
    let here = |at: usize, listeners: &[UserId]| {
        listeners
            .iter()
            .skip(at)
            .step_by(count)
            .copied()
            .collect::<Vec<_>>()
    };
    let members = |at: usize| {
        everywhere
            .iter()
            .copied()
            .chain(here(at, &listeners))
            .collect()
    };
    let groups = venue
        .groups(count, members, |done| {
            watcher.tell(&|| format!("{done} of {count} groups are made"))
        })
        .await?;
    let group = |(at, &id)| Group {
        id,
        receivers: u32::try_from(here(at, &listeners[..readers]).len()).unwrap_or(u32::MAX),
    };
    let groups = groups.iter().enumerate().map(group).collect();
    Ok(Cast {
        venue,
        senders,
        receivers,
        groups,
    })
}

fn report(
    settings: Settings,
    venue: &Venue,
    gauge: &Gauge,
    course: &Course,
    anomalies: Anomalies,
    mut stall: StallFindings,
) -> Report<Settings, Findings> {
    let found = gauge.read(|tally| {
        let latency_ms = tally.delivery.percentiles();
        stall.compare(latency_ms);
        Findings {
            accepted: Some(tally.accepted),
            accepted_per_s: Some(tally.accepted as f64 / course.seconds),
            deliveries: Some(tally.delivered),
            deliveries_per_s: Some(tally.delivered as f64 / course.seconds),
            latency_ms,
            latency_distribution: tally.delivery.distribution(),
            accept_latency_ms: tally.accept.percentiles(),
            accept_latency_distribution: tally.accept.distribution(),
            anomalies: anomalies.into(),
            stall,
            ..Findings::of_course(course, venue, tally.delivered)
        }
    });
    Report::new(
        "fanout",
        venue.subject(),
        settings,
        course.interrupted,
        found,
    )
}
