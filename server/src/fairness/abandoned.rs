//! Streams that a client opens and gives up, each of which costs the server a task.

use tokio::time::Instant;

use crate::limits::{STREAM_ABANDONED_INTERVAL, STREAMS_ABANDONED_BURST_MAX};

/// The abandoned streams of one connection: a burst, then one per interval.
#[derive(Debug, Default)]
pub(crate) struct AbandonedStreams {
    /// When all of them would be over at one per interval.
    done: Option<Instant>,
}

impl AbandonedStreams {
    /// Counts one. Returns whether there may be so many.
    #[must_use]
    pub(crate) fn allow(&mut self, now: Instant) -> bool {
        let done = self.done.map_or(now, |done| done.max(now)) + STREAM_ABANDONED_INTERVAL;
        self.done = Some(done);
        done <= now + STREAM_ABANDONED_INTERVAL * STREAMS_ABANDONED_BURST_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_is_allowed_and_refilled() {
        let (mut streams, now) = (AbandonedStreams::default(), Instant::now());
        assert!((0..STREAMS_ABANDONED_BURST_MAX).all(|_| streams.allow(now)));
        assert!(streams.allow(now + STREAM_ABANDONED_INTERVAL));
        assert!(!streams.allow(now + STREAM_ABANDONED_INTERVAL));
    }
}
