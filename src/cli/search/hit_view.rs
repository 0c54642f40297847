//! A message that a search found, for people and as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use anstyle::{AnsiColor, Color, Style};
use cairn_client::{Client, FoundMessage};
use cairn_proto::ids::ConversationId;
use cairn_proto::model::conversation::ConversationKind;
use cairn_proto::model::search::Span;
use serde::Serialize;

use crate::cli::chat::message_view::MessageView;
use crate::cli::chat::names::Names;
use crate::cli::failure::Failure;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Local;

const FOUND: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::Black)))
    .bg_color(Some(Color::Ansi(AnsiColor::Yellow)));

/// Characters shown before the first match of a long text, and in all.
const BEFORE_MATCH: usize = 60;
const EXCERPT: usize = 240;

/// The names of the user's conversations.
#[derive(Debug)]
pub(super) struct Places(BTreeMap<ConversationId, String>);

impl Places {
    pub(super) async fn of(client: &Client) -> Result<Self, Failure> {
        let conversations = client.conversations().list().await?;
        let named = conversations.into_iter().map(|found| {
            let name = match &found.kind {
                ConversationKind::Direct { peer } => format!("@{}", peer.name),
                ConversationKind::Group { name } => format!("#{name}"),
                other => other.title(),
            };
            (found.id, name)
        });
        Ok(Self(named.collect()))
    }
}

/// A found message. The fields are those of `tail`, and where it matched.
#[derive(Debug, Serialize)]
pub(super) struct HitView<'a> {
    #[serde(flatten)]
    view: MessageView<'a>,
    matches: Vec<(u32, u32)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    file_name_matches: Vec<(u32, u32)>,
    #[serde(skip)]
    place: Cow<'a, str>,
    #[serde(skip)]
    found: &'a FoundMessage,
    #[serde(skip)]
    sender: Cow<'a, str>,
    #[serde(skip)]
    is_styled: bool,
}

impl<'a> HitView<'a> {
    pub(super) fn new(
        found: &'a FoundMessage,
        names: &'a Names,
        places: Option<&'a Places>,
    ) -> Self {
        let pairs = |spans: &[Span]| spans.iter().map(|span| (span.start, span.end)).collect();
        let conversation = found.message.conversation;
        let place = places.and_then(|places| places.0.get(&conversation));
        Self {
            view: MessageView::new(&found.message, names),
            matches: pairs(&found.highlights.words),
            file_name_matches: pairs(&found.highlights.file_name),
            place: match place {
                Some(name) => name.into(),
                None => format!("#id:{conversation}").into(),
            },
            found,
            sender: names.of(found.message.sender),
            is_styled: false,
        }
    }

    pub(super) const fn styled(mut self, is_styled: bool) -> Self {
        self.is_styled = is_styled;
        self
    }
}

impl fmt::Display for HitView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.found.message;
        let (place, sender) = (Sanitized(&self.place), Sanitized(&self.sender));
        let moment = Local(message.sent_at.get());
        write!(f, "{place} {}  {moment}  {sender}:", message.msgid)?;
        if let Some(file) = message.body.attachment() {
            f.write_str(" [")?;
            let spans = &self.found.highlights.file_name;
            highlighted(f, file.name.as_str(), spans, self.is_styled)?;
            f.write_str("]")?;
        }
        if let Some(words) = message.body.words().filter(|words| !words.is_empty()) {
            f.write_str(" ")?;
            highlighted(f, words, &self.found.highlights.words, self.is_styled)?;
        }
        Ok(())
    }
}

/// Writes a text, or the part of a long one around the first match, with the matches marked.
fn highlighted(
    f: &mut fmt::Formatter<'_>,
    text: &str,
    spans: &[Span],
    is_styled: bool,
) -> fmt::Result {
    let Range { start, end } = excerpt(text, spans);
    let mut at = start;
    if start > 0 {
        f.write_str("…")?;
    }
    for span in spans {
        let (from, to) = (span.start as usize, span.end as usize);
        let (Some(before), Some(found)) = (text.get(at..from), text.get(from..to)) else {
            continue;
        };
        if to > end {
            break;
        }
        write!(f, "{}", Sanitized(before))?;
        match is_styled {
            true => write!(f, "{FOUND}{}{FOUND:#}", Sanitized(found))?,
            false => write!(f, "{}", Sanitized(found))?,
        }
        at = to;
    }
    write!(f, "{}", Sanitized(text.get(at..end).unwrap_or_default()))?;
    if end < text.len() {
        f.write_str("…")?;
    }
    Ok(())
}

fn excerpt(text: &str, spans: &[Span]) -> Range<usize> {
    if text.chars().count() <= EXCERPT {
        return 0..text.len();
    }
    let first = spans.first().map_or(0, |span| span.start as usize);
    let before = text.get(..first).unwrap_or_default();
    let starts = before.char_indices().rev().take(BEFORE_MATCH);
    let start = starts.last().map_or(first.min(text.len()), |(at, _)| at);
    let rest = text.get(start..).unwrap_or_default();
    let end = rest
        .char_indices()
        .nth(EXCERPT)
        .map_or(rest.len(), |(at, _)| at);
    start..start + end
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shown<'a>(&'a str, &'a [Span], bool);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            highlighted(f, self.0, self.1, self.2)
        }
    }

    fn spans<const N: usize>(spans: [(u32, u32); N]) -> [Span; N] {
        spans.map(|(start, end)| Span { start, end })
    }

    #[test]
    fn matches_are_marked_and_texts_sanitized() {
        let shown = |text, spans: &[Span], is_styled| Shown(text, spans, is_styled).to_string();
        let text = "我家在上海\u{1b}[2J";
        let at = spans([(9, 15)]);
        assert_eq!(shown(text, &at, false), "我家在上海␛[2J");
        assert_eq!(
            shown(text, &at, true),
            "我家在\u{1b}[30m\u{1b}[43m上海\u{1b}[0m␛[2J"
        );
        let hostile = spans([(1, 2), (900, 901), (3, 2)]);
        assert_eq!(shown("上海", &hostile, true), "上海", "not at characters");
    }

    #[test]
    fn long_texts_are_cut_around_the_first_match() {
        let text = format!("{}上海{}", "x".repeat(1_000), "y".repeat(1_000));
        let shown = Shown(&text, &spans([(1_000, 1_006)]), false).to_string();
        let expected = format!("…{}上海{}…", "x".repeat(60), "y".repeat(178));
        assert_eq!(shown, expected);
    }
}
