//! Counts of the queues for agents, and places in line for visitors: at most once in an interval,
//! however often they change, and only to those for whom they changed.

use std::sync::Arc;

use cairn_core::api::desk::{CountDesk, DeskCounted};
use cairn_proto::ids::{ConversationId, UserId, VisitorId};
use cairn_proto::wire::error::ErrorCode;
use tokio::time::{Instant, sleep};
use tracing::error;

use crate::limits;
use crate::principal::Principal;
use crate::sequencer::ticket::job;
use crate::shared::Shared;

/// The counts of all queues, and the queues of agents.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) counted: DeskCounted,
    pub(crate) queues_of: Vec<(UserId, Vec<ConversationId>)>,
}

/// Sends them until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let news = shared.hub.desk.count_news.clone();
    let mut next_places = Instant::now();
    loop {
        news.notified().await;
        let places_are_due = Instant::now() >= next_places;
        let mut visitors = Vec::new();
        if places_are_due {
            visitors = shared.hub.waiting_visitors();
            next_places =
                Instant::now() + limits::DESK_COUNTS_INTERVAL * limits::DESK_COUNTS_PER_PLACES;
        } else {
            // Again after the interval, for the places.
            news.notify_one();
        }
        if let Err(code) = send(&shared, shared.hub.connected_agents(), visitors).await {
            error!(%code, "cannot count the queues");
        }
        sleep(limits::DESK_COUNTS_INTERVAL).await;
    }
}

async fn send(
    shared: &Shared,
    agents: Vec<UserId>,
    visitors: Vec<VisitorId>,
) -> Result<(), ErrorCode> {
    let mut agents = agents.chunks(limits::DESK_COUNTED_AT_ONCE);
    let mut visitors = visitors.chunks(limits::DESK_COUNTED_AT_ONCE);
    loop {
        let (some, waiting) = (agents.next(), visitors.next());
        if some.is_none() && waiting.is_none() {
            return Ok(());
        }
        let some = some.unwrap_or_default().to_vec();
        let places_of = waiting.unwrap_or_default().to_vec();
        let (ticket, answer) = job(move |decider| {
            let counted = decider.execute(CountDesk { places_of })?;
            let state = decider.state();
            let queues_of = some
                .into_iter()
                .map(|agent| (agent, state.agent_queues(agent)))
                .collect();
            Ok(Counted { counted, queues_of })
        });
        let ticket = ticket.costing(limits::PAGE_COST);
        let counted = shared.submit(Principal::Server, ticket, answer).await?;
        shared.hub.send_counts(counted);
    }
}
