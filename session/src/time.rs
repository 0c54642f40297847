//! Arithmetic of times. The model has no clock: the present time is an input.

use std::time::Duration;

use cairn_client::proto::ids::Timestamp;

/// Returns the time this long after `at`.
pub(crate) fn plus(at: Timestamp, delay: Duration) -> Timestamp {
    let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    Timestamp::new(at.get().saturating_add(delay))
}

/// Returns how long `now` is after `at`; zero if it is not.
pub(crate) fn since(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(now.get().saturating_sub(at.get()))
}
