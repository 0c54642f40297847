//! Office hours become the instants at which queues open and close. Only machines know time zones,
//! and their rules change: the state machine gets the instants of the next days, again and again.

use std::sync::Arc;

use cairn_core::api::desk::SetQueueHours;
use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_proto::model::desk::OfficeHours;
use cairn_proto::wire::error::ErrorCode;
use tokio::time::timeout;
use tracing::error;

use crate::desk::hours::{Opening, openings};
use crate::limits;
use crate::principal::Principal;
use crate::sequencer::ticket::job;
use crate::shared::Shared;

/// Resolves hours at the start, when a queue changes, and in time before they are used up.
pub(crate) async fn run(shared: Arc<Shared>) {
    let news = shared.hub.desk.queue_news.clone();
    loop {
        if let Err(code) = resolve(&shared).await {
            error!(%code, "cannot set the hours of a queue");
        }
        drop(timeout(limits::OFFICE_HOURS_INTERVAL, news.notified()).await);
    }
}

async fn resolve(shared: &Shared) -> Result<(), ErrorCode> {
    let (ticket, answer) = job(|decider| {
        let now = decider.now();
        Ok((now, decider.state().queues_wanting_hours(now)))
    });
    let ticket = ticket.costing(limits::PAGE_COST);
    let (now, wanting) = shared.submit(Principal::Server, ticket, answer).await?;
    for (queue, hours) in wanting {
        let spans = resolved(queue, &hours, now);
        let set = SetQueueHours { queue, spans };
        match shared.ask(Principal::Server, set).await {
            // It may be gone by now.
            Ok(()) | Err(ErrorCode::NoSuchQueue) => {}
            Err(code) => return Err(code),
        }
    }
    Ok(())
}

/// Returns when a queue is open in the next days. Where that is not known it is open: visitors who
/// find a closed desk for no reason would go unheard.
fn resolved(queue: ConversationId, hours: &OfficeHours, now: Timestamp) -> Vec<Opening> {
    let ahead = u64::try_from(limits::OFFICE_HOURS_AHEAD.as_millis()).unwrap_or(u64::MAX);
    let until = Timestamp::new(now.get().saturating_add(ahead));
    let mut spans = openings(hours, now, until).unwrap_or_else(|reason| {
        error!(
            %queue, zone = hours.zone.as_str(), %reason,
            "cannot resolve the office hours of a queue, which counts as open"
        );
        vec![(now, until)]
    });
    spans.truncate(cairn_core::limits::HOURS_SPANS_MAX);
    spans
}
