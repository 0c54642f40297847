//! The results of `send`, `fanout` and `idle`, which share their JSON fields.

use std::time::Duration;

use serde::Serialize;

use super::cursor::Anomalies;
use crate::latency::Latencies;
use crate::limits;
use crate::live::target::{Cpu, Reading};
use crate::results::{Results, Scale, Series, Unit, list};

/// What a run does not measure is `null`.
#[derive(Debug, Default)]
pub(crate) struct TrafficResults {
    pub(crate) seconds: Option<f64>,
    pub(crate) accepted: Option<u64>,
    pub(crate) deliveries: Option<u64>,
    /// From the send to its delivery, with receivers; otherwise to its acceptance.
    pub(crate) latency: Latencies,
    pub(crate) accept_latency: Latencies,
    pub(crate) timeline: Option<Vec<Rates>>,
    pub(crate) anomalies: Option<Anomalies>,
    pub(crate) stall: StallResults,
    pub(crate) cpu: Cpu,
    pub(crate) server_mib: Option<f64>,
    pub(crate) server_stats: Option<Reading>,
    pub(crate) connections: Option<usize>,
    pub(crate) server_kib_per_connection: Option<f64>,
    pub(crate) handshakes_per_s: Option<f64>,
    pub(crate) idle_server_cpu_percent: Option<f64>,
    pub(crate) connections_lost: Option<usize>,
    /// When connections were established: at first, after a stop and after a crash of the server.
    pub(crate) ramps: [Option<Vec<(f64, usize)>>; 3],
    /// The duration, after a stop and after a crash.
    pub(crate) back_s: [Option<f64>; 2],
}

/// Results for receivers that stop reading for a while, if there are any.
#[derive(Debug, Default)]
pub(crate) struct StallResults {
    /// Latency of the other receivers, while all read.
    pub(crate) calm_latency: Latencies,
    /// Latency of the stalled receivers, from the send to its delivery, until they caught up.
    pub(crate) latency: Latencies,
    pub(crate) behind: Option<u64>,
    /// `None` when they did not catch up.
    pub(crate) level_after_s: Option<f64>,
    pub(crate) missing: Option<u64>,
    pub(crate) mib_before: Option<f64>,
    pub(crate) mib_max: Option<f64>,
    pub(crate) mib_max_while_catching_up: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Rates {
    /// The end of the part, in seconds since the count began.
    pub(crate) s: f64,
    pub(crate) accepted_per_s: f64,
    /// `None` when the run has no receivers.
    pub(crate) deliveries_per_s: Option<f64>,
}

impl TrafficResults {
    pub(crate) fn list(self) -> Results {
        let mut listed = Results::default();
        let results = &mut listed;
        results.counted_s = self.seconds;
        let either = |delivered, accepted| match self.deliveries {
            Some(_) => delivered,
            None => accepted,
        };
        let answered = "from the send to its answer";
        let latency = either("from the send to its receipt", answered);
        let sent = either("sent to received", "sent to accepted");
        let cost = "processor time for a million messages";
        let cost = either("processor time for a million deliveries", cost);
        let rate = |count: Option<u64>| Some(count? as f64 / self.seconds?);
        results.json("seconds", self.seconds);
        results.json("accepted", self.accepted);
        results.json("deliveries", self.deliveries);
        list! { results;
            "deliveries_per_s": rate(self.deliveries), Unit::PER_S, "deliveries" =>
                "messages that receivers got; one message to ten receivers is ten";
            "accepted_per_s": rate(self.accepted), Unit::PER_S,
                "accepted" => "messages that were stored durably, numbered and answered";
            "latency_ms": &self.latency, Unit::MILLIS, "latency" => latency;
            "accept_latency_ms": &self.accept_latency, Unit::MILLIS, "acceptance" => answered;
        }
        Anomalies::list(self.anomalies, true, results);
        results.check(self.connections_lost.is_none_or(|lost| lost == 0));
        let [stop, crash] = self.back_s;
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
        let count = self.deliveries.or(self.accepted).unwrap_or_default();
        self.cpu.list(count, results, cost);
        let (mib, meaning) = (self.server_mib, "in use at the end");
        results.figure("server_mib", mib, Unit::MIB, "server memory", meaning);
        Reading::list(self.server_stats.as_ref(), results);
        self.stall.list(&self.latency, results);
        let (calm, accept) = (&self.stall.calm_latency, &self.accept_latency);
        let before = "the same, while all read";
        let kinds = [
            ("latency_distribution", sent, &self.latency),
            ("calm_latency_distribution", before, calm),
            ("accept_latency_distribution", "sent to accepted", accept),
        ];
        list_distributions(&kinds, results);
        list_timeline(self.timeline.as_deref(), self.deliveries.is_some(), results);
        list_ramps(self.ramps, results);
        listed
    }
}

impl StallResults {
    pub(crate) fn p99_ratio(&self, latency: &Latencies) -> Option<f64> {
        let calm = self.calm_latency.percentiles()?.p99;
        let now = latency.percentiles()?.p99;
        (calm > 0.0).then(|| now / calm)
    }

    /// `latency` is that of the other receivers during the stall.
    pub(crate) fn list(&self, latency: &Latencies, results: &mut Results) {
        list! { results;
            "calm_latency_ms": &self.calm_latency, Unit::MILLIS,
                "calm latency" => "of the same receivers, before some others stopped reading";
            "stalled_latency_ms": &self.latency, Unit::MILLIS,
                "stalled wait" => "of those who stopped, until they were level";
            "p99_ratio": self.p99_ratio(latency), Unit::new(2, ""),
                "p99 ratio" => "how many times the calm p99 the p99 was while some did not read";
            "stalled_behind": self.behind, Unit::COUNT, "left behind" =>
                "deliveries that were due to those who stopped when they read again";
            "stalled_level_after_s": self.level_after_s, Unit::new(1, " s"),
                "level after" => "of reading again, all of them";
            "stalled_missing": self.missing, Unit::COUNT,
                "never came" => "deliveries to them, of those that are missing";
            "server_mib_before": self.mib_before, Unit::MIB,
                "memory before" => "the server's, when they stopped";
            "server_mib_max": self.mib_max, Unit::MIB,
                "memory most" => "the server's, while they did not read";
            "server_mib_max_while_catching_up": self.mib_max_while_catching_up, Unit::MIB,
                "catching up" => "the server's memory at most, while they got level";
        }
    }
}

/// Points of a growing count, as seconds and count. `times` are ascending, one per increment. At
/// most [`limits::MOMENTS_MAX`] points are kept.
pub(crate) fn ramp(times: &[Duration]) -> Vec<(f64, usize)> {
    let every = times.len().div_ceil(limits::MOMENTS_MAX - 1).max(1);
    let is_kept = |&(count, _): &(usize, _)| count % every == 0 || count == times.len();
    let steps = (1..).zip(times).filter(is_kept);
    let steps = steps.map(|(count, after)| (after.as_millis() as f64 / 1_000.0, count));
    [(0.0, 0)].into_iter().chain(steps).collect()
}

pub(crate) fn points(ramp: &[(f64, usize)]) -> Vec<(f64, f64)> {
    ramp.iter().map(|&(s, count)| (s, count as f64)).collect()
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

/// Lists distributions, each as a JSON field and a line of a plot.
pub(crate) fn list_distributions(
    kinds: &[(&'static str, &str, &Latencies)],
    results: &mut Results,
) {
    let mut series = Vec::new();
    for (field, name, latencies) in kinds {
        let whole = latencies.distribution();
        results.json(field, &whole);
        series.extend(whole.map(|whole| Series::new(name, whole)));
    }
    let meaning = "How long it took at most, for this share of all: at 99%, one of 100 took \
                   longer. Low and flat is good.";
    let x = Scale::Nines.axis("share that took at most this long");
    let y = Scale::Log.axis("milliseconds");
    if !series.is_empty() {
        results.plot(("Latency", meaning), x, y, series);
    }
}

pub(crate) fn list_timeline(timeline: Option<&[Rates]>, is_delivered: bool, results: &mut Results) {
    results.json("timeline", timeline);
    let Some(timeline) = timeline else {
        return;
    };
    let (name, rate): (_, fn(&Rates) -> f64) = match is_delivered {
        true => ("deliveries a second", |rates| {
            rates.deliveries_per_s.unwrap_or_default()
        }),
        false => ("messages accepted a second", |rates| rates.accepted_per_s),
    };
    // The rate of a part belongs to the time before its point, so the first one begins at 0.
    let first = timeline.first().map(|rates| (0.0, rate(rates)));
    let rest = timeline.iter().map(|rates| (rates.s, rate(rates)));
    let meaning = "How much was done a second, from the beginning of the count to its end. \
                   Flat is steady; a gap is a stall.";
    let x = Scale::Linear.axis("seconds since the count began");
    let series = vec![Series::new(name, first.into_iter().chain(rest).collect())];
    results.plot(("Throughput", meaning), x, Scale::Linear.axis(name), series);
}
