//! When a sender may send its next message, and what wakes it for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use tokio::sync::Notify;

use crate::error::BenchError;

#[derive(Clone, Debug)]
pub(crate) enum Pace {
    /// As fast as answers come, with this many sends unanswered.
    InFlight(usize),
    /// At fixed times. A message that waits because this many are unanswered goes out late; its
    /// latency counts from when it was due.
    Rate(Turns, usize),
    /// As fast as the receivers take the messages.
    Window(Arc<Window>),
}

impl Pace {
    /// When the next message is due, if that is not after `now`; `sent` counts those before it.
    pub(crate) fn next(&self, now: Instant, unanswered: usize, sent: u64) -> Option<Instant> {
        match self {
            Self::InFlight(most) => (unanswered < *most).then_some(now),
            Self::Rate(turns, most) => {
                Some(turns.at(sent)).filter(|&due| due <= now && unanswered < *most)
            }
            Self::Window(window) => {
                let is_open = window.is_open.load(Ordering::Relaxed);
                (unanswered < SENDS_IN_FLIGHT_MAX && is_open).then_some(now)
            }
        }
    }
}

/// A fixed rate, shared among senders in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns {
    pub(crate) began: Instant,
    /// Messages a second, of all senders.
    pub(crate) rate: f64,
    /// From 0.
    pub(crate) sender: usize,
    pub(crate) senders: usize,
}

impl Turns {
    /// The time of this sender's `turn`, from 0.
    pub(crate) fn at(&self, turn: u64) -> Instant {
        let of_all = turn as f64 * self.senders as f64 + self.sender as f64;
        self.began + Duration::from_secs_f64(of_all / self.rate)
    }
}

/// A thread that wakes senders in turn: the runtime's own timers are a millisecond coarse, which is
/// longer than what is measured.
#[derive(Debug)]
pub(crate) struct Clock {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    /// Wakes each sender at each of its turns.
    pub(crate) fn start(all: Turns, wakes: Vec<Arc<Notify>>) -> Result<Self, BenchError> {
        let senders = (0..wakes.len()).cycle();
        Self::of(wakes, (0..).map(move |turn| all.at(turn)).zip(senders))
    }

    /// Wakes at each time, in ascending order, the one of `wakes` that stands beside it.
    pub(crate) fn of(
        wakes: Vec<Arc<Notify>>,
        turns: impl Iterator<Item = (Instant, usize)> + Send + 'static,
    ) -> Result<Self, BenchError> {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let run = move || {
            let mut turns = turns.peekable();
            while !over.load(Ordering::Relaxed) {
                let now = Instant::now();
                while let Some((_, sender)) = turns.next_if(|&(at, _)| at <= now) {
                    wakes[sender].notify_one();
                }
                match turns.peek() {
                    Some((next, _)) => thread::park_timeout(next.saturating_duration_since(now)),
                    None => thread::park(),
                }
            }
        };
        let thread = thread::Builder::new().name("clock".to_owned()).spawn(run);
        let thread = Some(thread.map_err(BenchError::io("cannot start the clock"))?);
        Ok(Self { is_over, thread })
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It does nothing that can fail.
            let _ = thread.join();
        }
    }
}

/// How much may be on its way to all receivers together. A window that was full opens again when
/// half of it is delivered: if every delivery let one message in, each would travel alone, and the
/// run would measure packets.
#[derive(Debug)]
pub(crate) struct Window {
    undelivered: AtomicI64,
    most: i64,
    is_open: AtomicBool,
    wakes: Vec<Arc<Notify>>,
}

impl Window {
    /// `most` deliveries; `wakes` are the senders'.
    pub(crate) const fn new(most: i64, wakes: Vec<Arc<Notify>>) -> Self {
        Self {
            undelivered: AtomicI64::new(0),
            most,
            is_open: AtomicBool::new(true),
            wakes,
        }
    }

    /// A window that never closes: it only counts.
    pub(crate) const fn open() -> Self {
        Self::new(i64::MAX, Vec::new())
    }

    /// Notes that a message was sent to this many receivers.
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
