//! What all returning devices count together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::Serialize;

use crate::live::climb::Climb;

/// What all returning devices count together.
#[derive(Debug)]
pub(super) struct Arrivals {
    began: Instant,
    connected: AtomicU64,
    tried_again: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    level: Mutex<Level>,
}

/// When devices were level, in the order in which they were.
#[derive(Clone, Debug)]
struct Level {
    after: Vec<Duration>,
    climb: Climb,
}

/// How long devices took to be level, in seconds from when all set out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct LevelTimes {
    pub(super) first: f64,
    pub(super) median: f64,
    pub(super) last: f64,
}

impl Arrivals {
    /// So many set out at this moment.
    pub(super) fn new(began: Instant, devices: usize) -> Self {
        let zero = || AtomicU64::new(0);
        let level = Mutex::new(Level {
            after: Vec::with_capacity(devices),
            climb: Climb::to(devices),
        });
        Self {
            began,
            connected: zero(),
            tried_again: zero(),
            messages: zero(),
            bytes: zero(),
            level,
        }
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
        self.level_after(self.began.elapsed());
    }

    fn level_after(&self, after: Duration) {
        let mut level = self.level.lock();
        level.after.push(after);
        let count = level.after.len();
        level.climb.reached(count, after);
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

    /// How many devices are level.
    pub(super) fn devices_level(&self) -> u64 {
        self.level.lock().after.len() as u64
    }

    /// How that number rose.
    pub(super) fn climb(&self) -> Climb {
        self.level.lock().climb.clone()
    }

    /// The same in short; `None` when no device is level.
    pub(super) fn level_times(&self) -> Option<LevelTimes> {
        let level = self.level.lock();
        let at = |place: usize| level.after.get(place).map(Duration::as_secs_f64);
        let last = level.after.len().checked_sub(1)?;
        Some(LevelTimes {
            first: at(0)?,
            median: at(last / 2)?,
            last: at(last)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_the_median_and_the_last_are_told() {
        let arrivals = Arrivals::new(Instant::now(), 5);
        assert_eq!(arrivals.level_times(), None);
        [1, 2, 4, 8]
            .map(Duration::from_secs)
            .into_iter()
            .for_each(|after| arrivals.level_after(after));
        assert_eq!(
            arrivals.level_times(),
            Some(LevelTimes {
                first: 1.0,
                median: 2.0,
                last: 8.0
            })
        );
        arrivals.level_after(Duration::from_secs(9));
        assert_eq!(
            arrivals.level_times(),
            Some(LevelTimes {
                first: 1.0,
                median: 4.0,
                last: 9.0
            })
        );
    }
}
