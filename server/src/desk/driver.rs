//! Deadlines of the desk: offers that end, agents who do not come back, visitors who wait for too
//! long. The state machine has no clock, so this submits a command when the first one is due.

use std::sync::Arc;
use std::time::Duration;

use cairn_core::api::desk::DeskDue;
use cairn_proto::ids::Timestamp;
use cairn_proto::wire::error::ErrorCode;
use tokio::time::{Instant, sleep, timeout};
use tracing::error;

use crate::limits;
use crate::principal::Principal;
use crate::sequencer::ticket::job;
use crate::shared::Shared;

/// Submits what is due until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut first = shared.hub.desk.due.subscribe();
    let mut clock = None;
    loop {
        let due = *first.borrow_and_update();
        let Some(due) = due else {
            // The sender is in `shared`, so this cannot fail.
            drop(first.changed().await);
            continue;
        };
        let wait = clock.map_or(Duration::ZERO, |clock| wait(due, clock, Instant::now()));
        if !wait.is_zero() && timeout(wait, first.changed()).await.is_ok() {
            // Another deadline is the first one.
            continue;
        }
        match submit(&shared).await {
            Ok(now) => clock = Some((now, Instant::now())),
            Err(code) => {
                error!(%code, "cannot decide what is due at the desk");
                sleep(limits::DESK_DUE_WAIT_MAX).await;
            }
        }
    }
}

/// The desk's clock when it was last read.
type Clock = (Timestamp, Instant);

/// Executes what is due, if anything is. Returns the time of the decision.
async fn submit(shared: &Shared) -> Result<Timestamp, ErrorCode> {
    let (ticket, answer) = job(move |decider| {
        if decider.state().is_desk_due(decider.now()) {
            decider.execute(DeskDue)?;
        }
        Ok(decider.state().desk_time())
    });
    let ticket = ticket.costing(limits::DESK_DUE_COST);
    shared.submit(Principal::Server, ticket, answer).await
}

/// Returns how long to wait for a deadline. Queues open by the server's clock, which may run at
/// another pace than the timers.
fn wait(due: Timestamp, (read, at): Clock, now: Instant) -> Duration {
    let passed = u64::try_from(now.saturating_duration_since(at).as_millis());
    let clock = read.get().saturating_add(passed.unwrap_or(u64::MAX));
    match due.get() {
        // Work is left.
        0 => Duration::ZERO,
        due => Duration::from_millis(due.saturating_sub(clock))
            .clamp(limits::DESK_DUE_WAIT_MIN, limits::DESK_DUE_WAIT_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_is_bounded_unless_work_is_left() {
        let at = Instant::now();
        let wait = |due, read, passed| {
            let passed = Duration::from_millis(passed);
            wait(Timestamp::new(due), (Timestamp::new(read), at), at + passed)
        };
        assert_eq!(wait(0, 5_000, 0), Duration::ZERO);
        assert_eq!(wait(5_250, 5_000, 0), Duration::from_millis(250));
        assert_eq!(wait(5_250, 5_000, 50), Duration::from_millis(200));
        assert_eq!(wait(4_000, 5_000, 0), limits::DESK_DUE_WAIT_MIN);
        assert_eq!(wait(u64::MAX, 5_000, 0), limits::DESK_DUE_WAIT_MAX);
    }
}
