//! Presence of agents: the state machine learns when the first session of an agent begins and when
//! the last one ends.

use std::sync::Arc;

use cairn_core::api::desk::AgentPresence;
use cairn_proto::ids::UserId;
use tracing::error;

use crate::limits;
use crate::principal::Principal;
use crate::sequencer::ticket::job;
use crate::shared::Shared;

/// Reports changes until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let news = shared.hub.desk.agent_news.clone();
    loop {
        news.notified().await;
        let agents = shared.hub.take_moved_agents();
        for some in agents.chunks(limits::AGENTS_REPORTED_AT_ONCE) {
            report(&shared, some.to_vec()).await;
        }
    }
}

/// Reports who of these is present. Seats are taken in the order of the decisions, so a login that
/// is decided before this is seen, and one after it reports again. The sessions of the hub would
/// be those of an earlier moment.
async fn report(shared: &Shared, agents: Vec<UserId>) {
    let seats = shared.seats.clone();
    let cost = u32::try_from(agents.len()).unwrap_or(u32::MAX);
    let (ticket, answer) = job(move |decider| {
        for user in agents {
            let present = seats.is_present(user.into());
            if decider.state().is_agent(user) {
                decider.execute(AgentPresence { user, present })?;
            }
        }
        Ok(())
    });
    let ticket = ticket.costing(cost);
    if let Err(code) = shared.submit(Principal::Server, ticket, answer).await {
        error!(%code, "cannot record which agents are present");
    }
}
