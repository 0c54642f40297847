//! The numbers of a run, each with what it means.

use serde::Serialize;

use super::climb::Climb;
use super::measure::Course;
use super::plots;
use super::sequence::Anomalies;
use super::stall::StallFindings;
use super::timeline::Rates;
use super::venue::Venue;
use super::workings::Workings;
use crate::latency::{Distribution, Percentiles};
use crate::report::{Figure, Found, Plot, grouped};

/// The numbers of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// How long was counted.
    pub seconds: Option<f64>,
    pub accepted: Option<u64>,
    pub accepted_per_s: Option<f64>,
    pub deliveries: Option<u64>,
    pub deliveries_per_s: Option<f64>,
    /// Of sends: from the send to its acceptance. Of deliveries: from the send to its receipt.
    pub latency_ms: Option<Percentiles>,
    /// Of deliveries: from the send to its acceptance.
    pub accept_latency_ms: Option<Percentiles>,
    /// The same, whole.
    pub latency_distribution: Option<Distribution>,
    pub accept_latency_distribution: Option<Distribution>,
    pub timeline: Option<Vec<Rates>>,
    #[serde(flatten)]
    pub anomalies: Checked,
    #[serde(flatten)]
    pub stall: StallFindings,
    pub server_cpu_s_per_million: Option<f64>,
    pub clients_cpu_s_per_million: Option<f64>,
    pub server_mib: Option<f64>,
    #[serde(flatten)]
    pub workings: Workings,
    pub connections: Option<u64>,
    pub server_kib_per_connection: Option<f64>,
    pub handshakes_per_s: Option<f64>,
    pub idle_server_cpu_percent: Option<f64>,
    pub back_after_stop_s: Option<f64>,
    pub back_after_crash_s: Option<f64>,
    pub connections_lost: Option<u64>,
    /// How the connections came up: at first, and when the server was back.
    pub up_at_first: Option<Climb>,
    pub up_after_stop: Option<Climb>,
    pub up_after_crash: Option<Climb>,
}

/// What a check of every receiver found, if there was one.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Checked {
    missing: Option<u64>,
    duplicates: Option<u64>,
    out_of_order: Option<u64>,
}

impl From<Anomalies> for Checked {
    fn from(found: Anomalies) -> Self {
        Self {
            missing: Some(found.missing),
            duplicates: Some(found.duplicates),
            out_of_order: Some(found.out_of_order),
        }
    }
}

impl Checked {
    /// Of a run that was ended before everything could come, so that nothing of it is missing.
    pub fn unfinished(found: Anomalies) -> Self {
        Self {
            missing: None,
            ..found.into()
        }
    }

    /// Whether everything that was looked at came once and in order.
    pub fn is_sound(self) -> bool {
        let Self {
            missing,
            duplicates,
            out_of_order,
        } = self;
        [missing, duplicates, out_of_order]
            .into_iter()
            .flatten()
            .all(|count| count == 0)
    }

    pub fn figures(self) -> Vec<Figure> {
        let all = [
            (
                "missing",
                self.missing,
                "deliveries that never came, of all that were due",
            ),
            ("duplicates", self.duplicates, "deliveries that came again"),
            (
                "out of order",
                self.out_of_order,
                "deliveries that came behind later ones",
            ),
        ];
        all.into_iter()
            .filter_map(|(name, count, meaning)| {
                Some(Figure::new(name, grouped(count? as f64), meaning))
            })
            .collect()
    }
}

impl Findings {
    /// What every load has: how long it was counted, and what `messages`, or deliveries, have cost.
    pub fn of_course(course: &Course, venue: &Venue, messages: u64) -> Self {
        let per_million = |seconds: f64| seconds / (messages.max(1) as f64 / 1e6);
        Self {
            seconds: Some(course.seconds),
            timeline: Some(course.timeline.clone()),
            server_cpu_s_per_million: course.cpu.server.map(per_million),
            clients_cpu_s_per_million: course.cpu.clients.map(per_million),
            server_mib: venue.server_kib().map(|kib| kib as f64 / 1_024.0),
            workings: course.workings,
            ..Self::default()
        }
    }
}

impl Found for Findings {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        let rate = |rate: f64| format!("{} /s", grouped(rate));
        let count = |count: u64| grouped(count as f64);
        let is_fanout = self.deliveries.is_some();
        row(
            "deliveries",
            self.deliveries_per_s.map(rate),
            "messages that receivers got; one message to ten receivers is ten",
        );
        row(
            "accepted",
            self.accepted_per_s.map(rate),
            "messages that were stored durably, numbered and answered",
        );
        let latency = if is_fanout {
            "from the send to its receipt"
        } else {
            "from the send to its answer"
        };
        figures.extend(
            self.latency_ms
                .map(|taken| Figure::of_latency("latency", taken, latency)),
        );
        figures.extend(
            self.accept_latency_ms.map(|taken| {
                Figure::of_latency("acceptance", taken, "from the send to its answer")
            }),
        );
        figures.extend(self.anomalies.figures());
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        row(
            "connections",
            self.connections.map(count),
            "users who are logged in and do nothing",
        );
        row(
            "handshakes",
            self.handshakes_per_s.map(rate),
            "connections a second, from the first packet to the welcome",
        );
        row(
            "memory each",
            self.server_kib_per_connection
                .map(|kib| format!("{kib:.1} KiB")),
            "server memory for each connection",
        );
        row(
            "idle CPU",
            self.idle_server_cpu_percent
                .map(|cpu| format!("{cpu:.1} %")),
            "of one core, by the server, for all of them",
        );
        let seconds = |seconds: f64| format!("{seconds:.1} s");
        row(
            "back (stop)",
            self.back_after_stop_s.map(seconds),
            "from a restarted server's readiness until all are back",
        );
        row(
            "back (crash)",
            self.back_after_crash_s.map(seconds),
            "the same behind a kill -9, which tells nobody",
        );
        row(
            "lost",
            self.connections_lost.map(count),
            "connections that did not come back",
        );
        let cpu = |cpu: f64| format!("{cpu:.2} s");
        let per = if is_fanout {
            "processor time for a million deliveries"
        } else {
            "processor time for a million messages"
        };
        row("server CPU", self.server_cpu_s_per_million.map(cpu), per);
        row("clients CPU", self.clients_cpu_s_per_million.map(cpu), per);
        row(
            "server memory",
            self.server_mib.map(|mib| format!("{mib:.0} MiB")),
            "in use at the end",
        );
        figures.extend(self.workings.figures());
        figures.extend(self.stall.figures());
        figures
    }

    fn plots(&self) -> Vec<Plot> {
        let is_fanout = self.deliveries.is_some();
        let sent = if is_fanout {
            "sent to received"
        } else {
            "sent to accepted"
        };
        let latencies = [
            (sent, &self.latency_distribution),
            (
                "the same, while all read",
                &self.stall.calm_latency_distribution,
            ),
            ("sent to accepted", &self.accept_latency_distribution),
        ];
        let climbs = [
            ("at first", &self.up_at_first),
            ("after a stop", &self.up_after_stop),
            ("after a crash", &self.up_after_crash),
        ];
        let (latencies, climbs) = (measured(&latencies), measured(&climbs));
        let latency = (!latencies.is_empty()).then(|| plots::latency(&latencies));
        let throughput = self
            .timeline
            .as_ref()
            .map(|timeline| plots::throughput(timeline, is_fanout));
        let connections = (!climbs.is_empty()).then(|| plots::connections(&climbs));
        [latency, throughput, connections]
            .into_iter()
            .flatten()
            .collect()
    }

    fn seconds(&self) -> Option<f64> {
        self.seconds
    }

    /// Every receiver got every message once and in order, and every connection came back, as far as that was looked at.
    fn is_sound(&self) -> bool {
        self.anomalies.is_sound() && self.connections_lost.is_none_or(|lost| lost == 0)
    }
}

/// What there is, of what could have been measured.
fn measured<'a, T>(kinds: &[(&'static str, &'a Option<T>)]) -> Vec<(&'static str, &'a T)> {
    kinds
        .iter()
        .filter_map(|&(name, measured)| Some((name, measured.as_ref()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_sound_when_nothing_was_found_amiss() {
        let with = |anomalies: Anomalies| {
            Findings {
                anomalies: anomalies.into(),
                ..Findings::default()
            }
            .is_sound()
        };
        assert!(with(Anomalies::default()));
        assert!(!with(Anomalies {
            missing: 1,
            ..Anomalies::default()
        }));
        assert!(!with(Anomalies {
            duplicates: 1,
            ..Anomalies::default()
        }));
        assert!(!with(Anomalies {
            out_of_order: 1,
            ..Anomalies::default()
        }));
        assert!(
            !Findings {
                connections_lost: Some(1),
                ..Findings::default()
            }
            .is_sound()
        );
        assert!(Findings::default().is_sound());
    }

    #[test]
    fn people_get_what_was_measured_and_programs_every_field() {
        let latency = Percentiles {
            p50: 1.0,
            p90: 2.0,
            p99: 3.0,
            p999: 4.0,
            max: 5.0,
        };
        let found = Findings {
            accepted_per_s: Some(450_000.0),
            latency_ms: Some(latency),
            ..Findings::default()
        };
        let figures: Vec<_> = found
            .figures()
            .into_iter()
            .map(|figure| (figure.name, figure.value))
            .collect();
        assert_eq!(
            figures,
            [
                ("accepted", "450,000 /s".to_owned()),
                ("latency", latency.to_string())
            ]
        );
        let json = serde_json::to_value(found).unwrap();
        let fields = [
            "timeline",
            "latency_distribution",
            "deliveries_per_s",
            "missing",
            "server_kib_per_connection",
            "messages_per_commit",
        ];
        assert!(
            fields
                .iter()
                .all(|field| json[*field].is_null()
                    && json.as_object().unwrap().contains_key(*field)),
            "{json}"
        );
    }
}
