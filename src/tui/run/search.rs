//! Search: reads the messages of conversations from the newest on, and keeps those with the words.

use std::sync::Arc;

use cairn_client::Client;
use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::request::session::PullRange;
use cairn_session::ConversationView;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_local;

use crate::tui::app::model::overlay::Found;
use crate::tui::app::model::picker::{Item, Value};
use crate::tui::app::msg::Msg;
use crate::tui::draw::list::name;
use crate::tui::text::markup::one_line;
use crate::tui::text::words;

/// Hits that are shown.
const HITS_MAX: usize = 100;

/// Messages that are read in all.
const MESSAGES_MAX: u64 = 200_000;

/// Messages in one request.
const PAGE: u32 = 500;

/// Columns of a hit around the words.
const CONTEXT_CHARS: usize = 30;

/// Starts a search. It answers with [`Msg::Found`], also on the way.
pub(super) fn start(
    search: u64,
    within: Vec<ConversationId>,
    query: String,
    list: Arc<Vec<ConversationView>>,
    client: Client,
    sender: UnboundedSender<Msg>,
) {
    spawn_local(async move {
        let wanted: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let mut items = Vec::new();
        let mut read = 0;
        for id in within {
            let listed = list.iter().find(|listed| listed.id == id);
            let Some(listed) = listed else { continue };
            let mut next = listed.head;
            while next > listed.floor && items.len() < HITS_MAX && read < MESSAGES_MAX {
                let first = next.get().saturating_sub(u64::from(PAGE) - 1);
                let from = MsgId::new(first.max(listed.floor.get() + 1));
                let range = PullRange::From(from);
                let Ok(page) = client.conversation(id).pull(range, PAGE).await else {
                    break;
                };
                let messages = page.messages.iter().filter(|message| message.msgid <= next);
                read += u64::from(PAGE);
                let hits = messages
                    .rev()
                    .filter_map(|message| hit(message, &wanted, listed));
                items.extend(hits);
                next = from.prev();
                let hint = words::searched(items.len(), read);
                let found = Found {
                    search,
                    items: items.clone(),
                    hint,
                };
                if sender.send(Msg::Found(found)).is_err() {
                    return;
                }
            }
        }
        let hint = words::found(items.len());
        let _ = sender.send(Msg::Found(Found {
            search,
            items,
            hint,
        }));
    });
}

fn hit(message: &Message, wanted: &[String], listed: &ConversationView) -> Option<Item> {
    let text = one_line(words::text_of(&message.body));
    let lower = text.to_lowercase();
    if text.is_empty() || !wanted.iter().all(|word| lower.contains(word.as_str())) {
        return None;
    }
    // Lower case may have another length, so the place is counted in characters.
    let at = lower.find(wanted.first()?.as_str())?;
    let skipped = lower[..at].chars().count().saturating_sub(CONTEXT_CHARS);
    let shown: String = text.chars().skip(skipped).collect();
    let start = if skipped > 0 { "~" } else { "" };
    Some(Item {
        label: format!("{start}{shown}"),
        matched: Vec::new(),
        detail: format!("{} {}", name(listed), message.msgid),
        value: Value::Message(message.conversation, message.msgid),
    })
}
