//! What all clients of a run count together.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::latency::Latencies;

/// Clients report many latencies at once, so that the lock costs little.
#[derive(Debug)]
pub(crate) struct Counters {
    counts: Mutex<Counts>,
    is_over: AtomicBool,
    /// Notified when the goal is reached.
    pub(crate) reached: Notify,
}

/// What was counted since the warm-up.
#[derive(Debug)]
pub(crate) struct Counts {
    span: Span,
    /// The number of accepted messages at which the count ends.
    goal: Option<u64>,
    pub(crate) accepted: u64,
    pub(crate) accept: Latencies,
    pub(crate) delivered: u64,
    pub(crate) delivery: Latencies,
}

#[derive(Clone, Copy, Debug)]
enum Span {
    WarmingUp,
    Since(Instant),
    Over(Duration),
}

impl Counts {
    fn new(span: Span, goal: Option<u64>) -> Self {
        Self {
            span,
            goal,
            accepted: 0,
            accept: Latencies::new(),
            delivered: 0,
            delivery: Latencies::new(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match self.span {
            Span::WarmingUp => Duration::ZERO,
            Span::Since(start) => start.elapsed(),
            Span::Over(elapsed) => elapsed,
        }
    }

    /// Whether the goal is reached, or `time` is over.
    pub(crate) fn is_done(&self, time: Option<Duration>) -> bool {
        match self.span {
            Span::WarmingUp => false,
            Span::Since(start) => time.is_some_and(|time| start.elapsed() >= time),
            Span::Over(_) => true,
        }
    }

    /// How long of `time` is left to count, once the count has begun.
    pub(crate) fn left(&self, time: Option<Duration>) -> Duration {
        match (self.span, time) {
            (Span::Since(start), Some(time)) => time.saturating_sub(start.elapsed()),
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
        Self {
            counts: Mutex::new(Counts::new(Span::WarmingUp, goal)),
            is_over: AtomicBool::new(false),
            reached: Notify::new(),
        }
    }

    /// Ends the warm-up.
    pub(crate) fn begin(&self) {
        let mut counts = self.counts.lock();
        if matches!(counts.span, Span::WarmingUp) {
            counts.span = Span::Since(Instant::now());
        }
    }

    /// Starts a second count, without a goal; returns the first.
    pub(crate) fn begin_again(&self) -> Counts {
        let fresh = Counts::new(Span::Since(Instant::now()), None);
        mem::replace(&mut *self.counts.lock(), fresh)
    }

    /// Stops counting, while the load goes on.
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

    /// Counts accepted messages by their latencies.
    pub(crate) fn accepted(&self, latencies: &[Duration]) {
        let mut counts = self.counts.lock();
        if !counts.is_counting() {
            return;
        }
        counts.accepted += latencies.len() as u64;
        counts.accept.record_all(latencies);
        if counts.goal.is_some_and(|goal| counts.accepted >= goal) {
            counts.end();
            self.reached.notify_one();
        }
    }

    /// Counts delivered messages by their latencies.
    pub(crate) fn delivered(&self, latencies: &[Duration]) {
        let mut counts = self.counts.lock();
        if counts.is_counting() {
            counts.delivered += latencies.len() as u64;
            counts.delivery.record_all(latencies);
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Counts) -> T) -> T {
        read(&self.counts.lock())
    }
}
