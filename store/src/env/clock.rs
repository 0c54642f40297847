//! Monotonic time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock that never goes back. Only differences of its times have a meaning.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The clock of the system.
    System { started: Instant },
    /// Moved by a test, in microseconds.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Self::System {
            started: Instant::now(),
        }
    }

    /// A clock that only [`Clock::advance`] moves.
    #[must_use]
    pub fn manual() -> Self {
        Self::Manual(Arc::default())
    }

    /// Returns the time since the clock was created.
    #[must_use]
    pub fn now(&self) -> Duration {
        match self {
            Self::System { started } => started.elapsed(),
            Self::Manual(micros) => Duration::from_micros(micros.load(Ordering::Relaxed)),
        }
    }

    /// Returns how long ago an earlier time of this clock was.
    #[must_use]
    pub fn since(&self, earlier: Duration) -> Duration {
        self.now().saturating_sub(earlier)
    }

    /// Moves a manual clock, and all its clones. Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            let by = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
            micros.fetch_add(by, Ordering::Relaxed);
        }
    }
}
