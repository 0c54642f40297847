//! The progress of a run: warm up, count and stop; and the counts over time.

use std::time::Duration;
use std::{fmt, mem};

use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::counters::Counts;
use super::results::{Rates, TrafficResults};
use super::sender::Senders;
use crate::args::whole;
use crate::error::{BenchError, Result};
use crate::latency::Latencies;
use crate::limits;
use crate::live::target::{Reading, Target};
use crate::results::grouped;

#[derive(Clone, Copy, Debug, Args, Serialize)]
pub(crate) struct Extent {
    /// Count this many messages
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = whole::<u64>(1..))]
    pub(crate) messages: Option<u64>,

    /// Count for this long [default: 5]
    #[arg(long, value_name = "S", value_parser = whole::<u32>(1..))]
    pub(crate) seconds: Option<u32>,
}

impl Extent {
    fn time(self) -> Option<Duration> {
        let default = self.messages.is_none().then_some(limits::SECONDS_DEFAULT);
        let seconds = self.seconds.or(default)?;
        Some(Duration::from_secs(seconds.into()))
    }
}

/// Warms the load up and counts; a count that has begun needs no warm-up. The load continues. An
/// error of any task ends the count.
pub(crate) async fn count(
    senders: &mut Senders,
    extent: Extent,
    target: &Target,
) -> Result<TrafficResults> {
    let (time, warm) = (extent.time(), Instant::now() + limits::WARM_UP);
    let (counters, watcher) = (&*senders.load.counters, &target.watcher);
    let is_fanout = senders.load.groups.iter().any(|group| group.receivers > 0);
    let mut began = match counters.read(Counts::is_counting) {
        true => Some((target.reading().await, target.cpu())),
        false => None,
    };
    let mut timeline = Timeline::new();
    loop {
        let left = counters.read(|counts| counts.left(time));
        if left.is_zero() || watcher.is_asked() {
            break;
        }
        tokio::select! {
            biased;
            () = watcher.asked() => {}
            () = counters.reached.notified() => {}
            Some(ended) = senders.tasks.join_next() => {
                ended??;
                return Err(BenchError::EndedEarly);
            }
            () = sleep(left.min(limits::TICK)) => {}
        }
        if began.is_none() && Instant::now() >= warm {
            began = Some((target.reading().await, target.cpu()));
            counters.begin();
        }
        let now = counters.read(|counts| Moment::from(counts));
        timeline.note(now);
        watcher.tell(|| match (&began, is_fanout) {
            (None, _) => "warming up".to_owned(),
            (Some(_), true) => now.to_string(),
            (Some(_), false) => format!("{} accepted", grouped(now.accepted as f64)),
        });
    }
    counters.pause();
    let (reading, cpu) = began.ok_or(BenchError::Interrupted)?;
    let cpu = target.cpu().since(cpu);
    let server_stats = Reading::between(reading, target.reading().await);
    Ok(counters.read(|counts| {
        let (end, none) = (Moment::from(counts), Latencies::default());
        let (latency, accept_latency) = match is_fanout {
            true => (&counts.delivery, &counts.accept),
            false => (&counts.accept, &none),
        };
        TrafficResults {
            seconds: Some(end.at.as_secs_f64()),
            accepted: Some(end.accepted),
            deliveries: is_fanout.then_some(end.delivered),
            latency: latency.clone(),
            accept_latency: accept_latency.clone(),
            timeline: Some(timeline.finish(end)),
            cpu,
            server_stats,
            ..TrafficResults::default()
        }
    }))
}

/// Sums at about equidistant times of a run.
pub(crate) struct Timeline {
    moments: Vec<Moment>,
    gap: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    /// Since the count began.
    pub(crate) at: Duration,
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
}

impl From<&Counts> for Moment {
    fn from(counts: &Counts) -> Self {
        Self {
            at: counts.elapsed(),
            accepted: counts.accept.count(),
            delivered: counts.delivery.count(),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [accepted, delivered] = [self.accepted, self.delivered].map(|sum| grouped(sum as f64));
        write!(f, "{accepted} accepted, {delivered} delivered")
    }
}

impl Timeline {
    pub(crate) const fn new() -> Self {
        Self {
            moments: Vec::new(),
            gap: limits::MOMENT_GAP,
        }
    }

    pub(crate) fn note(&mut self, now: Moment) {
        let last = self.moments.last().map_or(Duration::ZERO, |last| last.at);
        if now.at < last + self.gap {
            return;
        }
        self.moments.push(now);
        if self.moments.len() >= limits::MOMENTS_MAX {
            // Counts are cumulative, so removing a point merges two parts.
            let mut keep = true;
            self.moments.retain(|_| {
                keep = !keep;
                keep
            });
            self.gap *= 2;
        }
    }

    /// Returns the parts of the run. A short last part is merged with the one before it.
    pub(crate) fn finish(mut self, end: Moment) -> Vec<Rates> {
        let is_short = |last: &Moment| end.at < last.at + self.gap / 2;
        if self.moments.last().is_some_and(is_short) {
            self.moments.pop();
        }
        self.moments.push(end);
        let mut before = Moment::default();
        let rates = |&now: &Moment| {
            let then = mem::replace(&mut before, now);
            let seconds = (now.at - then.at).as_secs_f64();
            let rate = |count: u64| match seconds > 0.0 {
                true => (count as f64 / seconds).round(),
                false => 0.0,
            };
            Rates {
                s: now.at.as_millis() as f64 / 1_000.0,
                accepted_per_s: rate(now.accepted - then.accepted),
                deliveries_per_s: (end.delivered > 0).then(|| rate(now.delivered - then.delivered)),
            }
        };
        self.moments.iter().map(rates).collect()
    }
}
