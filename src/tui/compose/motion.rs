//! Places in a text: neighbours of a caret by cluster, word and line.

use crate::tui::text::width::graphemes;

/// The start of the cluster before the caret.
pub(crate) fn left(text: &str, caret: usize) -> usize {
    let before = text.get(..caret).unwrap_or(text);
    graphemes(before).next_back().map_or(0, |(at, _)| at)
}

/// The end of the cluster after the caret.
pub(crate) fn right(text: &str, caret: usize) -> usize {
    let after = text.get(caret..).unwrap_or_default();
    caret
        + graphemes(after)
            .next()
            .map_or(0, |(_, cluster)| cluster.len())
}

/// The start of the word before the caret.
pub(crate) fn word_left(text: &str, caret: usize) -> usize {
    let mut at = caret;
    let mut class = Class::Blank;
    while at > 0 {
        let before = left(text, at);
        let next = Class::of(&text[before..at]);
        if class != Class::Blank && next != class {
            break;
        }
        class = next;
        at = before;
    }
    at
}

/// The end of the word after the caret.
pub(crate) fn word_right(text: &str, caret: usize) -> usize {
    let mut at = caret;
    let mut class = Class::Blank;
    while at < text.len() {
        let after = right(text, at);
        let next = Class::of(&text[at..after]);
        if class != Class::Blank && next != class {
            break;
        }
        class = next;
        at = after;
    }
    at
}

/// The start of the line, after its line end.
pub(crate) fn line_start(text: &str, caret: usize) -> usize {
    text[..caret].rfind('\n').map_or(0, |at| at + 1)
}

/// The end of the line, before its line end.
pub(crate) fn line_end(text: &str, caret: usize) -> usize {
    text[caret..].find('\n').map_or(text.len(), |at| caret + at)
}

/// The nearest border of a cluster at or before an offset.
pub(crate) fn border(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    graphemes(text)
        .map(|(at, _)| at)
        .take_while(|&at| at <= offset)
        .last()
        .filter(|_| offset < text.len())
        .unwrap_or(offset)
}

/// Words consist of clusters of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Mark,
}

impl Class {
    fn of(cluster: &str) -> Self {
        match cluster.chars().next() {
            None => Self::Blank,
            Some(c) if c.is_whitespace() => Self::Blank,
            Some(c) if c.is_alphanumeric() || c == '_' => Self::Word,
            Some(_) => Self::Mark,
        }
    }
}
