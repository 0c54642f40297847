//! Receivers that stop reading for a while: what it costs the others and the server, and how they get level again.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;
use tokio::sync::watch;

use super::audience::{Audience, Wait};
use super::gauge::{Gauge, Tally};
use super::measure::Extent;
use super::pace::Window;
use super::receiver::{Reading, Receiver};
use super::sender::{Load, Sent};
use super::sequence::Anomalies;
use super::venue::Venue;
use crate::error::BenchError;
use crate::latency::{Distribution, Percentiles};
use crate::limits;
use crate::report::{Figure, counted, grouped};
use crate::watcher::Watcher;

/// Who stops reading, and for how long.
#[derive(Clone, Copy, Debug, Args, Serialize)]
pub(super) struct Stall {
    /// Receivers that stop reading when the others were counted once, and read again when these were counted a second time; what is
    /// counted is the others' alone
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=20_000))]
    stalled: Option<usize>,

    /// How long they stop, and the second count takes
    #[arg(long, value_name = "S", requires = "stalled", default_value_t = limits::STALL_SECONDS_DEFAULT, value_parser = clap::value_parser!(u32).range(1..))]
    stall_seconds: u32,
}

impl Stall {
    /// How many of so many receivers stop.
    pub(super) fn count(self, receivers: usize) -> Result<usize, BenchError> {
        let count = self.stalled.unwrap_or_default();
        if count < receivers {
            Ok(count)
        } else {
            Err(BenchError::NobodyReads(receivers))
        }
    }

    /// How long to count while they do not read, if any stop.
    pub(super) fn extent(self) -> Option<Extent> {
        self.stalled.map(|_| Extent {
            messages: None,
            seconds: Some(self.stall_seconds),
        })
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            stalled,
            stall_seconds,
        } = self;
        stalled.map_or(Ok(()), |stalled| {
            write!(
                f,
                ", {} stopped reading for {stall_seconds} s",
                counted(stalled, "receiver")
            )
        })
    }
}

/// The numbers of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StallFindings {
    /// Of the others, while everybody read.
    calm_latency_ms: Option<Percentiles>,
    /// The same, whole.
    pub calm_latency_distribution: Option<Distribution>,
    /// How many times that one's p99 the others' p99 was while some did not read.
    p99_ratio: Option<f64>,
    /// Of those who stopped, from then until they were level: from the send to its receipt.
    stalled_latency_ms: Option<Percentiles>,
    /// Deliveries that they were behind when they read again.
    stalled_behind: Option<u64>,
    /// How long they took until they were level. `None` when they never were.
    stalled_level_after_s: Option<f64>,
    stalled_missing: Option<u64>,
    /// When they stopped.
    server_mib_before: Option<f64>,
    /// At most, while they did not read.
    server_mib_max: Option<f64>,
    /// At most, while they got level.
    server_mib_max_while_catching_up: Option<f64>,
}

impl StallFindings {
    /// The others' latency while some did not read, beside that of the calm before.
    pub fn compare(&mut self, latency: Option<Percentiles>) {
        let p99 = |latency: Option<Percentiles>| latency.map(|latency| latency.p99);
        self.p99_ratio = p99(latency)
            .zip(p99(self.calm_latency_ms))
            .filter(|&(_, calm)| calm > 0.0)
            .map(|(now, calm)| now / calm);
    }

    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let of_latency = |name, taken: Option<Percentiles>, meaning| {
            taken.map(|taken| Figure::of_latency(name, taken, meaning))
        };
        figures.extend(of_latency(
            "calm latency",
            self.calm_latency_ms,
            "of the same receivers, before some others stopped reading",
        ));
        figures.extend(of_latency(
            "stalled wait",
            self.stalled_latency_ms,
            "of those who stopped, until they were level",
        ));
        let mut row = |name, value: Option<String>, meaning| {
            figures.extend(value.map(|value| Figure::new(name, value, meaning)))
        };
        let count = |count: u64| grouped(count as f64);
        let mib = |mib: f64| format!("{mib:.0} MiB");
        row(
            "p99 ratio",
            self.p99_ratio.map(|ratio| format!("{ratio:.2}")),
            "how many times the calm p99 the p99 was while some did not read",
        );
        row(
            "left behind",
            self.stalled_behind.map(count),
            "deliveries that were due to those who stopped when they read again",
        );
        row(
            "level after",
            self.stalled_level_after_s
                .map(|seconds| format!("{seconds:.1} s")),
            "of reading again, all of them",
        );
        row(
            "never came",
            self.stalled_missing.map(count),
            "deliveries to them, of those that are missing",
        );
        row(
            "memory before",
            self.server_mib_before.map(mib),
            "the server's, when they stopped",
        );
        row(
            "memory most",
            self.server_mib_max.map(mib),
            "the server's, while they did not read",
        );
        row(
            "catching up",
            self.server_mib_max_while_catching_up.map(mib),
            "the server's memory at most, while they got level",
        );
        figures
    }
}

/// Those who stop reading.
pub(super) struct Slow {
    audience: Audience,
    gauge: Arc<Gauge>,
    reading: watch::Sender<Reading>,
    found: StallFindings,
}

impl Slow {
    /// They read, at first. The senders wait for none of them.
    pub(super) fn new(clients: Vec<Client>, first_group: usize, load: &Load) -> Self {
        let (gauge, window) = (
            Arc::new(Gauge::new(None)),
            Arc::new(Window::new(i64::MAX, Vec::new())),
        );
        let (reading, told) = watch::channel(Reading::On);
        let listen = |receiver: Receiver| receiver.run_with_stalls(told.clone());
        let audience = Audience::new(clients, first_group, load, (&gauge, &window), listen);
        Self {
            audience,
            gauge,
            reading,
            found: StallFindings::default(),
        }
    }

    /// They stop reading while `work` is done, which measures the others; `calm` is what was measured of these before.
    pub(super) async fn while_stalled<T>(
        &mut self,
        calm: &Tally,
        venue: &Venue,
        work: impl Future<Output = T>,
    ) -> T {
        self.found.calm_latency_ms = calm.delivery.percentiles();
        self.found.calm_latency_distribution = calm.delivery.distribution();
        self.found.server_mib_before = mib(venue.server_kib());
        self.gauge.begin();
        self.reading.send_replace(Reading::Stopped);
        let (done, most) = venue.with_peak(work).await;
        self.found.server_mib_max = mib(most);
        done
    }

    /// They read on, until they have got everything that each sender has sent, or nothing comes any more. Gives what was found, and what is
    /// amiss with what they got; not when somebody ends the run meanwhile.
    pub(super) async fn catch_up(
        mut self,
        sent: &[Sent],
        venue: &Venue,
        watcher: &mut Watcher,
    ) -> Result<(StallFindings, Anomalies), BenchError> {
        let began = Instant::now();
        self.reading.send_replace(Reading::On);
        // Up to now the window has counted down from zero what they have got.
        self.audience
            .window
            .sent(i64::try_from(self.audience.due(sent)).unwrap_or(i64::MAX));
        let stop = watcher.stop();
        let behind = self.audience.window.undelivered();
        let settling = self.audience.settle(|left| {
            watcher.tell(&|| {
                format!(
                    "those who stopped reading are {} deliveries behind",
                    grouped(left as f64)
                )
            });
            if stop.is_asked() {
                Wait::NoMore
            } else {
                Wait::On
            }
        });
        let (settled, most) = venue.with_peak(settling).await;
        settled?;
        self.gauge.rest();
        let is_level = self.audience.window.undelivered() <= 0;
        let is_known = is_level || !stop.is_asked();
        let anomalies = if is_known {
            self.audience.check(sent)
        } else {
            Anomalies::default()
        };
        if self.found.calm_latency_ms.is_some() {
            self.found.stalled_behind = u64::try_from(behind).ok();
            self.found.stalled_latency_ms = self.gauge.read(|tally| tally.delivery.percentiles());
            self.found.stalled_level_after_s = is_level.then(|| began.elapsed().as_secs_f64());
            self.found.stalled_missing = is_known.then_some(anomalies.missing);
            self.found.server_mib_max_while_catching_up = mib(most);
        }
        Ok((self.found, anomalies))
    }
}

fn mib(kib: Option<u64>) -> Option<f64> {
    kib.map(|kib| kib as f64 / 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latencies;
    use std::time::Duration;

    fn all_at(millis: u64) -> Option<Percentiles> {
        let mut latencies = Latencies::new();
        latencies.record(Duration::from_millis(millis));
        latencies.percentiles()
    }

    #[test]
    fn the_ratio_is_of_both_counts() {
        let mut found = StallFindings {
            calm_latency_ms: all_at(2),
            ..StallFindings::default()
        };
        found.compare(all_at(3));
        assert!(
            found
                .p99_ratio
                .is_some_and(|ratio| (ratio - 1.5).abs() < 0.01),
            "{found:?}"
        );
        let mut nobody_stopped = StallFindings::default();
        nobody_stopped.compare(all_at(3));
        assert_eq!(nobody_stopped.p99_ratio, None);
        assert!(nobody_stopped.figures().is_empty());
    }

    #[test]
    fn somebody_must_go_on_reading() {
        let stall = |stalled| Stall {
            stalled,
            stall_seconds: 60,
        };
        assert_eq!(stall(None).count(1).unwrap(), 0);
        assert_eq!(stall(Some(9)).count(10).unwrap(), 9);
        assert!(matches!(
            stall(Some(10)).count(10),
            Err(BenchError::NobodyReads(10))
        ));
    }
}
