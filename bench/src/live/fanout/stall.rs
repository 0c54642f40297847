//! Receivers that stop reading for a while: the cost for the server and other receivers, and how
//! they catch up.

use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use clap::Args;
use serde::Serialize;
use tokio::sync::watch;

use crate::args::whole;
use crate::error::{BenchError, Result};
use crate::latency::Latencies;
use crate::limits;
use crate::live::target::Target;
use crate::live::traffic::{Anomalies, Counters, Load, Receivers, Sent, StallResults, Window};
use crate::results::grouped;

#[derive(Clone, Copy, Debug, Default, Args, Serialize)]
pub(crate) struct Stall {
    /// Receivers that stop reading after a first count, and resume after a second one; only the
    /// others are counted
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=20_000))]
    pub(crate) stalled: Option<usize>,

    /// How long they stop, which is the time of the second count
    #[arg(long, value_name = "S", requires = "stalled",
        default_value_t = limits::STALL_SECONDS_DEFAULT,
        value_parser = whole::<u32>(1..))]
    pub(crate) stall_seconds: u32,
}

impl Stall {
    pub(crate) fn count(self, receivers: usize) -> Result<usize> {
        match self.stalled.unwrap_or_default() {
            0 => Ok(0),
            count if count < receivers => Ok(count),
            _ => Err(BenchError::Failed(format!(
                "all {receivers} receivers would stop reading, and none is left to see what that \
                 costs the others: give a smaller --stalled"
            ))),
        }
    }
}

pub(crate) struct Stalled {
    receivers: Receivers,
    is_paused: watch::Sender<bool>,
    found: StallResults,
}

impl Stalled {
    /// Starts the receivers, which read at first. The senders do not wait for them.
    pub(crate) fn start(clients: Vec<Client>, first_group: usize, load: &Load) -> Self {
        let (is_paused, paused) = watch::channel(false);
        let mut load = load.clone();
        load.counters = Arc::new(Counters::new(None));
        load.pace.window = Arc::new(Window::new(i64::MAX, 0));
        Self {
            receivers: Receivers::start(clients, first_group, &load, Some(&paused)),
            is_paused,
            found: StallResults::default(),
        }
    }

    /// Stops the reading during `work`, which measures the other receivers; `calm` is the result
    /// for those before.
    pub(crate) async fn pause_during<T>(
        &mut self,
        calm: Latencies,
        target: &Target,
        work: impl Future<Output = T>,
    ) -> T {
        self.found.calm_latency = calm;
        self.found.mib_before = target.server_mib();
        self.receivers.load.counters.begin();
        self.is_paused.send_replace(true);
        let (done, peak) = target.with_peak(work).await;
        self.found.mib_max = peak;
        done
    }

    /// Resumes reading until everything that was sent has arrived, nothing arrives any more, or the
    /// run is to end. Adds the check of what arrived.
    pub(crate) async fn catch_up(
        self,
        sent: &[Sent],
        target: &Target,
    ) -> Result<(StallResults, Anomalies)> {
        let (mut receivers, mut found) = (self.receivers, self.found);
        let Load { pace, counters, .. } = receivers.load.clone();
        let (began, window, watcher) = (Instant::now(), pace.window, &target.watcher);
        self.is_paused.send_replace(false);
        // Until now, the window has counted their deliveries down from zero.
        window.sent(i64::try_from(receivers.due(sent)).unwrap_or(i64::MAX));
        let behind = window.undelivered();
        let settling = receivers.settle(|left| {
            let left = grouped(left as f64);
            watcher.tell(|| format!("those who stopped are {left} deliveries behind"));
            !watcher.is_asked()
        });
        let (settled, peak) = target.with_peak(settling).await;
        settled?;
        counters.pause();
        let is_level = window.undelivered() <= 0;
        let is_known = is_level || !watcher.is_asked();
        let anomalies = is_known.then(|| receivers.check(sent));
        let anomalies = anomalies.unwrap_or_default();
        if found.calm_latency.count() > 0 {
            found.behind = u64::try_from(behind).ok();
            found.latency = counters.read(|counts| counts.delivery.clone());
            found.level_after_s = is_level.then(|| began.elapsed().as_secs_f64());
            found.missing = is_known.then_some(anomalies.missing);
            found.mib_max_while_catching_up = peak;
        }
        Ok((found, anomalies))
    }
}
