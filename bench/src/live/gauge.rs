//! What all clients of a run count together.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::latency::Latencies;

/// What all clients of a run count together. They report in parts, so that the lock costs little.
#[derive(Debug)]
pub(super) struct Gauge {
    tally: Mutex<Tally>,
    is_over: AtomicBool,
    /// The number of accepted messages that was asked for is reached.
    pub reached: Notify,
}

/// What was counted since the warm-up.
#[derive(Debug)]
pub(super) struct Tally {
    span: Span,
    goal: Option<u64>,
    pub accepted: u64,
    pub accept: Latencies,
    pub delivered: u64,
    pub delivery: Latencies,
}

#[derive(Clone, Copy, Debug)]
enum Span {
    WarmingUp,
    Since(Instant),
    Over(Duration),
}

impl Tally {
    /// How long has been measured.
    pub(super) fn elapsed(&self) -> Duration {
        match self.span {
            Span::WarmingUp => Duration::ZERO,
            Span::Since(start) => start.elapsed(),
            Span::Over(elapsed) => elapsed,
        }
    }

    /// Whether enough was counted: the goal, or for this long.
    pub(super) fn is_done(&self, time: Option<Duration>) -> bool {
        match self.span {
            Span::WarmingUp => false,
            Span::Since(start) => time.is_some_and(|time| start.elapsed() >= time),
            Span::Over(_) => true,
        }
    }

    /// How long of `time` is left to count, once the count has begun.
    pub(super) fn left(&self, time: Option<Duration>) -> Duration {
        match (self.span, time) {
            (Span::Since(start), Some(time)) => time.saturating_sub(start.elapsed()),
            _ => Duration::MAX,
        }
    }

    pub(super) const fn is_counting(&self) -> bool {
        matches!(self.span, Span::Since(_))
    }
}

impl Gauge {
    /// A gauge that counts until `goal` messages are accepted, if there is a goal.
    pub(super) fn new(goal: Option<u64>) -> Self {
        let tally = Tally {
            goal,
            ..Tally::new(Span::WarmingUp)
        };
        Self {
            tally: Mutex::new(tally),
            is_over: AtomicBool::new(false),
            reached: Notify::new(),
        }
    }

    /// From now on everything counts.
    pub(super) fn begin(&self) {
        let mut tally = self.tally.lock();
        if matches!(tally.span, Span::WarmingUp) {
            tally.span = Span::Since(Instant::now());
        }
    }

    /// Begins to count anew, without a goal. Gives what was counted before.
    pub(super) fn begin_anew(&self) -> Tally {
        mem::replace(
            &mut *self.tally.lock(),
            Tally::new(Span::Since(Instant::now())),
        )
    }

    /// From now on nothing counts, while the load goes on.
    pub(super) fn rest(&self) {
        self.tally.lock().end();
    }

    /// From now on nothing counts, and whoever makes the load stops.
    pub(super) fn end(&self) {
        self.rest();
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Messages were accepted, each after this long.
    pub(super) fn accepted(&self, latencies: &[Duration]) {
        let mut tally = self.tally.lock();
        if !tally.is_counting() {
            return;
        }
        tally.accepted += latencies.len() as u64;
        latencies
            .iter()
            .for_each(|&latency| tally.accept.record(latency));
        if tally.goal.is_some_and(|goal| tally.accepted >= goal) {
            tally.end();
            self.reached.notify_one();
        }
    }

    /// Messages were delivered, each after this long.
    pub(super) fn delivered(&self, latencies: &[Duration]) {
        let mut tally = self.tally.lock();
        if tally.is_counting() {
            tally.delivered += latencies.len() as u64;
            latencies
                .iter()
                .for_each(|&latency| tally.delivery.record(latency));
        }
    }

    /// Looks at what was counted.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Tally) -> T) -> T {
        look(&self.tally.lock())
    }
}

impl Tally {
    fn new(span: Span) -> Self {
        Self {
            span,
            goal: None,
            accepted: 0,
            accept: Latencies::new(),
            delivered: 0,
            delivery: Latencies::new(),
        }
    }

    fn end(&mut self) {
        self.span = Span::Over(self.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[Duration] = &[Duration::from_millis(1)];

    #[test]
    fn only_what_comes_between_begin_and_end_counts() {
        let gauge = Gauge::new(None);
        let counts = || gauge.read(|tally| (tally.accepted, tally.delivered));
        gauge.accepted(ONE);
        gauge.delivered(ONE);
        assert_eq!(counts(), (0, 0));
        gauge.begin();
        gauge.accepted(ONE);
        gauge.delivered(&[ONE[0]; 3]);
        assert_eq!(counts(), (1, 3));
        gauge.end();
        gauge.accepted(ONE);
        gauge.delivered(ONE);
        assert_eq!(counts(), (1, 3));
        assert!(gauge.is_over());
        let elapsed = gauge.read(Tally::elapsed);
        assert_eq!(gauge.read(Tally::elapsed), elapsed, "the time stands still");
    }

    #[test]
    fn a_count_can_begin_anew_while_the_load_goes_on() {
        let gauge = Gauge::new(Some(1));
        gauge.begin();
        gauge.accepted(ONE);
        gauge.rest();
        assert!(!gauge.is_over());
        let before = gauge.begin_anew();
        gauge.accepted(&[ONE[0]; 3]);
        assert_eq!(
            (before.accepted, gauge.read(|tally| tally.accepted)),
            (1, 3)
        );
    }

    #[tokio::test]
    async fn a_goal_ends_the_count_when_it_is_reached() {
        let gauge = Gauge::new(Some(2));
        gauge.begin();
        gauge.accepted(ONE);
        gauge.accepted(ONE);
        gauge.accepted(ONE);
        gauge.reached.notified().await;
        assert_eq!(gauge.read(|tally| tally.accepted), 2);
    }
}
