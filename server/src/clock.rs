//! The server's wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_proto::ids::Timestamp;
use tokio::time::Instant;

/// Where wall-clock time comes from. Entries are ordered by msgid, never by this.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WallClock {
    /// The machine.
    System,
    /// The timers of the runtime, which may be paused.
    Timers {
        /// The time at `started`.
        start: Timestamp,
        started: Instant,
    },
}

impl WallClock {
    /// Returns a clock that shows `start`, and runs with the timers of the calling runtime.
    pub(crate) fn of_timers(start: Timestamp) -> Self {
        let started = Instant::now();
        Self::Timers { start, started }
    }

    #[must_use]
    pub(crate) fn now(&self) -> Timestamp {
        let since_epoch = match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Self::Timers { start, started } => {
                Duration::from_millis(start.get()).saturating_add(started.elapsed())
            }
        };
        Timestamp::new(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}
