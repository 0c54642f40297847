//! The progress of a run: warm up, count, stop; and what was counted over its time.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::counters::{Counters, Counts};
use crate::args::whole;
use crate::error::BenchError;
use crate::limits;
use crate::live::target::{Cpu, ServerStats, Target};
use crate::watcher::Watcher;

/// How long a run counts, after the warm-up.
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

/// What is known of a run beside what its clients counted.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) seconds: f64,
    pub(crate) cpu: Cpu,
    pub(crate) timeline: Vec<Rates>,
    pub(crate) server_stats: ServerStats,
    pub(crate) interrupted: bool,
}

/// Lets `load` warm up and counts; a count that has begun needs no warm-up. The load goes on. An
/// end of any part of it is an error.
pub(crate) async fn count<T: 'static>(
    counters: &Counters,
    extent: Extent,
    target: &Target,
    load: &mut JoinSet<Result<T, BenchError>>,
    watcher: &mut Watcher,
    text: impl Fn(&Counts) -> String,
) -> Result<Progress, BenchError> {
    let (time, warm) = (extent.time(), Instant::now() + limits::WARM_UP);
    let mut began = match counters.read(Counts::is_counting) {
        true => Some((target.reading().await, target.cpu())),
        false => None,
    };
    let (mut stop, mut timeline) = (watcher.stop(), Timeline::new());
    while !counters.read(|counts| counts.is_done(time)) && !stop.is_asked() {
        tokio::select! {
            biased;
            () = stop.asked() => {}
            () = counters.reached.notified() => {}
            Some(ended) = load.join_next() => {
                ended??;
                return Err(BenchError::EndedEarly);
            }
            () = sleep(counters.read(|counts| counts.left(time)).min(limits::TICK)) => {}
        }
        if began.is_none() && Instant::now() >= warm {
            began = Some((target.reading().await, target.cpu()));
            counters.begin();
        }
        counters.read(|counts| timeline.note(counts.into()));
        watcher.tell(&|| match began {
            None => "warming up".to_owned(),
            Some(_) => counters.read(&text),
        });
    }
    counters.pause();
    let (reading, cpu) = began.ok_or(BenchError::Interrupted)?;
    let cpu = target.cpu().since(cpu);
    let server_stats = ServerStats::between(reading.as_ref(), target.reading().await.as_ref());
    let end = counters.read(|counts| Moment::from(counts));
    Ok(Progress {
        seconds: end.at.as_secs_f64(),
        cpu,
        timeline: timeline.finish(end),
        server_stats,
        interrupted: stop.is_asked(),
    })
}

/// Sums at moments of a run that lie about as far apart each.
#[derive(Debug)]
pub(crate) struct Timeline {
    moments: Vec<Moment>,
    /// Moments closer than this are left out.
    gap: Duration,
}

/// What was counted up to a moment.
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
            accepted: counts.accepted,
            delivered: counts.delivered,
        }
    }
}

/// What was counted a second in one part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Rates {
    /// The end of the part, in seconds since the count began.
    pub(crate) s: f64,
    pub(crate) accepted_per_s: f64,
    /// `None` when nothing was delivered in the whole run: it has no receivers.
    pub(crate) deliveries_per_s: Option<f64>,
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
            // The counts are sums: two parts become one when the moment between them goes.
            let mut keep = true;
            self.moments.retain(|_| {
                keep = !keep;
                keep
            });
            self.gap *= 2;
        }
    }

    /// The parts of the run. A rest too short to say much belongs to the part before it.
    pub(crate) fn finish(mut self, end: Moment) -> Vec<Rates> {
        let is_short = |last: &Moment| end.at < last.at + self.gap / 2;
        if self.moments.last().is_some_and(is_short) {
            self.moments.pop();
        }
        self.moments.push(end);
        let mut before = Moment::default();
        let rates = |&now: &Moment| {
            let then = std::mem::replace(&mut before, now);
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
