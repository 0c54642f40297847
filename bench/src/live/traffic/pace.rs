//! When a sender may send its next message, and what wakes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::error::{BenchError, Result};

#[derive(Clone)]
pub(crate) struct Pace {
    /// The most unanswered sends of each sender.
    pub(crate) in_flight: usize,
    /// The due times of the messages, at a fixed rate. A message that has to wait is sent late, and
    /// its latency counts from the due time.
    pub(crate) turns: Option<Turns>,
    /// Closed while too many deliveries are outstanding.
    pub(crate) window: Arc<Window>,
}

impl Pace {
    /// The due time of a sender's next message, if that is not after `now`.
    pub(crate) fn next(
        &self,
        now: Instant,
        unanswered: usize,
        sender: u16,
        sent: u64,
    ) -> Option<Instant> {
        let due = self.turns.map_or(now, |turns| turns.at(sender, sent));
        let is_open = self.window.is_open.load(Ordering::Relaxed);
        (unanswered < self.in_flight && due <= now && is_open).then_some(due)
    }
}

/// One per sender.
pub(crate) type Wakes = Arc<[Arc<Notify>]>;

/// A fixed rate, shared among senders in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns {
    began: Instant,
    rate: f64,
    senders: usize,
}

impl Turns {
    /// `rate` messages per second, over all senders.
    pub(crate) fn begin(rate: u32, senders: usize) -> Self {
        Self {
            began: Instant::now(),
            rate: rate.into(),
            senders,
        }
    }

    /// The due time of a sender's message after `sent` others of its own.
    pub(crate) fn at(&self, sender: u16, sent: u64) -> Instant {
        let of_all = sent as f64 * self.senders as f64 + f64::from(sender);
        self.began + Duration::from_secs_f64(of_all / self.rate)
    }

    /// The due times of all senders, ascending.
    pub(crate) fn all(self) -> impl Iterator<Item = (Instant, usize)> {
        let due = move |n: u64| self.began + Duration::from_secs_f64(n as f64 / self.rate);
        (0..).map(move |n| (due(n), n as usize % self.senders))
    }
}

/// A thread that wakes senders in turn, because the runtime's timers have a granularity of a
/// millisecond, which is longer than the measured times. Ends when the clock is dropped.
pub(crate) struct Clock {
    _running: mpsc::Sender<()>,
}

impl Clock {
    /// Wakes, at each of the ascending times, the sender with this index.
    pub(crate) fn start(
        wakes: Wakes,
        turns: impl Iterator<Item = (Instant, usize)> + Send + 'static,
    ) -> Result<Self> {
        let (_running, ended) = mpsc::channel();
        let run = move || {
            let (mut turns, mut wait) = (turns.peekable(), Duration::ZERO);
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let now = Instant::now();
                while let Some((_, sender)) = turns.next_if(|&(at, _)| at <= now) {
                    wakes[sender].notify_one();
                }
                let left = |(next, _): &(Instant, usize)| next.saturating_duration_since(now);
                wait = turns.peek().map_or(Duration::MAX, left);
            }
        };
        let thread = thread::Builder::new().name("clock".to_owned()).spawn(run);
        thread.map_err(BenchError::io("cannot start the clock"))?;
        Ok(Self { _running })
    }
}

/// Limits the deliveries in flight to all receivers. A full window reopens when half of it is
/// delivered: if every delivery admitted one message, each would be sent alone, and the run would
/// measure packets.
pub(crate) struct Window {
    undelivered: AtomicI64,
    most: i64,
    is_open: AtomicBool,
    pub(crate) wakes: Wakes,
}

impl Window {
    /// At [`i64::MAX`], the window never closes, and only counts.
    pub(crate) fn new(most: i64, senders: usize) -> Self {
        Self {
            undelivered: AtomicI64::new(0),
            most,
            is_open: AtomicBool::new(true),
            wakes: (0..senders).map(|_| Arc::default()).collect(),
        }
    }

    pub(crate) fn sent(&self, receivers: i64) {
        if self.undelivered.fetch_add(receivers, Ordering::Relaxed) + receivers >= self.most {
            self.is_open.store(false, Ordering::Relaxed);
        }
    }

    pub(crate) fn delivered(&self, deliveries: i64) {
        let left = self.undelivered.fetch_sub(deliveries, Ordering::Relaxed) - deliveries;
        if left <= self.most / 2 && !self.is_open.swap(true, Ordering::Relaxed) {
            self.wakes.iter().for_each(|wake| wake.notify_one());
        }
    }

    pub(crate) fn undelivered(&self) -> i64 {
        self.undelivered.load(Ordering::Relaxed)
    }
}
