//! What a run found: one JSON object for programs, a table for people, each number with what it means.

use std::fmt;

use serde::Serialize;

use super::latency::Percentiles;
use super::measure::Course;
use super::sequence::Anomalies;
use super::system::Machine;
use super::venue::{Durability, Venue};

/// What a run found. What it did not measure is `null`.
#[derive(Debug, Serialize)]
pub(crate) struct Report<S> {
    pub(crate) benchmark: &'static str,
    pub(crate) version: &'static str,
    pub(crate) machine: Machine,
    /// Which server: its address, or one of the run's own.
    pub(crate) server: String,
    pub(crate) durability: Durability,
    pub(crate) settings: S,
    pub(crate) seed: u64,
    /// Somebody ended the run early: the numbers are of what was measured until then.
    pub(crate) interrupted: bool,
    #[serde(flatten)]
    pub(crate) found: Findings,
}

/// The numbers of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Findings {
    /// How long was counted.
    pub(crate) seconds: Option<f64>,
    pub(crate) accepted: Option<u64>,
    pub(crate) accepted_per_s: Option<f64>,
    pub(crate) deliveries: Option<u64>,
    pub(crate) deliveries_per_s: Option<f64>,
    /// Of sends: from the send to its acceptance. Of deliveries: from the send to its receipt.
    pub(crate) latency_ms: Option<Percentiles>,
    /// Of deliveries: from the send to its acceptance.
    pub(crate) accept_latency_ms: Option<Percentiles>,
    #[serde(flatten)]
    pub(crate) anomalies: Checked,
    pub(crate) server_cpu_s_per_million: Option<f64>,
    pub(crate) clients_cpu_s_per_million: Option<f64>,
    pub(crate) server_mib: Option<f64>,
    pub(crate) connections: Option<u64>,
    pub(crate) server_kib_per_connection: Option<f64>,
    pub(crate) handshakes_per_s: Option<f64>,
    pub(crate) idle_server_cpu_percent: Option<f64>,
    pub(crate) back_after_stop_s: Option<f64>,
    pub(crate) back_after_crash_s: Option<f64>,
    pub(crate) connections_lost: Option<u64>,
}

/// What a check of every receiver found, if there was one.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Checked {
    missing: Option<u64>,
    duplicates: Option<u64>,
    out_of_order: Option<u64>,
}

impl From<Anomalies> for Checked {
    fn from(found: Anomalies) -> Self {
        Self { missing: Some(found.missing), duplicates: Some(found.duplicates), out_of_order: Some(found.out_of_order) }
    }
}

impl<S> Report<S> {
    pub(crate) fn new(benchmark: &'static str, venue: &Venue, settings: S, interrupted: bool, found: Findings) -> Self {
        Self {
            benchmark,
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::this(),
            server: venue.server_text(),
            durability: venue.durability,
            settings,
            seed: venue.seed,
            interrupted,
            found,
        }
    }
}

impl Findings {
    /// What every load has: how long it was counted, and what `messages`, or deliveries, have cost.
    pub(crate) fn of_course(course: &Course, venue: &Venue, messages: u64) -> Self {
        let per_million = |seconds: f64| seconds / (messages.max(1) as f64 / 1e6);
        Self {
            seconds: Some(course.seconds),
            server_cpu_s_per_million: course.cpu.server.map(per_million),
            clients_cpu_s_per_million: course.cpu.clients.map(per_million),
            server_mib: venue.server_kib().map(|kib| kib as f64 / 1_024.0),
            ..Self::default()
        }
    }

    /// Whether every receiver got every message once and in order, and every connection came back, as far as that was looked at.
    pub(crate) fn is_sound(&self) -> bool {
        let Checked { missing, duplicates, out_of_order } = self.anomalies;
        [missing, duplicates, out_of_order, self.connections_lost].into_iter().flatten().all(|count| count == 0)
    }

    /// Name, value and meaning of everything that was measured.
    fn rows(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut rows = Vec::new();
        let mut row = |name, value: Option<String>, meaning| rows.extend(value.map(|value| (name, value, meaning)));
        let rate = |rate: f64| format!("{} /s", grouped(rate));
        let count = |count: u64| grouped(count as f64);
        let is_fanout = self.deliveries.is_some();
        let latency = |latency: Percentiles| latency.to_string();
        row("accepted", self.accepted_per_s.map(rate), "messages that were stored durably, numbered and answered");
        row("deliveries", self.deliveries_per_s.map(rate), "messages that receivers got; one message to ten receivers is ten");
        row(
            "latency",
            self.latency_ms.map(latency),
            if is_fanout { "from the send to its receipt" } else { "from the send to its answer" },
        );
        row("acceptance", self.accept_latency_ms.map(latency), "from the send to its answer");
        row("missing", self.anomalies.missing.map(count), "deliveries that never came, of all that were due");
        row("duplicates", self.anomalies.duplicates.map(count), "deliveries that came again");
        row("out of order", self.anomalies.out_of_order.map(count), "deliveries that came behind later ones");
        row("connections", self.connections.map(count), "users who are logged in and do nothing");
        row("handshakes", self.handshakes_per_s.map(rate), "connections a second, from the first packet to the welcome");
        row("memory each", self.server_kib_per_connection.map(|kib| format!("{kib:.1} KiB")), "server memory for each connection");
        row("idle CPU", self.idle_server_cpu_percent.map(|cpu| format!("{cpu:.1} %")), "of one core, by the server, for all of them");
        let seconds = |seconds: f64| format!("{seconds:.1} s");
        row("back (stop)", self.back_after_stop_s.map(seconds), "from a restarted server's readiness until all are back");
        row("back (crash)", self.back_after_crash_s.map(seconds), "the same behind a kill -9, which tells nobody");
        row("lost", self.connections_lost.map(count), "connections that did not come back");
        let cpu = |cpu: f64| format!("{cpu:.2} s");
        let per = if is_fanout { "processor time for a million deliveries" } else { "processor time for a million messages" };
        row("server CPU", self.server_cpu_s_per_million.map(cpu), per);
        row("clients CPU", self.clients_cpu_s_per_million.map(cpu), per);
        row("server memory", self.server_mib.map(|mib| format!("{mib:.0} MiB")), "in use at the end");
        rows
    }
}

impl<S: fmt::Display> fmt::Display for Report<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { benchmark, version, machine, server, durability, settings, seed, interrupted, found } = self;
        writeln!(f, "cairn bench {benchmark}: {settings}\n")?;
        let rows = found.rows();
        let wide = |value: &str| value.chars().count() > VALUE_WIDTH;
        for (name, value, meaning) in &rows {
            let indent = if wide(value) { format!("\n{:NAME_WIDTH$}  {:VALUE_WIDTH$}", "", "") } else { String::new() };
            writeln!(f, "  {name:NAME_WIDTH$}{value:<VALUE_WIDTH$}{indent}  {meaning}")?;
        }
        let durable = match durability {
            Durability::Fdatasync => "every accept is on disk (fdatasync)",
            Durability::None => "NOT durable: the data directory lies in memory",
        };
        let seconds = found.seconds.map_or(String::new(), |seconds| format!("counted for {seconds:.1} s; "));
        let ended = if *interrupted { "ended early; " } else { "" };
        writeln!(f, "\n  {ended}{seconds}{durable}")?;
        let (cpu, kernel) = (machine.cpu.as_deref().unwrap_or("CPU unknown"), machine.kernel.as_deref().unwrap_or("unknown"));
        let cores = machine.cores;
        write!(f, "  cairn {version}, {server}; measured from a machine of {cores} cores, {cpu}, kernel {kernel}; seed {seed}")
    }
}

const NAME_WIDTH: usize = 15;
const VALUE_WIDTH: usize = 14;

/// A number with a comma behind each three digits.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// So many of something: `1 client`, `1,000 clients`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(count as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(found: Findings) -> Report<&'static str> {
        let machine = Machine { cores: 2, cpu: Some("Abacus".to_owned()), kernel: None };
        let server = "a server of its own".to_owned();
        let durability = Durability::Fdatasync;
        Report { benchmark: "send", version: "1", machine, server, durability, settings: "few", seed: 1, interrupted: true, found }
    }

    #[test]
    fn numbers_are_readable() {
        let all = [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (123_456.0, "123,456"), (1_234_567.8, "1,234,568")];
        all.iter().for_each(|&(number, expected)| assert_eq!(grouped(number), expected));
        assert_eq!([1, 2_000].map(|count| counted(count, "group")), ["1 group", "2,000 groups"]);
    }

    #[test]
    fn programs_get_every_field_and_null_for_what_was_not_measured() {
        let found = Findings { accepted_per_s: Some(2.5), anomalies: Anomalies::default().into(), ..Findings::default() };
        let json = serde_json::to_value(report(found)).unwrap();
        assert_eq!(json["accepted_per_s"], 2.5);
        assert_eq!(json["missing"], 0);
        assert_eq!(json["durability"], "fdatasync");
        assert_eq!(json["machine"]["cores"], 2);
        let fields = ["deliveries_per_s", "latency_ms", "server_kib_per_connection", "handshakes_per_s", "machine", "version", "settings"];
        let object = json.as_object().unwrap();
        assert!(fields.iter().all(|field| object.contains_key(*field)), "{json}");
        assert!(json["latency_ms"].is_null());
    }

    #[test]
    fn people_get_a_table_of_what_was_measured() {
        let latency = Percentiles { p50: 1.0, p90: 2.0, p99: 3.0, p999: 4.0, max: 5.0 };
        let found = Findings { accepted_per_s: Some(450_000.0), latency_ms: Some(latency), ..Findings::default() };
        let text = report(found).to_string();
        assert!(text.contains("accepted       450,000 /s      messages that were stored durably"), "{text}");
        assert!(text.contains("p99 3.00  p99.9 4.00"), "{text}");
        assert!(text.contains("ended early; every accept is on disk"), "{text}");
        assert!(!text.contains("missing"), "{text}");
    }

    #[test]
    fn a_run_is_sound_when_nothing_was_found_amiss() {
        let with = |anomalies: Anomalies| Findings { anomalies: anomalies.into(), ..Findings::default() }.is_sound();
        assert!(with(Anomalies::default()));
        assert!(!with(Anomalies { missing: 1, ..Anomalies::default() }));
        assert!(!with(Anomalies { duplicates: 1, ..Anomalies::default() }));
        assert!(!with(Anomalies { out_of_order: 1, ..Anomalies::default() }));
        assert!(!Findings { connections_lost: Some(1), ..Findings::default() }.is_sound());
        assert!(Findings::default().is_sound());
    }
}
