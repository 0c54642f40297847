//! The parser.
//!
//! Its work is linear in the length of the text, apart from bounded searches; nothing recurses
//! deeper than [`QUOTE_DEPTH_MAX`] quotes and [`OPEN_MAX`](inline::OPEN_MAX) delimiters.

mod address;
mod block;
mod inline;
mod link;

use crate::mention::{Names, Unknown};
use crate::tree::Block;

/// Deeper quotes are shown as text.
const QUOTE_DEPTH_MAX: usize = 4;

/// Parses a text. Every text has a tree: what is not valid markup is text.
#[must_use]
pub fn parse<T: Clone>(text: &str, names: &Names<T>) -> Vec<Block<T>> {
    parse_noting(text, names, &mut Unknown::default())
}

/// Parses a text, and notes names that are not known.
pub(crate) fn parse_noting<T: Clone>(
    text: &str,
    names: &Names<T>,
    unknown: &mut Unknown,
) -> Vec<Block<T>> {
    let lines = lines(text);
    block::parse(&lines, names, unknown, QUOTE_DEPTH_MAX)
}

/// The lines, whichever way they end.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let (line, end) = rest.split_at(at);
        lines.push(line);
        let mut chars = end.chars();
        chars.next();
        rest = end.strip_prefix("\r\n").unwrap_or(chars.as_str());
    }
    lines.push(rest);
    lines
}
