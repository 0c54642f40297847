//! Counters of all clients of a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::latency::Latencies;

/// Clients report latencies in bulk, so that the lock is cheap.
#[derive(Default)]
pub(crate) struct Counters {
    counts: Mutex<Counts>,
    is_over: AtomicBool,
    pub(crate) reached: Notify,
}

#[derive(Default)]
pub(crate) struct Counts {
    span: Span,
    /// The count ends at this number of accepted messages.
    goal: Option<u64>,
    pub(crate) accept: Latencies,
    pub(crate) delivery: Latencies,
}

#[derive(Clone, Copy, Debug, Default)]
enum Span {
    #[default]
    WarmingUp,
    Since(Instant),
    Over(Duration),
}

impl Counts {
    pub(crate) fn elapsed(&self) -> Duration {
        match self.span {
            Span::WarmingUp => Duration::ZERO,
            Span::Since(start) => start.elapsed(),
            Span::Over(elapsed) => elapsed,
        }
    }

    /// The rest of `time` to count; zero once the goal is reached.
    pub(crate) fn left(&self, time: Option<Duration>) -> Duration {
        match (self.span, time) {
            (Span::Since(start), Some(time)) => time.saturating_sub(start.elapsed()),
            (Span::Over(_), _) => Duration::ZERO,
            _ => Duration::MAX,
        }
    }

    pub(crate) const fn is_counting(&self) -> bool {
        matches!(self.span, Span::Since(_))
    }

    fn end(&mut self) {
        self.span = Span::Over(self.elapsed());
    }
}

impl Counters {
    pub(crate) fn new(goal: Option<u64>) -> Self {
        let counters = Self::default();
        counters.counts.lock().goal = goal;
        counters
    }

    pub(crate) fn begin(&self) {
        self.counts.lock().span = Span::Since(Instant::now());
    }

    /// Starts a second count, without a goal.
    pub(crate) fn begin_again(&self) {
        *self.counts.lock() = Counts::default();
        self.begin();
    }

    /// Stops counting. The load continues.
    pub(crate) fn pause(&self) {
        self.counts.lock().end();
    }

    /// Stops counting and the load.
    pub(crate) fn end(&self) {
        self.pause();
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn accepted(&self, latencies: &[Duration]) {
        let mut counts = self.counts.lock();
        if !counts.is_counting() {
            return;
        }
        counts.accept.record_all(latencies);
        let accepted = counts.accept.count();
        if counts.goal.is_some_and(|goal| accepted >= goal) {
            counts.end();
            self.reached.notify_one();
        }
    }

    pub(crate) fn delivered(&self, latencies: &[Duration]) {
        let mut counts = self.counts.lock();
        if counts.is_counting() {
            counts.delivery.record_all(latencies);
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Counts) -> T) -> T {
        read(&self.counts.lock())
    }
}
