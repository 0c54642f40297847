//! What was counted over the time of a run.

use std::time::Duration;

use serde::Serialize;

use super::gauge::Tally;
use crate::limits;

/// What was counted, at moments of a run that lie about as far apart each.
#[derive(Debug)]
pub(super) struct Timeline {
    moments: Vec<Moment>,
    /// Moments closer than this are left out.
    gap: Duration,
}

/// What was counted up to a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment {
    /// Since the count began.
    pub at: Duration,
    pub accepted: u64,
    pub delivered: u64,
}

impl From<&Tally> for Moment {
    fn from(tally: &Tally) -> Self {
        Self {
            at: tally.elapsed(),
            accepted: tally.accepted,
            delivered: tally.delivered,
        }
    }
}

/// How much was counted a second, in one part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// When the part ended, in seconds since the count began. It began when the last one ended.
    pub s: f64,
    pub accepted_per_s: f64,
    /// `None` when nothing was delivered in the whole run: nobody listened.
    pub deliveries_per_s: Option<f64>,
}

impl Timeline {
    pub(super) const fn new() -> Self {
        Self {
            moments: Vec::new(),
            gap: limits::MOMENT_GAP,
        }
    }

    /// Notes what is counted by now.
    pub(super) fn note(&mut self, now: Moment) {
        let last = self.moments.last().map_or(Duration::ZERO, |last| last.at);
        if now.at < last + self.gap {
            return;
        }
        self.moments.push(now);
        if self.moments.len() >= limits::MOMENTS_MAX {
            // The counts are sums, so that two parts become one when the moment between them goes.
            let mut at = 0;
            self.moments.retain(|_| {
                at += 1;
                at % 2 == 0
            });
            self.gap *= 2;
        }
    }

    /// The parts of the run, up to `end`. A rest too short to tell much is a part of what was before it.
    pub(super) fn finish(mut self, end: Moment) -> Vec<Rates> {
        if self
            .moments
            .last()
            .is_some_and(|last| end.at < last.at + self.gap / 2)
        {
            self.moments.pop();
        }
        self.moments.push(end);
        let mut before = Moment::default();
        let parts = self
            .moments
            .iter()
            .map(|&now| now.rates_since(std::mem::replace(&mut before, now), end.delivered > 0));
        parts.collect()
    }
}

impl Moment {
    fn rates_since(self, before: Self, is_delivered: bool) -> Rates {
        let seconds = (self.at - before.at).as_secs_f64();
        let rate = |counted: u64| {
            if seconds > 0.0 {
                (counted as f64 / seconds).round()
            } else {
                0.0
            }
        };
        Rates {
            s: self.at.as_millis() as f64 / 1_000.0,
            accepted_per_s: rate(self.accepted - before.accepted),
            deliveries_per_s: is_delivered.then(|| rate(self.delivered - before.delivered)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn moment(millis: u64, accepted: u64) -> Moment {
        Moment {
            at: Duration::from_millis(millis),
            accepted,
            delivered: 2 * accepted,
        }
    }

    /// A run that accepts one message each millisecond.
    fn steady(millis: u64) -> Vec<Rates> {
        let mut timeline = Timeline::new();
        (0..millis).for_each(|at| timeline.note(moment(at, at)));
        timeline.finish(moment(millis, millis))
    }

    #[test]
    fn rates_are_those_of_each_part() {
        let mut timeline = Timeline::new();
        [moment(100, 200), moment(150, 900), moment(200, 1_200)]
            .into_iter()
            .for_each(|moment| timeline.note(moment));
        let part = |s, accepted_per_s| Rates {
            s,
            accepted_per_s,
            deliveries_per_s: Some(2.0 * accepted_per_s),
        };
        assert_eq!(
            timeline.finish(moment(220, 1_400)),
            [part(0.1, 2_000.0), part(0.22, 10_000.0)]
        );
    }

    #[test]
    fn nobody_who_listens_is_not_nothing_delivered() {
        let end = Moment {
            delivered: 0,
            ..moment(100, 100)
        };
        assert_eq!(
            Timeline::new().finish(end),
            [Rates {
                s: 0.1,
                accepted_per_s: 1_000.0,
                deliveries_per_s: None
            }]
        );
    }

    #[test]
    fn a_long_run_has_no_more_parts_than_fit_and_counts_everything() {
        for millis in [0, 1, 75, 1_000, 1_000_000] {
            let parts = steady(millis);
            assert!(
                (1..=limits::MOMENTS_MAX).contains(&parts.len()),
                "{millis}: {}",
                parts.len()
            );
            assert_eq!(parts.last().unwrap().s, millis as f64 / 1_000.0);
            assert!(
                millis == 0 || parts.iter().all(|part| part.accepted_per_s == 1_000.0),
                "{parts:?}"
            );
        }
    }
}
