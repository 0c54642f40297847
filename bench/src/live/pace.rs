//! When a sender may send its next message, and whatever wakes it for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use tokio::sync::Notify;

/// How one sender goes about it.
#[derive(Clone, Debug)]
pub(super) enum Pace {
    /// As fast as answers come, with so many sends unanswered.
    InFlight(usize),
    /// At fixed times, whatever the server does. A message that cannot go out in time, because so many are unanswered, goes out late;
    /// its latency counts from when it was meant to go out.
    Rate(Turns, usize),
    /// As fast as the receivers take the messages.
    Window(Arc<Window>),
}

impl Pace {
    /// When the next message is meant to be sent, if that is no later than `now`; `sent` counts this sender's messages before it.
    pub(super) fn next(&self, now: Instant, unanswered: usize, sent: u64) -> Option<Instant> {
        match self {
            Self::InFlight(most) => (unanswered < *most).then_some(now),
            Self::Rate(turns, most) => {
                Some(turns.at(sent)).filter(|&due| due <= now && unanswered < *most)
            }
            Self::Window(window) => {
                (unanswered < SENDS_IN_FLIGHT_MAX && window.has_room()).then_some(now)
            }
        }
    }
}

/// A fixed rate, shared out among senders: each has every so-many-th turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    pub began: Instant,
    /// Messages a second, of all senders.
    pub rate: f64,
    /// This sender, from 0.
    pub sender: usize,
    pub senders: usize,
}

impl Turns {
    /// The time of this sender's turn number `turn`, from 0.
    pub(super) fn at(&self, turn: u64) -> Instant {
        let of_all = turn as f64 * self.senders as f64 + self.sender as f64;
        self.began + Duration::from_secs_f64(of_all / self.rate)
    }
}

/// A thread that wakes senders when their turn comes. The runtime's own timers are a millisecond coarse, which is longer than what is
/// measured.
#[derive(Debug)]
pub(super) struct Clock {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    /// Wakes the n-th of `wakes` at each of the turns of the n-th sender.
    pub(super) fn start(
        began: Instant,
        rate: f64,
        wakes: Vec<Arc<Notify>>,
    ) -> std::io::Result<Self> {
        let all = Turns {
            began,
            rate,
            sender: 0,
            senders: 1,
        };
        let count = wakes.len();
        Self::of(
            wakes,
            (0..)
                .zip((0..count).cycle())
                .map(move |(turn, sender)| (all.at(turn), sender)),
        )
    }

    /// Wakes at each time, in ascending order, the one of `wakes` that stands beside it.
    pub(super) fn of(
        wakes: Vec<Arc<Notify>>,
        turns: impl Iterator<Item = (Instant, usize)> + Send + 'static,
    ) -> std::io::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let run = move || {
            let mut turns = turns.peekable();
            while !over.load(Ordering::Relaxed) {
                let now = Instant::now();
                while let Some((_, who)) = turns.next_if(|&(at, _)| at <= now) {
                    wakes[who].notify_one();
                }
                match turns.peek() {
                    Some((next, _)) => thread::park_timeout(next.saturating_duration_since(now)),
                    None => thread::park(),
                }
            }
        };
        let thread = thread::Builder::new().name("clock".to_owned()).spawn(run)?;
        Ok(Self {
            is_over,
            thread: Some(thread),
        })
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

/// How much may be on its way to all receivers together. A window that was full opens again when half of it is delivered: if each single
/// delivery let a message in, each message would travel alone, and what is measured would be packets.
#[derive(Debug)]
pub(super) struct Window {
    undelivered: AtomicI64,
    most: i64,
    is_open: AtomicBool,
    wakes: Vec<Arc<Notify>>,
}

impl Window {
    /// `most` deliveries; `wakes` are the senders'.
    pub(super) const fn new(most: i64, wakes: Vec<Arc<Notify>>) -> Self {
        Self {
            undelivered: AtomicI64::new(0),
            most,
            is_open: AtomicBool::new(true),
            wakes,
        }
    }

    fn has_room(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// A message was sent to so many receivers.
    pub(super) fn sent(&self, receivers: i64) {
        if self.undelivered.fetch_add(receivers, Ordering::Relaxed) + receivers >= self.most {
            self.is_open.store(false, Ordering::Relaxed);
        }
    }

    /// So many deliveries were made.
    pub(super) fn delivered(&self, deliveries: i64) {
        let left = self.undelivered.fetch_sub(deliveries, Ordering::Relaxed) - deliveries;
        if left <= self.most / 2 && !self.is_open.swap(true, Ordering::Relaxed) {
            self.wakes.iter().for_each(|wake| wake.notify_one());
        }
    }

    /// What is on its way.
    pub(super) fn undelivered(&self) -> i64 {
        self.undelivered.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_share_out_the_rate() {
        let began = Instant::now();
        let turns = |sender| Turns {
            began,
            rate: 1_000.0,
            sender,
            senders: 4,
        };
        let millis = |sender, turn| (turns(sender).at(turn) - began).as_secs_f64() * 1_000.0;
        let all: Vec<f64> = (0..3)
            .flat_map(|turn| (0..4).map(move |sender| (sender, turn)))
            .map(|(s, t)| millis(s, t))
            .collect();
        assert!(
            all.iter()
                .zip(0..)
                .all(|(at, n)| (at - f64::from(n)).abs() < 1e-3),
            "{all:?}"
        );
    }

    #[test]
    fn a_message_that_is_late_keeps_the_time_it_was_meant_for() {
        let began = Instant::now();
        let pace = Pace::Rate(
            Turns {
                began,
                rate: 10.0,
                sender: 0,
                senders: 1,
            },
            2,
        );
        let late = began + Duration::from_secs(1);
        assert_eq!(pace.next(began, 0, 0), Some(began));
        assert_eq!(pace.next(began, 0, 1), None, "too early");
        assert_eq!(
            pace.next(late, 0, 1),
            Some(began + Duration::from_millis(100))
        );
        assert_eq!(pace.next(late, 2, 1), None, "too many are unanswered");
    }

    #[test]
    fn a_window_closes_when_it_is_full_and_opens_when_half_is_delivered() {
        let window = Arc::new(Window::new(100, vec![Arc::default()]));
        let pace = Pace::Window(Arc::clone(&window));
        let now = Instant::now();
        window.sent(99);
        assert_eq!(pace.next(now, 0, 0), Some(now));
        window.sent(99);
        assert_eq!(pace.next(now, 0, 0), None);
        window.delivered(147);
        assert_eq!(
            pace.next(now, 0, 0),
            None,
            "more than half is still on its way"
        );
        window.delivered(1);
        assert_eq!(pace.next(now, 0, 0), Some(now));
        assert_eq!(window.undelivered(), 50);
    }
}
