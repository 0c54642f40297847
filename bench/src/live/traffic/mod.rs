//! What runs share that send and receive: senders, receivers, what they count and its results.
//!
//! A run warms up, counts, stops and waits until everything outstanding is settled; nothing that
//! comes before or after the count is in the numbers.

pub(crate) mod counters;
pub(crate) mod cursor;
pub(crate) mod fill;
pub(crate) mod pace;
pub(crate) mod progress;
pub(crate) mod ramp;
pub(crate) mod receivers;
pub(crate) mod sender;
pub(crate) mod stamp;

use self::counters::Counts;
use self::cursor::Anomalies;
use self::progress::{Progress, Rates};
use self::ramp::points;
use super::fanout::stall::StallResults;
use super::target::{Cpu, ServerStats};
use crate::latency::{Distribution, Latencies, Percentiles};
use crate::results::{Results, Scale, Series, Unit, list};

/// The numbers of `send`, `fanout` and `idle`, which have the same JSON fields. What a run does not
/// measure is `null`.
#[derive(Debug, Default)]
pub(crate) struct TrafficResults {
    pub(crate) seconds: Option<f64>,
    pub(crate) accepted: Option<u64>,
    pub(crate) deliveries: Option<u64>,
    /// From the send to its receipt, where there are receivers, else to its acceptance.
    pub(crate) latency: Latency,
    pub(crate) accept_latency: Latency,
    pub(crate) timeline: Option<Vec<Rates>>,
    pub(crate) anomalies: Option<Anomalies>,
    pub(crate) stall: StallResults,
    pub(crate) cpu: Cpu,
    pub(crate) server_mib: Option<f64>,
    pub(crate) server_stats: ServerStats,
    pub(crate) connections: Option<u64>,
    pub(crate) server_kib_per_connection: Option<f64>,
    pub(crate) handshakes_per_s: Option<f64>,
    pub(crate) idle_server_cpu_percent: Option<f64>,
    pub(crate) connections_lost: Option<u64>,
    /// How the connections came up: at first, after a stop and after a crash of the server.
    pub(crate) ramps: [Option<Vec<(f64, usize)>>; 3],
    /// How long that took, after a stop and after a crash.
    pub(crate) back_s: [Option<f64>; 2],
}

impl TrafficResults {
    /// What every load has.
    pub(crate) fn of(progress: Progress, counts: &Counts, server_mib: Option<f64>) -> Self {
        Self {
            seconds: Some(progress.seconds),
            accepted: Some(counts.accepted),
            timeline: Some(progress.timeline),
            cpu: progress.cpu,
            server_mib,
            server_stats: progress.server_stats,
            ..Self::default()
        }
    }

    pub(crate) fn list(self) -> Results {
        let mut listed = Results::of(self.seconds);
        let results = &mut listed;
        let is_fanout = self.deliveries.is_some();
        self.list_traffic(results);
        self.list_connections(results);
        let (cost, sent) = match is_fanout {
            true => (
                "processor time for a million deliveries",
                "sent to received",
            ),
            false => ("processor time for a million messages", "sent to accepted"),
        };
        let count = self.deliveries.or(self.accepted).unwrap_or_default();
        self.cpu.list(count, results, cost);
        list! { results;
            "server_mib": self.server_mib, Unit::MIB, "server memory" => "in use at the end";
        }
        self.server_stats.list(results);
        let calm = self.stall.calm_latency.clone();
        self.stall.list(results);
        let whole = |latency: Latency| latency.map(|(_, whole)| whole);
        let (latency, accept) = (whole(self.latency), whole(self.accept_latency));
        results.json("latency_distribution", &latency);
        results.json("accept_latency_distribution", &accept);
        let calm = ("the same, while all read", whole(calm));
        let kinds = [(sent, latency), calm, ("sent to accepted", accept)];
        plot_latency(kinds, results);
        if let Some(timeline) = &self.timeline {
            plot_throughput(timeline, is_fanout, results);
        }
        results.json("timeline", self.timeline);
        list_ramps(self.ramps, results);
        listed
    }

    fn list_traffic(&self, results: &mut Results) {
        let rate = |count: Option<u64>| Some(count? as f64 / self.seconds?);
        let short = |latency: &Latency| latency.as_ref().map(|&(short, _)| short);
        let answered = "from the send to its answer";
        let latency = match self.deliveries {
            Some(_) => "from the send to its receipt",
            None => answered,
        };
        results.json("seconds", self.seconds);
        results.json("accepted", self.accepted);
        results.json("deliveries", self.deliveries);
        list! { results;
            "deliveries_per_s": rate(self.deliveries), Unit::PER_S, "deliveries" =>
                "messages that receivers got; one message to ten receivers is ten";
            "accepted_per_s": rate(self.accepted), Unit::PER_S,
                "accepted" => "messages that were stored durably, numbered and answered";
            "latency_ms": short(&self.latency), Unit::MILLIS, "latency" => latency;
            "accept_latency_ms": short(&self.accept_latency), Unit::MILLIS,
                "acceptance" => answered;
        }
        Anomalies::list(self.anomalies, true, results);
    }

    fn list_connections(&self, results: &mut Results) {
        let [stop, crash] = self.back_s;
        results.check(self.connections_lost.is_none_or(|lost| lost == 0));
        list! { results;
            "connections": self.connections, Unit::COUNT,
                "connections" => "users who are logged in and do nothing";
            "handshakes_per_s": self.handshakes_per_s, Unit::PER_S,
                "handshakes" => "connections a second, from the first packet to the welcome";
            "server_kib_per_connection": self.server_kib_per_connection, Unit::new(1, " KiB"),
                "memory each" => "server memory for each connection";
            "idle_server_cpu_percent": self.idle_server_cpu_percent, Unit::new(1, " %"),
                "idle CPU" => "of one core, by the server, for all of them";
            "back_after_stop_s": stop, Unit::new(1, " s"),
                "back (stop)" => "from a restarted server's readiness until all are back";
            "back_after_crash_s": crash, Unit::new(1, " s"),
                "back (crash)" => "the same after a kill -9, of which clients are not notified";
            "connections_lost": self.connections_lost, Unit::COUNT,
                "lost" => "connections that did not come back";
        }
    }
}

fn list_ramps(ramps: [Option<Vec<(f64, usize)>>; 3], results: &mut Results) {
    let fields = ["up_at_first", "up_after_stop", "up_after_crash"];
    let names = ["at first", "after a stop", "after a crash"];
    let mut series = Vec::new();
    for ((field, name), ramp) in fields.into_iter().zip(names).zip(ramps) {
        series.extend(ramp.as_deref().map(|ramp| Series::new(name, points(ramp))));
        results.json(field, ramp);
    }
    let meaning = "How many there are, from the first packet, \
                   or from when the server that was gone is ready again.";
    let [x, y] = ["seconds", "connections"].map(|label| Scale::Linear.axis(label));
    if !series.is_empty() {
        results.plot(("Connections up", meaning), x, y, series);
    }
}

/// `None` where nothing was recorded.
pub(crate) type Latency = Option<(Percentiles, Distribution)>;

pub(crate) fn taken(latencies: &Latencies) -> Latency {
    latencies.percentiles().zip(latencies.distribution())
}

/// Plots latencies, each kind a line: how many took how long.
pub(crate) fn plot_latency<const N: usize>(
    kinds: [(&str, Option<Distribution>); N],
    results: &mut Results,
) {
    let line = |(name, whole): (&str, Option<Distribution>)| Some(Series::new(name, whole?.0));
    let series: Vec<_> = kinds.into_iter().filter_map(line).collect();
    let meaning = "How long it took at most, for this share of all: at 99%, one of 100 took \
                   longer. Low and flat is good.";
    let x = Scale::Nines.axis("share that took at most this long");
    let y = Scale::Log.axis("milliseconds");
    if !series.is_empty() {
        results.plot(("Latency", meaning), x, y, series);
    }
}

/// Plots what was counted a second, over the time of the run.
pub(crate) fn plot_throughput(timeline: &[Rates], is_delivered: bool, results: &mut Results) {
    let (name, rate): (_, fn(&Rates) -> f64) = match is_delivered {
        true => ("deliveries a second", |rates| {
            rates.deliveries_per_s.unwrap_or_default()
        }),
        false => ("messages accepted a second", |rates| rates.accepted_per_s),
    };
    // A rate is that of the part before its moment, so that the first begins at 0.
    let first = timeline.first().map(|rates| (0.0, rate(rates)));
    let rest = timeline.iter().map(|rates| (rates.s, rate(rates)));
    let meaning = "How much was done a second, from the beginning of the count to its end. \
                   Flat is steady; a gap is a stall.";
    let x = Scale::Linear.axis("seconds since the count began");
    let series = vec![Series::new(name, first.into_iter().chain(rest).collect())];
    results.plot(("Throughput", meaning), x, Scale::Linear.axis(name), series);
}
