//! Receivers that stop reading for a while: what it costs the others and the server, and how they
//! catch up again.

use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use clap::Args;
use serde::Serialize;
use tokio::sync::watch;

use crate::args::whole;
use crate::error::BenchError;
use crate::latency::Percentiles;
use crate::limits;
use crate::live::target::Target;
use crate::live::traffic::counters::{Counters, Counts};
use crate::live::traffic::cursor::Anomalies;
use crate::live::traffic::pace::Window;
use crate::live::traffic::progress::Extent;
use crate::live::traffic::receivers::Receivers;
use crate::live::traffic::sender::{Load, Sent};
use crate::live::traffic::{Latency, taken};
use crate::results::{Results, Unit, grouped, list};
use crate::watcher::Watcher;

/// How many stop reading, and for how long.
#[derive(Clone, Copy, Debug, Args, Serialize)]
pub(crate) struct Stall {
    /// Receivers that stop reading when the others were counted once, and read again when these
    /// were counted a second time; what is counted is the others' alone
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=20_000))]
    pub(crate) stalled: Option<usize>,

    /// How long they stop, and the second count takes
    #[arg(long, value_name = "S", requires = "stalled",
        default_value_t = limits::STALL_SECONDS_DEFAULT,
        value_parser = whole::<u32>(1..))]
    pub(crate) stall_seconds: u32,
}

impl Stall {
    /// How many of the receivers stop.
    pub(crate) fn count(self, receivers: usize) -> Result<usize, BenchError> {
        let count = self.stalled.unwrap_or_default();
        if count < receivers {
            Ok(count)
        } else {
            Err(BenchError::NoReaders(receivers))
        }
    }

    /// How long to count while they do not read, if any stop.
    pub(crate) fn extent(self) -> Option<Extent> {
        let seconds = Some(self.stall_seconds);
        self.stalled.map(|_| Extent {
            messages: None,
            seconds,
        })
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct StallResults {
    /// Of the others, while all read.
    pub(crate) calm_latency: Latency,
    /// Of the others, while some did not read, if any stopped.
    pub(crate) latency: Option<Percentiles>,
    /// Of those who stopped, from then until they caught up: from the send to its receipt.
    pub(crate) stalled_latency: Option<Percentiles>,
    /// Deliveries that were due to them when they read again.
    pub(crate) behind: Option<u64>,
    /// `None` when they never caught up.
    pub(crate) level_after_s: Option<f64>,
    pub(crate) missing: Option<u64>,
    pub(crate) mib_before: Option<f64>,
    pub(crate) mib_max: Option<f64>,
    pub(crate) mib_max_while_catching_up: Option<f64>,
}

impl StallResults {
    /// How many times the p99 of the calm the p99 was while some did not read.
    pub(crate) fn p99_ratio(&self) -> Option<f64> {
        let calm = self.calm_latency.as_ref()?.0.p99;
        let now = self.latency?.p99;
        (calm > 0.0).then(|| now / calm)
    }

    pub(crate) fn list(self, results: &mut Results) {
        let (ratio, calm) = (self.p99_ratio(), self.calm_latency);
        results.json(
            "calm_latency_distribution",
            calm.as_ref().map(|calm| &calm.1),
        );
        let (calm, seconds) = (calm.map(|calm| calm.0), Unit::new(1, " s"));
        list! { results;
            "calm_latency_ms": calm, Unit::MILLIS,
                "calm latency" => "of the same receivers, before some others stopped reading";
            "stalled_latency_ms": self.stalled_latency, Unit::MILLIS,
                "stalled wait" => "of those who stopped, until they were level";
            "p99_ratio": ratio, Unit::new(2, ""),
                "p99 ratio" => "how many times the calm p99 the p99 was while some did not read";
            "stalled_behind": self.behind, Unit::COUNT, "left behind" =>
                "deliveries that were due to those who stopped when they read again";
            "stalled_level_after_s": self.level_after_s, seconds,
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

/// Those who stop reading.
pub(crate) struct Stalled {
    receivers: Receivers,
    counters: Arc<Counters>,
    is_paused: watch::Sender<bool>,
    found: StallResults,
}

impl Stalled {
    /// They read, at first. The senders wait for none of them.
    pub(crate) fn start(clients: Vec<Client>, first_group: usize, load: &Load) -> Self {
        let (counters, window) = (Arc::new(Counters::new(None)), Arc::new(Window::open()));
        let (is_paused, paused) = watch::channel(false);
        let counted = (&counters, &window);
        let receivers = Receivers::start(clients, first_group, load, counted, Some(&paused));
        let found = StallResults::default();
        Self {
            receivers,
            counters,
            is_paused,
            found,
        }
    }

    /// They stop reading during `work`, which measures the others; `calm` is what was measured of
    /// these before.
    pub(crate) async fn pause_during<T>(
        &mut self,
        calm: &Counts,
        target: &Target,
        work: impl Future<Output = T>,
    ) -> T {
        self.found.calm_latency = taken(&calm.delivery);
        self.found.mib_before = target.server_mib();
        self.counters.begin();
        self.is_paused.send_replace(true);
        let (done, peak) = target.with_peak(work).await;
        self.found.mib_max = peak;
        done
    }

    /// They read on, until they have got everything that each sender has sent, or nothing comes any
    /// more, or the run is to end. Returns what is wrong with what they got, too.
    pub(crate) async fn catch_up(
        mut self,
        sent: &[Sent],
        target: &Target,
        watcher: &mut Watcher,
    ) -> Result<(StallResults, Anomalies), BenchError> {
        let began = Instant::now();
        self.is_paused.send_replace(false);
        // Up to now the window has counted down from zero what they have got.
        let due = i64::try_from(self.receivers.due(sent)).unwrap_or(i64::MAX);
        self.receivers.window.sent(due);
        let (stop, behind) = (watcher.stop(), self.receivers.window.undelivered());
        let settling = self.receivers.settle(|left| {
            let left = left as f64;
            watcher.tell(&|| format!("those who stopped are {} deliveries behind", grouped(left)));
            !stop.is_asked()
        });
        let (settled, peak) = target.with_peak(settling).await;
        settled?;
        self.counters.pause();
        let is_level = self.receivers.window.undelivered() <= 0;
        let is_known = is_level || !stop.is_asked();
        let anomalies = match is_known {
            true => self.receivers.check(sent),
            false => Anomalies::default(),
        };
        if self.found.calm_latency.is_some() {
            self.found.behind = u64::try_from(behind).ok();
            self.found.stalled_latency = self.counters.read(|counts| counts.delivery.percentiles());
            self.found.level_after_s = is_level.then(|| began.elapsed().as_secs_f64());
            self.found.missing = is_known.then_some(anomalies.missing);
            self.found.mib_max_while_catching_up = peak;
        }
        Ok((self.found, anomalies))
    }
}
