//! Search on the server.

use std::sync::Arc;

use cairn_client::{Client, FoundMessage};
use cairn_proto::ids::ConversationId;
use cairn_proto::model::search::{Condition, Query, Test};
use cairn_session::ConversationView;
use jiff::Zoned;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_local;

use crate::tui::app::model::overlay::Found;
use crate::tui::app::model::picker::{Item, Value};
use crate::tui::app::msg::Msg;
use crate::tui::draw::list::name;
use crate::tui::draw::rows::unnamed;
use crate::tui::text::markup::one_line;
use crate::tui::text::words;

/// Hits that are shown.
const HITS_MAX: usize = 100;

/// Characters of a hit before the words.
const CONTEXT_CHARS: usize = 24;

/// Starts a search. It answers with [`Msg::Found`], also on the way.
pub(super) fn start(
    search: u64,
    within: Option<ConversationId>,
    typed: String,
    list: Arc<Vec<ConversationView>>,
    client: Client,
    sender: UnboundedSender<Msg>,
) {
    spawn_local(async move {
        let send = |items: &[Item], hint: String| {
            let items = items.to_vec();
            sender.send(Msg::Found(Found {
                search,
                items,
                hint,
            }))
        };
        let mut items = Vec::new();
        let query = match client.parse_query(&typed, &Zoned::now()).await {
            Ok(query) => limited(query, within),
            Err(error) => return drop(send(&items, error.to_string())),
        };
        let mut hits = client.search(query);
        while items.len() < HITS_MAX {
            match hits.next_page().await {
                None => break,
                Some(Ok(page)) => items.extend(page.iter().map(|found| item(found, &list))),
                Some(Err(error)) => return drop(send(&items, error.to_string())),
            }
            if send(&items, words::SEARCHING.to_owned()).is_err() {
                return;
            }
        }
        let _ = send(&items, words::found(items.len()));
    });
}

/// Limits a query, which is a conjunction of groups, to one conversation.
fn limited(query: Query, within: Option<ConversationId>) -> Query {
    let Some(id) = within else {
        return query;
    };
    let mut groups = query.groups().to_vec();
    groups.push(vec![Condition {
        negated: false,
        test: Test::In(id),
    }]);
    Query::new(groups).unwrap_or(query)
}

fn item(found: &FoundMessage, list: &[ConversationView]) -> Item {
    let message = &found.message;
    let text = words::text_of(&message.body);
    // The words that match are in sight, with some text before them.
    let first = found.highlights.words.first().map_or(0, |span| span.start);
    let before = usize::try_from(first)
        .ok()
        .and_then(|at| text.get(..at))
        .unwrap_or_default();
    let skipped = before.chars().count().saturating_sub(CONTEXT_CHARS);
    let shown: String = text.chars().skip(skipped).collect();
    let start = if skipped > 0 { "~" } else { "" };
    let id = message.conversation;
    let listed = list.iter().find(|listed| listed.id == id);
    let place = listed.map_or_else(|| unnamed(id), name);
    Item {
        label: format!("{start}{}", one_line(&shown)),
        matched: Vec::new(),
        detail: format!("{place} {}", message.msgid),
        value: Value::Message(id, message.msgid),
    }
}
