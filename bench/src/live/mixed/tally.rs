//! What all devices count together, phase by phase.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::plan::Span;
use crate::latency::Latencies;
use crate::live::timeline::Moment;

/// What all devices count together.
#[derive(Debug)]
pub(super) struct Tally {
    began: Instant,
    spans: Vec<Span>,
    counts: Mutex<Vec<Counts>>,
}

/// What was counted of one phase: of what was due in it, whenever it was done.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) sent: u64,
    /// From when a message was due until it was accepted.
    pub(super) accept: Latencies,
    pub(super) delivered: u64,
    /// From when a message was due until a device had it that was connected all the while.
    pub(super) delivery: Latencies,
    /// From the first packet to the welcome.
    pub(super) reconnect: Latencies,
    /// From the request of a page to its answer.
    pub(super) page: Latencies,
    pub(super) reads: u64,
}

impl Counts {
    pub(super) fn new() -> Self {
        let none = Latencies::new;
        Self {
            sent: 0,
            accept: none(),
            delivered: 0,
            delivery: none(),
            reconnect: none(),
            page: none(),
            reads: 0,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.reads += other.reads;
        self.accept.add(&other.accept);
        self.delivery.add(&other.delivery);
        self.reconnect.add(&other.reconnect);
        self.page.add(&other.page);
    }
}

impl Tally {
    /// A day of these phases, at least one, that began at this moment.
    pub(super) fn new(began: Instant, spans: Vec<Span>) -> Self {
        let counts = spans.iter().map(|_| Counts::new()).collect();
        Self {
            began,
            spans,
            counts: Mutex::new(counts),
        }
    }

    /// The phase at a moment. What comes behind the day belongs to its last one.
    pub(super) fn phase_at(&self, at: Instant) -> usize {
        let since = at.saturating_duration_since(self.began);
        self.spans
            .partition_point(|span| span.ends <= since)
            .min(self.spans.len() - 1)
    }

    /// Counts something that was due, or began, at a moment.
    pub(super) fn count(&self, due: Instant, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock()[self.phase_at(due)]);
    }

    /// Counts messages that came to a device, each so long after it was due. The device is connected since then.
    pub(super) fn delivered(&self, now: Instant, latencies: &[Duration], connected: Instant) {
        let mut counts = self.counts.lock();
        for &latency in latencies {
            let due = now.checked_sub(latency).unwrap_or(self.began);
            let counts = &mut counts[self.phase_at(due)];
            counts.delivered += 1;
            if due >= connected {
                counts.delivery.record(latency);
            }
        }
    }

    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// When the day is over.
    pub(super) fn end(&self) -> Instant {
        self.began + self.spans.last().map_or(Duration::ZERO, |span| span.ends)
    }

    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What was counted up to a moment.
    pub(super) fn moment(&self, now: Instant) -> Moment {
        let counts = self.counts.lock();
        let sum = |of: fn(&Counts) -> u64| counts.iter().map(of).sum();
        let at = now.saturating_duration_since(self.began);
        Moment {
            at,
            accepted: sum(|counts| counts.accept.count()),
            delivered: sum(|counts| counts.delivered),
        }
    }

    /// Looks at what was counted of each phase.
    pub(super) fn read<T>(&self, look: impl FnOnce(&[Counts]) -> T) -> T {
        look(&self.counts.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_counted_in_the_phase_in_which_it_was_due() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let span = |name: &str, [begins, ends]: [u64; 2]| Span {
            name: name.to_owned(),
            begins: Duration::from_secs(begins),
            ends: Duration::from_secs(ends),
        };
        let tally = Tally::new(
            began,
            vec![span("morning", [0, 10]), span("evening", [10, 15])],
        );
        assert_eq!(
            [0, 9, 10, 14, 15, 99].map(|seconds| tally.phase_at(after(seconds))),
            [0, 0, 1, 1, 1, 1]
        );
        tally.count(after(9), |counts| counts.sent += 1);
        tally.delivered(after(12), &[1, 3, 4].map(Duration::from_secs), after(9));
        tally.read(|counts| {
            assert_eq!((counts[0].sent, counts[1].sent), (1, 0));
            assert_eq!((counts[0].delivered, counts[1].delivered), (2, 1));
            assert_eq!(
                (counts[0].delivery.count(), counts[1].delivery.count()),
                (1, 1),
                "one waited for its device"
            );
        });
    }
}
