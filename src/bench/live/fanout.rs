//! `fanout`: how many deliveries a second the server makes, how long each takes, and whether each is made once and in order.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use cairn_client::proto::ids::{MsgId, UserId};
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::{Client, Options};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::cursor::Cursor;
use super::findings::Findings;
use super::gauge::Gauge;
use super::measure::{Course, Extent, delivered, measure};
use super::pace::{Clock, Pace, Turns, Window};
use super::receiver::Receiver;
use super::send::body_bytes;
use super::sender::{Group, Load, Sent, settled};
use super::sequence::Anomalies;
use super::stamp::Texts;
use super::venue::{Place, Venue, quiet};
use crate::bench::error::BenchError;
use crate::bench::report::{Report, counted, grouped};
use crate::bench::watcher::Watcher;
use crate::bench::zipf::parse_skew;

/// The load of a run.
#[derive(Clone, Debug, Args, Serialize)]
pub(crate) struct Settings {
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
    extent: Extent,

    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl Settings {
    fn deliveries_on_their_way_max(&self) -> i64 {
        let most = if self.rate.is_some() { usize::MAX } else { self.inflight.saturating_mul(self.receivers) };
        i64::try_from(most).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receivers, senders, conversations, skew, body, inflight, rate, .. } = self;
        let (senders, receivers) = (counted((*senders).into(), "sender"), counted(*receivers, "receiver"));
        write!(f, "{senders}, {receivers}, {body}-byte bodies, {} (skew {skew}), ", counted(*conversations, "group"))?;
        match rate {
            Some(rate) => write!(f, "{} messages/s", grouped((*rate).into())),
            None => write!(f, "at most {inflight} on their way to the average receiver"),
        }
    }
}

/// Everybody who takes part.
struct Cast {
    venue: Venue,
    senders: Vec<Client>,
    receivers: Vec<Client>,
    groups: Arc<[Group]>,
}

/// The receivers at work.
struct Audience {
    /// What is on its way to them.
    window: Arc<Window>,
    /// Where each is.
    cursors: Vec<Arc<Mutex<Cursor>>>,
    listening: JoinSet<Result<(), BenchError>>,
}

/// Measures it.
///
/// # Errors
/// Says what the run came to nothing by. What was measured before it was interrupted is reported.
pub(crate) async fn run(settings: Settings, watcher: &mut Watcher) -> Result<Report<Settings, Findings>, BenchError> {
    let stop = watcher.stop();
    let Cast { mut venue, senders, receivers, groups } = stop.unless_asked(prepare(&settings, watcher)).await?;
    let (began, count) = (Instant::now(), senders.len());
    let wakes: Vec<Arc<Notify>> = senders.iter().map(|_| Arc::default()).collect();
    let window = Arc::new(Window::new(settings.deliveries_on_their_way_max(), wakes.clone()));
    let load = Load {
        groups,
        skew: settings.skew,
        seed: settings.place.seed,
        texts: Arc::new(Texts::new(settings.body, settings.place.seed)),
        gauge: Arc::new(Gauge::new(settings.extent.messages)),
        window: Some(Arc::clone(&window)),
    };
    let mut audience = Audience::new(receivers, &load, window);
    let pace = |sender| match settings.rate {
        None => Pace::Window(Arc::clone(&audience.window)),
        Some(rate) => Pace::Rate(Turns { began, rate: rate.into(), sender, senders: count }, SENDS_IN_FLIGHT_MAX),
    };
    let mut sending = load.start(senders, &wakes, pace);
    let clock = settings.rate.map(|rate| Clock::start(began, rate.into(), wakes.clone())).transpose().map_err(BenchError::Clock)?;
    let course = measure(&load.gauge, settings.extent, &venue, &mut sending, watcher, |tally| {
        format!("{} accepted, {} delivered", grouped(tally.accepted as f64), grouped(tally.delivered as f64))
    })
    .await?;
    drop(clock);
    wakes.iter().for_each(|wake| wake.notify_one());
    let sent = settled(sending).await.map_err(|error| venue.blame(error))?;
    delivered(&audience.window, &mut audience.listening).await?;
    Ok(report(settings, &venue, &load.gauge, &course, audience.check(&sent)))
}

async fn prepare(settings: &Settings, watcher: &mut Watcher) -> Result<Cast, BenchError> {
    let venue = Venue::open(&settings.place).await?;
    let mut join = async |role: &str, count: usize, options: &Options| -> Result<Vec<Client>, BenchError> {
        let joined = venue.join(role, count, options, |done| watcher.tell(&|| format!("{done} of {count} {role}s have joined"))).await?;
        Ok(joined.into_iter().map(|(client, _)| client).collect())
    };
    let senders = join("sender", settings.senders.into(), &quiet()).await?;
    let receivers = join("receiver", settings.receivers, &Options::default()).await?;
    let users = |clients: &[Client]| -> Vec<UserId> { clients.iter().map(|client| client.whoami().user).collect() };
    let (everywhere, listeners) = (users(&senders), users(&receivers));
    let count = settings.conversations;
    let here = |at: usize| listeners.iter().skip(at).step_by(count).copied();
    let members = |at: usize| everywhere.iter().copied().chain(here(at)).collect();
    let groups = venue.groups(count, members, |done| watcher.tell(&|| format!("{done} of {count} groups are made"))).await?;
    let group = |(at, &id)| Group { id, receivers: u32::try_from(here(at).count()).unwrap_or(u32::MAX) };
    let groups = groups.iter().enumerate().map(group).collect();
    Ok(Cast { venue, senders, receivers, groups })
}

impl Audience {
    /// The n-th receiver listens to the n-th group, round and round.
    fn new(receivers: Vec<Client>, load: &Load, window: Arc<Window>) -> Self {
        let cursors: Vec<_> = receivers.iter().map(|_| Arc::new(Mutex::new(Cursor::new(MsgId::new(1))))).collect();
        let receiver = |(client, (group, cursor)): (Client, (&Group, &Arc<Mutex<Cursor>>))| Receiver {
            client,
            group: group.id,
            texts: Arc::clone(&load.texts),
            gauge: Arc::clone(&load.gauge),
            window: Arc::clone(&window),
            cursor: Arc::clone(cursor),
        };
        let at = load.groups.iter().cycle().zip(&cursors);
        let listening = receivers.into_iter().zip(at).map(|each| receiver(each).run()).collect();
        Self { window, cursors, listening }
    }

    /// What is amiss with what was received, of what each sender has sent.
    fn check(&self, sent: &[Sent]) -> Anomalies {
        let mut found = Anomalies::default();
        for (at, cursor) in self.cursors.iter().enumerate() {
            let to_its_group = (0..).zip(sent.iter().map(|sent| sent.accepted[at % sent.accepted.len()]));
            found.add(cursor.lock().check(to_its_group));
        }
        found
    }
}

fn report(settings: Settings, venue: &Venue, gauge: &Gauge, course: &Course, anomalies: Anomalies) -> Report<Settings, Findings> {
    let found = gauge.read(|tally| Findings {
        accepted: Some(tally.accepted),
        accepted_per_s: Some(tally.accepted as f64 / course.seconds),
        deliveries: Some(tally.delivered),
        deliveries_per_s: Some(tally.delivered as f64 / course.seconds),
        latency_ms: tally.delivery.percentiles(),
        latency_distribution: tally.delivery.distribution(),
        accept_latency_ms: tally.accept.percentiles(),
        accept_latency_distribution: tally.accept.distribution(),
        anomalies: anomalies.into(),
        ..Findings::of_course(course, venue, tally.delivered)
    });
    Report::new("fanout", venue.subject(), settings, course.interrupted, found)
}
