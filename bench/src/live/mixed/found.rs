//! The numbers of the day, each with what it means.

use std::time::Instant;

use serde::Serialize;

use super::plan::Span;
use super::tally::{Counts, Tally};
use crate::latency::{Distribution, Percentiles};
use crate::live::findings::Checked;
use crate::live::plots;
use crate::live::timeline::Rates;
use crate::live::venue::Cpu;
use crate::live::workings::Workings;
use crate::report::{Figure, Found, Plot, Table, grouped};

/// The numbers of the day.
#[derive(Clone, Debug, Serialize)]
pub struct MixedFound {
    /// How long the day was.
    seconds: f64,
    #[serde(flatten)]
    whole: Told,
    #[serde(flatten)]
    checked: Checked,
    /// When all devices are connected and nobody says anything yet.
    server_mib_before: Option<f64>,
    server_mib_max: Option<f64>,
    #[serde(flatten)]
    workings: Workings,
    phases: Vec<ToldOfPhase>,
    latency_distribution: Option<Distribution>,
    accept_latency_distribution: Option<Distribution>,
    timeline: Vec<Rates>,
}

/// What is told of the day, and of each of its phases.
#[derive(Clone, Debug, Serialize)]
struct Told {
    sent: u64,
    accepted: u64,
    accepted_per_s: f64,
    deliveries: u64,
    deliveries_per_s: f64,
    /// Of the deliveries: those to devices that were away when the message was due.
    caught_up: u64,
    /// From when a message was due until a device had it that was connected all the while.
    latency_ms: Option<Percentiles>,
    /// From when a message was due until it was accepted.
    accept_latency_ms: Option<Percentiles>,
    reads: u64,
    reconnects: u64,
    reconnect_ms: Option<Percentiles>,
    pages: u64,
    page_ms: Option<Percentiles>,
    /// Of one core.
    server_cpu_percent: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
struct ToldOfPhase {
    name: String,
    seconds: f64,
    #[serde(flatten)]
    told: Told,
}

/// What was seen in the course of the day, beside what the devices have counted.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) server: ServerSeen,
    pub(super) workings: Workings,
    pub(super) timeline: Vec<Rates>,
}

/// What was seen of the server in the course of the day.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerSeen {
    /// At the first look.
    kib_before: Option<u64>,
    kib_most: Option<u64>,
    /// The processor time of each phase that has begun, in seconds, and how long it was played.
    phases: Vec<(Option<f64>, f64)>,
    last: Option<(Instant, Cpu)>,
}

impl ServerSeen {
    /// Whether nothing was seen of the day.
    pub(super) fn is_empty(&self) -> bool {
        self.phases.is_empty()
    }

    /// At a moment of a phase, and so at all since the last.
    pub(super) fn during(&mut self, phase: usize, now: Instant, cpu: Cpu, kib: Option<u64>) {
        self.kib_most = self.kib_most.max(kib);
        if self.phases.len() <= phase {
            self.phases.resize(phase + 1, (Some(0.0), 0.0));
        }
        match self.last.replace((now, cpu)) {
            None => self.kib_before = kib,
            Some((then, before)) => {
                let (used, seconds) = &mut self.phases[phase];
                *used = used
                    .zip(cpu.since(before).server)
                    .map(|(used, more)| used + more);
                *seconds += now.saturating_duration_since(then).as_secs_f64();
            }
        }
    }
}

impl Told {
    fn new(counts: &Counts, seconds: f64, server_cpu_s: Option<f64>) -> Self {
        let per_s = |count: u64| {
            if seconds > 0.0 {
                count as f64 / seconds
            } else {
                0.0
            }
        };
        let (accepted, deliveries) = (counts.accept.count(), counts.delivered);
        Self {
            sent: counts.sent,
            accepted,
            accepted_per_s: per_s(accepted),
            deliveries,
            deliveries_per_s: per_s(deliveries),
            caught_up: deliveries - counts.delivery.count(),
            latency_ms: counts.delivery.percentiles(),
            accept_latency_ms: counts.accept.percentiles(),
            reads: counts.reads,
            reconnects: counts.reconnect.count(),
            reconnect_ms: counts.reconnect.percentiles(),
            pages: counts.page.count(),
            page_ms: counts.page.percentiles(),
            server_cpu_percent: server_cpu_s
                .filter(|_| seconds > 0.0)
                .map(|used| 100.0 * used / seconds),
        }
    }
}

impl MixedFound {
    pub(super) fn new(tally: &Tally, course: Course, checked: Checked) -> Self {
        let mib = |kib: u64| kib as f64 / 1_024.0;
        let Course {
            server: seen,
            workings,
            timeline,
        } = course;
        let seconds = seen.phases.iter().map(|(_, seconds)| seconds).sum();
        let cpu = seen.phases.iter().map(|&(cpu, _)| cpu).sum();
        tally.read(|counts| {
            let mut whole = Counts::new();
            counts.iter().for_each(|counts| whole.add(counts));
            let phases = tally.spans().iter().zip(counts).zip(&seen.phases);
            let phase =
                |((span, counts), &(cpu, seconds)): ((&Span, &Counts), &(Option<f64>, f64))| {
                    ToldOfPhase {
                        name: span.name.clone(),
                        seconds,
                        told: Told::new(counts, seconds, cpu),
                    }
                };
            Self {
                seconds,
                whole: Told::new(&whole, seconds, cpu),
                checked,
                server_mib_before: seen.kib_before.map(mib),
                server_mib_max: seen.kib_most.map(mib),
                workings,
                phases: phases.map(phase).collect(),
                latency_distribution: whole.delivery.distribution(),
                accept_latency_distribution: whole.accept.distribution(),
                timeline,
            }
        })
    }
}

impl Found for MixedFound {
    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let (whole, count) = (&self.whole, |count: u64| grouped(count as f64));
        let latency = |name, taken: Option<Percentiles>, meaning| {
            taken.map(|taken| Figure::of_latency(name, taken, meaning))
        };
        let mib = |name, mib: Option<f64>, meaning| {
            mib.map(|mib| Figure::new(name, format!("{mib:.0} MiB"), meaning))
        };
        figures.push(Figure::new(
            "sent",
            count(whole.sent),
            "messages that people sent",
        ));
        figures.push(Figure::new(
            "accepted",
            count(whole.accepted),
            "of them, stored durably, numbered and answered",
        ));
        figures.push(Figure::new(
            "deliveries",
            count(whole.deliveries),
            "messages that devices got, the sender's own among them",
        ));
        figures.push(Figure::new(
            "caught up",
            count(whole.caught_up),
            "of them, to devices that had been away",
        ));
        figures.extend(latency(
            "acceptance",
            whole.accept_latency_ms,
            "from when a message was due until it was accepted",
        ));
        figures.extend(latency(
            "delivery",
            whole.latency_ms,
            "from when a message was due until a device had it that was connected",
        ));
        figures.push(Figure::new(
            "reads",
            count(whole.reads),
            "times that somebody has read what was new in a conversation",
        ));
        figures.push(Figure::new(
            "reconnects",
            count(whole.reconnects),
            "times that a device came back",
        ));
        figures.extend(latency(
            "coming back",
            whole.reconnect_ms,
            "from the first packet to the welcome",
        ));
        figures.push(Figure::new(
            "pages",
            count(whole.pages),
            "pages of history that were read",
        ));
        figures.extend(latency(
            "page",
            whole.page_ms,
            "from the request to the messages",
        ));
        figures.extend(self.checked.figures());
        let cpu = whole
            .server_cpu_percent
            .map(|percent| format!("{percent:.0} %"));
        figures.extend(cpu.map(|cpu| Figure::new("server CPU", cpu, "of one core, on average")));
        figures.extend(mib(
            "memory before",
            self.server_mib_before,
            "of the server, when all devices are connected and quiet",
        ));
        figures.extend(mib(
            "memory at most",
            self.server_mib_max,
            "in the course of the day",
        ));
        figures.extend(self.workings.figures());
        figures
    }

    fn plots(&self) -> Vec<Plot> {
        let kinds = [
            ("delivery", &self.latency_distribution),
            ("acceptance", &self.accept_latency_distribution),
        ];
        let kinds: Vec<_> = kinds
            .into_iter()
            .filter_map(|(name, distribution)| Some((name, distribution.as_ref()?)))
            .collect();
        vec![
            plots::latency(&kinds),
            plots::throughput(&self.timeline, true),
        ]
    }

    fn tables(&self) -> Vec<Table> {
        let columns = [
            "phase",
            "s",
            "accepted/s",
            "deliveries/s",
            "acceptance p50",
            "p99",
            "delivery p50",
            "p99",
            "reconnects",
            "server CPU",
        ];
        let row = |ToldOfPhase {
                       name,
                       seconds,
                       told,
                   }: &ToldOfPhase| {
            let millis = |latency: Option<Percentiles>, of: fn(Percentiles) -> f64| {
                latency.map_or_else(
                    || "-".to_owned(),
                    |latency| format!("{:.2} ms", of(latency)),
                )
            };
            let (accept, delivery) = (told.accept_latency_ms, told.latency_ms);
            vec![
                name.clone(),
                format!("{seconds:.1}"),
                grouped(told.accepted_per_s),
                grouped(told.deliveries_per_s),
                millis(accept, |latency| latency.p50),
                millis(accept, |latency| latency.p99),
                millis(delivery, |latency| latency.p50),
                millis(delivery, |latency| latency.p99),
                told.reconnects.to_string(),
                told.server_cpu_percent
                    .map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0} %")),
            ]
        };
        vec![Table {
            title: "The phases of the day".to_owned(),
            meaning: "A message belongs to the phase in which it was due, whenever it came."
                .to_owned(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: self.phases.iter().map(row).collect(),
        }]
    }

    fn seconds(&self) -> Option<f64> {
        Some(self.seconds)
    }

    fn is_sound(&self) -> bool {
        self.checked.is_sound()
    }
}
