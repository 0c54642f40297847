//! The hub's background tasks. Each runs until the server stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::limits;
use crate::sequencer::publication::Publication;
use crate::shared::Shared;

pub(crate) async fn publish(shared: Arc<Shared>, mut publications: mpsc::Receiver<Publication>) {
    while let Some(publication) = publications.recv().await {
        shared.hub.publish(publication);
    }
}

/// Sends changed presences to their watchers: at once after a quiet time, then once per interval.
/// Without the interval, a user could multiply their own changes by the number of their watchers.
pub(crate) async fn notify_presences(shared: Arc<Shared>) {
    let news = shared.hub.presence_news();
    loop {
        news.notified().await;
        shared.hub.notify_presences();
        sleep(limits::PRESENCE_INTERVAL).await;
    }
}

/// Sends changed receipts once per interval.
pub(crate) async fn send_receipts(shared: Arc<Shared>) {
    let mut ticks = interval(limits::RECEIPTS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        shared.hub.enqueue_receipts();
    }
}

/// Marks idle sessions. One pass over all sessions needs no timer per session, and makes recording
/// activity cheap.
pub(crate) async fn mark_idle_sessions(shared: Arc<Shared>) {
    let mut setting = shared.hub.away_after.subscribe();
    loop {
        let away_after = *setting.borrow_and_update();
        shared.hub.mark_idle_sessions(away_after);
        match away_after {
            // The sender is in `shared`, so this cannot fail.
            None => drop(setting.changed().await),
            Some(away_after) => {
                drop(timeout(idle_check_interval(away_after), setting.changed()).await)
            }
        }
    }
}

/// Returns the time between two passes.
fn idle_check_interval(away_after: Duration) -> Duration {
    (away_after / limits::IDLE_CHECKS_PER_SPAN).clamp(
        limits::IDLE_CHECK_INTERVAL_MIN,
        limits::IDLE_CHECK_INTERVAL_MAX,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_check_interval_is_bounded() {
        let intervals = [1, 10 * 60, cairn_core::limits::AWAY_AFTER_SECONDS_MAX]
            .map(|seconds| idle_check_interval(Duration::from_secs(seconds)));
        assert_eq!(
            intervals,
            [
                limits::IDLE_CHECK_INTERVAL_MIN,
                Duration::from_secs(30),
                limits::IDLE_CHECK_INTERVAL_MAX
            ]
        );
    }
}
