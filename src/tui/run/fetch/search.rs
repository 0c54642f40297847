//! Search on the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_client::{Client, FoundMessage, search as query};
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::search::{Condition, Query, Span, Test};
use cairn_proto::model::user::UserInfo;
use cairn_session::ConversationView;
use jiff::Zoned;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_local;

use crate::tui::app::model::overlay::Found;
use crate::tui::app::model::picker::{Item, Value};
use crate::tui::app::msg::Msg;
use crate::tui::draw::list::name;
use crate::tui::draw::rows::{moment, unnamed};
use crate::tui::text::markup::one_line;
use crate::tui::text::words;
use cairn_text::{Lines, sanitize};

/// Hits that are shown.
const HITS_MAX: usize = 100;

/// Characters of a hit before the words.
const CONTEXT_CHARS: usize = 24;

/// Characters of a hit in all.
const HIT_CHARS_MAX: usize = 400;

/// Starts a search. It answers with [`Msg::Found`], also on the way.
pub(crate) fn start(
    search: u64,
    within: Option<ConversationId>,
    typed: String,
    list: Arc<[Arc<ConversationView>]>,
    client: Client,
    sender: UnboundedSender<Msg>,
) {
    spawn_local(async move {
        let send = |items: &[Item], hint: String, instead: Option<String>| {
            let items = items.to_vec();
            sender.send(Msg::Found(Found {
                search,
                items,
                hint,
                instead,
            }))
        };
        let mut items = Vec::new();
        let query = match client.parse_query(&typed, &Zoned::now()).await {
            Ok(query) => limited(query, within),
            Err(error) => return drop(send(&items, error.to_string(), None)),
        };
        let mut hits = client.search(query);
        while items.len() < HITS_MAX {
            let page = match hits.next_page().await {
                None => break,
                Some(Ok(page)) => page,
                Some(Err(error)) => return drop(send(&items, error.to_string(), None)),
            };
            let senders: Vec<UserId> = page.iter().map(|found| found.message.sender).collect();
            // Without names, the hits are still worth showing.
            let names = client.people().shown(&senders).await.unwrap_or_default();
            items.extend(page.iter().map(|found| item(found, &list, &names)));
            if send(&items, words::SEARCHING.to_owned(), None).is_err() {
                return;
            }
        }
        let respelling = match items.is_empty() {
            true => hits.respelling().await.ok().flatten(),
            false => None,
        };
        let instead = respelling.map(|respelling| query::respell(&typed, &respelling));
        let hint = match &instead {
            Some(instead) => words::did_you_mean(&one_line(instead)),
            None => words::found(items.len()),
        };
        let _ = send(&items, hint, instead);
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

fn item(
    found: &FoundMessage,
    list: &[Arc<ConversationView>],
    names: &BTreeMap<UserId, UserInfo>,
) -> Item {
    let message = &found.message;
    let sender = match names.get(&message.sender) {
        Some(user) => one_line(user.name.as_str()),
        None => words::unknown_user(message.sender),
    };
    let mut label = Label::default();
    label.push(&format!("{sender}: "), false);
    if let Some(file) = message.body.attachment() {
        label.push("[", false);
        label.push_found(file.name.as_str(), &found.highlights.file_name, 0);
        label.push("] ", false);
    }
    let text = words::text_of(&message.body);
    let first = found.highlights.words.first();
    let first = first.map_or(0, |span| usize::try_from(span.start).unwrap_or(0));
    label.push_found(text, &found.highlights.words, excerpt(text, first));
    let id = message.conversation;
    let listed = list.iter().find(|listed| listed.id == id);
    let place = listed.map_or_else(|| unnamed(id), |listed| name(listed));
    let at = moment(message.sent_at, &jiff::tz::TimeZone::system());
    Item {
        label: label.text,
        matched: label.matched,
        detail: format!("{place} {} {at}", message.msgid),
        value: Value::Message(id, message.msgid),
    }
}

/// Where an excerpt begins, so that the first match is in sight with some text before it.
fn excerpt(text: &str, first: usize) -> usize {
    let before = text.get(..first).unwrap_or_default();
    let skipped = before.chars().count().saturating_sub(CONTEXT_CHARS);
    before.char_indices().nth(skipped).map_or(0, |(at, _)| at)
}

/// A line with marked characters.
#[derive(Debug, Default)]
struct Label {
    text: String,
    chars: u32,
    matched: Vec<u32>,
}

impl Label {
    /// Appends text without what a terminal interprets. Blanks are one, also at the seams.
    fn push(&mut self, text: &str, is_matched: bool) {
        for c in sanitize(text, Lines::Join).chars() {
            let c = if c.is_whitespace() { ' ' } else { c };
            let is_full = usize::try_from(self.chars).is_ok_and(|chars| chars >= HIT_CHARS_MAX);
            if is_full || c == ' ' && self.text.ends_with(' ') {
                continue;
            }
            if is_matched {
                self.matched.push(self.chars);
            }
            self.text.push(c);
            self.chars += 1;
        }
    }

    /// Appends a text from an offset on, with its matches marked.
    fn push_found(&mut self, text: &str, spans: &[Span], from: usize) {
        if from > 0 {
            self.push("~", false);
        }
        let mut at = from;
        for span in spans {
            let ends = (usize::try_from(span.start), usize::try_from(span.end));
            let (Ok(start), Ok(end)) = ends else {
                continue;
            };
            let (Some(before), Some(found)) = (text.get(at..start), text.get(start..end)) else {
                continue;
            };
            self.push(before, false);
            self.push(found, true);
            at = end;
        }
        self.push(text.get(at..).unwrap_or_default(), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    fn marked(text: &str, spans: &[Span]) -> String {
        let first = spans.first().map_or(0, |span| span.start as usize);
        let mut label = Label::default();
        label.push_found(text, spans, excerpt(text, first));
        let chars = (0..).zip(label.text.chars());
        chars
            .map(|(at, c)| match label.matched.contains(&at) {
                true => c.to_uppercase().to_string(),
                false => c.to_string(),
            })
            .collect()
    }

    #[test]
    fn matches_are_marked_where_they_are_shown() {
        assert_eq!(marked("see  you\nbob", &[span(5, 8)]), "see YOU bob");
        assert_eq!(marked("a\u{1b}[m bob", &[span(5, 8)]), "a␛[m BOB");
        assert_eq!(marked("今天 ok", &[span(7, 9)]), "今天 OK");
        let long = format!("{} lunch", "x".repeat(100));
        let shown = marked(&long, &[span(101, 106)]);
        assert_eq!(shown, format!("~{} LUNCH", "x".repeat(23)));
        assert_eq!(marked("abc", &[span(1, 2), span(9, 12)]), "aBc");
    }

    #[test]
    fn long_hits_are_cut() {
        let mut label = Label::default();
        label.push(&"x".repeat(10_000), true);
        assert_eq!((label.text.len(), label.matched.len()), (400, 400));
    }
}
