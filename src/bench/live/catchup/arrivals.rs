//! What all returning devices count together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;

/// What all returning devices count together.
#[derive(Debug)]
pub(super) struct Arrivals {
    began: Instant,
    connected: AtomicU64,
    tried_again: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    /// When each device was level, in the order in which they were.
    level: Mutex<Vec<Duration>>,
}

/// How long devices took to be level, in seconds from when all set out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct LevelTimes {
    pub(super) first: f64,
    pub(super) median: f64,
    pub(super) last: f64,
}

impl Arrivals {
    /// All set out at this moment.
    pub(super) fn new(began: Instant) -> Self {
        let zero = || AtomicU64::new(0);
        Self { began, connected: zero(), tried_again: zero(), messages: zero(), bytes: zero(), level: Mutex::new(Vec::new()) }
    }

    /// A device has logged in.
    pub(super) fn connected(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
    }

    /// A device was not let in, and will try again.
    pub(super) fn try_again(&self) {
        self.tried_again.fetch_add(1, Ordering::Relaxed);
    }

    /// Messages came to a device, of so many bytes packed.
    pub(super) fn came(&self, messages: u64, bytes: u64) {
        self.messages.fetch_add(messages, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A device has everything.
    pub(super) fn level(&self) {
        self.level.lock().push(self.began.elapsed());
    }

    /// Grows as long as anything goes on.
    pub(super) fn progress(&self) -> u64 {
        self.messages() + self.connected.load(Ordering::Relaxed)
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many logins failed.
    pub(super) fn failed_logins(&self) -> u64 {
        self.tried_again.load(Ordering::Relaxed)
    }

    /// When each device was level, in seconds, ascending.
    pub(super) fn level_at(&self) -> Vec<f64> {
        self.level.lock().iter().map(Duration::as_secs_f64).collect()
    }

    /// The same in short; `None` when no device is level.
    pub(super) fn level_times(&self) -> Option<LevelTimes> {
        let at = self.level_at();
        Some(LevelTimes { first: *at.first()?, median: *at.get((at.len() - 1) / 2)?, last: *at.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_the_median_and_the_last_are_told() {
        let arrivals = Arrivals::new(Instant::now());
        assert_eq!(arrivals.level_times(), None);
        arrivals.level.lock().extend([1, 2, 4, 8].map(Duration::from_secs));
        assert_eq!(arrivals.level_times(), Some(LevelTimes { first: 1.0, median: 2.0, last: 8.0 }));
        arrivals.level.lock().push(Duration::from_secs(9));
        assert_eq!(arrivals.level_times(), Some(LevelTimes { first: 1.0, median: 4.0, last: 9.0 }));
    }
}
