//! Reconnect delays: exponential, capped, with full jitter, so that the clients of a restarting
//! server do not all return at once.

use std::time::Duration;

/// The delays between attempts to reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The upper bound of the first delay. It doubles with each attempt.
    pub base: Duration,
    /// The limit of the upper bound.
    pub cap: Duration,
}

impl Default for Backoff {
    /// 250 ms, capped at 30 s.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            cap: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// Returns the delay before attempt `attempt`, counted from 0: `jitter * min(base * 2^attempt,
    /// cap)` with `jitter` in `0..=1`.
    ///
    /// Full jitter is described in "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    #[must_use]
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt)
            .and_then(|factor| self.base.checked_mul(factor))
            .unwrap_or(self.cap);
        doubled.min(self.cap).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap() {
        let backoff = Backoff::default();
        let whole: Vec<u128> = (0..9)
            .map(|attempt| backoff.delay(attempt, 1.0).as_millis())
            .collect();
        assert_eq!(
            whole,
            [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
        for attempt in [31, 32, 33, 1_000, u32::MAX] {
            assert_eq!(backoff.delay(attempt, 1.0), backoff.cap);
        }
    }

    #[test]
    fn jitter_covers_the_whole_range() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(8),
        };
        assert_eq!(backoff.delay(2, 0.0), Duration::ZERO);
        assert_eq!(backoff.delay(2, 0.5), Duration::from_secs(2));
        assert_eq!(backoff.delay(2, 7.0), Duration::from_secs(4));
        let huge = Backoff {
            base: Duration::MAX,
            cap: Duration::from_secs(8),
        };
        assert_eq!(huge.delay(3, 1.0), huge.cap);
    }
}
