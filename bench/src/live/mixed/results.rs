//! Counts of all devices by phase, and the results of the day.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::plan::Span;
use crate::latency::Latencies;
use crate::live::target::{Cpu, Reading, higher};
use crate::live::traffic::{Anomalies, Moment, Rates, list_distributions, list_timeline};
use crate::results::{Column, Results, Unit, list};

pub(crate) struct DayCounts {
    pub(super) began: Instant,
    pub(super) spans: Vec<Span>,
    counts: Mutex<Vec<Counts>>,
}

/// Counts of the actions that were due in a phase, whenever they were performed.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(super) accept: Latencies,
    pub(crate) delivered: u64,
    /// From the due time of a message to its arrival at a device that was connected all the time.
    pub(crate) delivery: Latencies,
    pub(super) reconnect: Latencies,
    pub(super) page: Latencies,
    pub(super) reads: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.reads += other.reads;
        self.accept.add(&other.accept);
        self.delivery.add(&other.delivery);
        self.reconnect.add(&other.reconnect);
        self.page.add(&other.page);
    }

    /// Lists the results of a phase of `seconds`, in which the server used this processor time.
    fn list(&self, seconds: f64, cpu_s: Option<f64>, results: &mut Results) {
        let per_s = |count: u64| match seconds > 0.0 {
            true => count as f64 / seconds,
            false => 0.0,
        };
        let (accepted, deliveries) = (self.accept.count(), self.delivered);
        let cpu_s = cpu_s.filter(|_| seconds > 0.0);
        let percent = cpu_s.map(|used| 100.0 * used / seconds);
        results.json("accepted_per_s", per_s(accepted));
        results.json("deliveries_per_s", per_s(deliveries));
        list! { results;
            "sent": self.sent, Unit::COUNT, "sent" => "messages that people sent";
            "accepted": accepted, Unit::COUNT,
                "accepted" => "of them, stored durably, numbered and answered";
            "deliveries": deliveries, Unit::COUNT,
                "deliveries" => "messages that devices got, the sender's own among them";
            "caught_up": deliveries - self.delivery.count(), Unit::COUNT,
                "caught up" => "of them, to devices that had been away";
            "accept_latency_ms": &self.accept, Unit::MILLIS,
                "acceptance" => "from when a message was due until it was accepted";
            "latency_ms": &self.delivery, Unit::MILLIS, "delivery" =>
                "from when a message was due until a device had it that was connected";
            "reads": self.reads, Unit::COUNT,
                "reads" => "times that a user has read what was new in a conversation";
            "reconnects": self.reconnect.count(), Unit::COUNT,
                "reconnects" => "times that a device came back";
            "reconnect_ms": &self.reconnect, Unit::MILLIS,
                "coming back" => "from the first packet to the welcome";
            "pages": self.page.count(), Unit::COUNT, "pages" => "pages of history that were read";
            "page_ms": &self.page, Unit::MILLIS,
                "page" => "from the request to the messages";
            "server_cpu_percent": percent, Unit::PERCENT,
                "server CPU" => "of one core, on average";
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct ServerUsage {
    mib_before: Option<f64>,
    mib_max: Option<f64>,
    /// By started phase, the server's processor time and the duration in seconds.
    pub(super) phases: Vec<(Option<f64>, f64)>,
    last: Option<(Instant, Cpu)>,
    pub(super) stats: Option<Reading>,
    pub(super) timeline: Vec<Rates>,
}

impl ServerUsage {
    pub(super) fn note(&mut self, phase: usize, now: Instant, cpu: Cpu, mib: Option<f64>) {
        self.mib_max = higher(self.mib_max, mib);
        if self.phases.len() <= phase {
            self.phases.resize(phase + 1, (Some(0.0), 0.0));
        }
        match self.last.replace((now, cpu)) {
            None => self.mib_before = mib,
            Some((then, before)) => {
                let (used, seconds) = &mut self.phases[phase];
                let more = cpu.since(before).server;
                *used = used.zip(more).map(|(used, more)| used + more);
                *seconds += now.saturating_duration_since(then).as_secs_f64();
            }
        }
    }
}

impl DayCounts {
    /// `spans` are the phases of the day, at least one.
    pub(crate) fn new(began: Instant, spans: Vec<Span>) -> Self {
        Self {
            began,
            counts: Mutex::new(spans.iter().map(|_| Counts::default()).collect()),
            spans,
        }
    }

    /// The phase of a due time. Times after the day belong to the last phase.
    pub(crate) fn phase_at(&self, at: Instant) -> usize {
        let since = at.saturating_duration_since(self.began);
        let ended = self.spans.partition_point(|span| span.ends <= since);
        ended.min(self.spans.len() - 1)
    }

    pub(crate) fn count(&self, due: Instant, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock()[self.phase_at(due)]);
    }

    /// Counts deliveries to a device that is connected since `connected`.
    pub(crate) fn delivered(&self, now: Instant, latencies: &[Duration], connected: Instant) {
        let mut counts = self.counts.lock();
        for &latency in latencies {
            let due = now.checked_sub(latency).unwrap_or(self.began);
            let counts = &mut counts[self.phase_at(due)];
            counts.delivered += 1;
            if due >= connected {
                counts.delivery.record(latency);
            }
        }
    }

    pub(super) fn end(&self) -> Instant {
        self.began + self.spans.last().map_or(Duration::ZERO, |span| span.ends)
    }

    pub(super) fn moment(&self, now: Instant) -> Moment {
        let counts = self.counts.lock();
        Moment {
            at: now.saturating_duration_since(self.began),
            accepted: counts.iter().map(|counts| counts.accept.count()).sum(),
            delivered: counts.iter().map(|counts| counts.delivered).sum(),
        }
    }

    #[cfg(test)]
    pub(crate) fn read<T>(&self, read: impl FnOnce(&[Counts]) -> T) -> T {
        read(&self.counts.lock())
    }

    pub(super) fn list(&self, usage: &ServerUsage, anomalies: Anomalies) -> Results {
        let seconds = usage.phases.iter().map(|(_, seconds)| seconds).sum();
        let cpu_s = usage.phases.iter().map(|&(cpu, _)| cpu).sum();
        let (counts, mut whole) = (self.counts.lock(), Counts::default());
        counts.iter().for_each(|counts| whole.add(counts));
        let mut listed = Results::default();
        let results = &mut listed;
        results.counted_s = Some(seconds);
        results.json("seconds", seconds);
        whole.list(seconds, cpu_s, results);
        Anomalies::list(Some(anomalies), true, results);
        list! { results;
            "server_mib_before": usage.mib_before, Unit::MIB, "memory before" =>
                "of the server, when all devices are connected and quiet";
            "server_mib_max": usage.mib_max, Unit::MIB,
                "memory at most" => "in the course of the day";
        }
        Reading::list(usage.stats.as_ref(), results);
        self.list_phases(&counts, usage, results);
        let kinds = [
            ("latency_distribution", "delivery", &whole.delivery),
            ("accept_latency_distribution", "acceptance", &whole.accept),
        ];
        list_distributions(&kinds, results);
        list_timeline(Some(&usage.timeline), true, results);
        listed
    }

    fn list_phases(&self, counts: &[Counts], usage: &ServerUsage, results: &mut Results) {
        let phases = self.spans.iter().zip(counts).zip(&usage.phases);
        let phases = phases.map(|((span, counts), &(cpu_s, seconds))| {
            let mut phase = Results::default();
            phase.json("name", &span.name);
            phase.json("seconds", seconds);
            counts.list(seconds, cpu_s, &mut phase);
            phase
        });
        let phases: Vec<Results> = phases.collect();
        let columns = [
            Column::new("phase", "/name", Unit::COUNT),
            Column::new("s", "/seconds", Unit::new(1, "")),
            Column::new("accepted/s", "/accepted_per_s", Unit::COUNT),
            Column::new("deliveries/s", "/deliveries_per_s", Unit::COUNT),
            Column::new("acceptance p50", "/accept_latency_ms/p50", Unit::MILLIS),
            Column::new("p99", "/accept_latency_ms/p99", Unit::MILLIS),
            Column::new("delivery p50", "/latency_ms/p50", Unit::MILLIS),
            Column::new("p99", "/latency_ms/p99", Unit::MILLIS),
            Column::new("reconnects", "/reconnects", Unit::COUNT),
            Column::new("server CPU", "/server_cpu_percent", Unit::PERCENT),
        ];
        let meaning = "A message belongs to the phase in which it was due, whenever it came.";
        let title = ("The phases of the day", meaning);
        results.table("phases", title, &columns, &phases);
    }
}
