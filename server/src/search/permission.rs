//! Which conversations a search reads, and from where on: decided by the sequencer, as for pulls.

use std::collections::HashMap;

use cairn_core::api::command::{BeginSearch, GrantSearch, SearchGrant, SearchScope};
use cairn_proto::ids::ConversationId;
use cairn_proto::limits as wire;
use cairn_proto::model::search::{Query, Test};
use cairn_proto::wire::error::ErrorCode;
use cairn_search::Matcher;

use super::part::{Extent, Part};
use crate::limits;
use crate::sequencer::publication::Registration;
use crate::sequencer::ticket::job;
use crate::session::requests::Asker;

/// Returns a part for each conversation in which the query may match.
pub(super) async fn parts(
    asker: &Asker,
    matcher: &Matcher,
    mut own: Vec<ConversationId>,
) -> Result<Vec<Part>, ErrorCode> {
    own.retain(|&id| matcher.may_match_in(id));
    // So that equal times have one order in all requests.
    own.sort_unstable();
    let needs_extents = matcher.needs_pins() || matcher.needs_unread();
    let asked = own.iter().copied();
    let asked: Vec<_> = asked
        .filter(|&id| needs_extents || asker.session.readable(id).is_none())
        .collect();
    let mut extents = HashMap::new();
    for conversations in asked.chunks(limits::SEARCH_GRANTS_PER_JOB) {
        extents.extend(grant(asker, conversations.to_vec()).await?);
    }
    let parts = own.into_iter().filter_map(|id| {
        let window = asker.session.window(id)?;
        let newest = asker.shared.searches.heads.time_of(id, window.head);
        let extent = extents.remove(&id).unwrap_or_default();
        Some(Part::new(window, extent, newest))
    });
    Ok(parts.collect())
}

/// Returns the conversations of the user, and the aliases of the users that the query names.
pub(super) async fn scope(asker: &Asker, query: &Query) -> Result<SearchScope, ErrorCode> {
    let conditions = query.groups().iter().flatten();
    let users = conditions.filter_map(|condition| match condition.test {
        Test::From(user) | Test::Mentions(user) => Some(user),
        _ => None,
    });
    let command = BeginSearch {
        actor: asker.actor,
        max: wire::SEARCH_CONVERSATIONS_MAX,
        users: users.collect(),
    };
    let (ticket, answer) = job(move |decider| decider.execute(command));
    let ticket = ticket.costing(limits::PAGE_COST);
    asker
        .shared
        .submit(asker.actor.into(), ticket, answer)
        .await
}

/// Lets the session read conversations.
async fn grant(
    asker: &Asker,
    conversations: Vec<ConversationId>,
) -> Result<Vec<(ConversationId, Extent)>, ErrorCode> {
    let (session, actor) = (asker.session.clone(), asker.actor);
    let (ticket, answer) = job(move |decider| {
        let grants = decider.execute(GrantSearch {
            actor,
            conversations,
        })?;
        let register = |granted: SearchGrant| {
            let SearchGrant {
                grant,
                unread_above,
                pins,
            } = granted;
            let session = session.clone();
            decider.register(Registration::Read { session, grant });
            (grant.conversation, Extent { unread_above, pins })
        };
        Ok(grants.into_iter().map(register).collect())
    });
    let ticket = ticket.costing(limits::PAGE_COST);
    asker.shared.submit(actor.into(), ticket, answer).await
}
