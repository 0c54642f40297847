//! Blocks: fences, quotes, lists and paragraphs.

use super::inline;
use crate::mention::{Names, Unknown};
use crate::tree::{Block, Item, Marker};

const LEVEL_MAX: usize = 3;
const LEVEL_BLANKS: usize = 2;
const NUMBER_DIGITS_MAX: usize = 9;

/// Parses lines. `quotes_left` is how many quotes may stand inside each other.
pub(super) fn parse<T: Clone>(
    lines: &[&str],
    names: &Names<T>,
    unknown: &mut Unknown,
    quotes_left: usize,
) -> Vec<Block<T>> {
    let mut blocks = Vec::new();
    let mut rest = lines;
    while let [first, after @ ..] = rest {
        if first.trim().is_empty() {
            rest = after;
        } else if let Some(fence) = Fence::open(first) {
            let end = after.iter().position(|line| fence.is_closed_by(line));
            let (code, others) = match end {
                Some(end) => (&after[..end], &after[end + 1..]),
                None => (after, &[][..]),
            };
            blocks.push(Block::Code {
                language: fence.language.map(str::to_owned),
                text: code.join("\n"),
            });
            rest = others;
        } else if quotes_left > 0 && quoted(first).is_some() {
            let inner: Vec<_> = rest.iter().map_while(|line| quoted(line)).collect();
            rest = &rest[inner.len()..];
            blocks.push(Block::Quote(parse(&inner, names, unknown, quotes_left - 1)));
        } else if item(first).is_some() {
            let items: Vec<_> = rest.iter().map_while(|line| item(line)).collect();
            rest = &rest[items.len()..];
            let items = items.into_iter().map(|(level, marker, line)| Item {
                level,
                marker,
                line: inline::parse(line, names, unknown),
            });
            blocks.push(Block::List(items.collect()));
        } else {
            let is_end = |line: &&str| {
                line.trim().is_empty()
                    || Fence::open(line).is_some()
                    || (quotes_left > 0 && quoted(line).is_some())
                    || item(line).is_some()
            };
            let end = rest.iter().position(is_end).unwrap_or(rest.len());
            let (paragraph, others) = rest.split_at(end);
            let lines = paragraph
                .iter()
                .map(|line| inline::parse(line, names, unknown));
            blocks.push(Block::Paragraph(lines.collect()));
            rest = others;
        }
    }
    blocks
}

struct Fence<'a> {
    backticks: usize,
    language: Option<&'a str>,
}

impl<'a> Fence<'a> {
    fn open(line: &'a str) -> Option<Self> {
        let label = line.trim_start_matches('`');
        let backticks = line.len() - label.len();
        // A line with further backticks is code within a line.
        (backticks >= 3 && !label.contains('`')).then(|| Self {
            backticks,
            language: label.split_whitespace().next(),
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim_end();
        line.len() >= self.backticks && line.bytes().all(|byte| byte == b'`')
    }
}

/// What is quoted, if the line is a quote. `>` is followed by a blank, another `>`, or nothing, so
/// that `>_<` remains a face.
fn quoted(line: &str) -> Option<&str> {
    let quoted = line.strip_prefix('>')?;
    match quoted.chars().next() {
        None | Some('>') => Some(quoted),
        Some(_) => quoted.strip_prefix([' ', '\t']),
    }
}

fn item(line: &str) -> Option<(u8, Marker, &str)> {
    let text = line.trim_start_matches(' ');
    let level = ((line.len() - text.len()) / LEVEL_BLANKS).min(LEVEL_MAX) as u8;
    let (marker, text) = match text.strip_prefix(['-', '*']) {
        Some(text) => (Marker::Bullet, text),
        None => {
            let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = &text[..text.len() - after.len()];
            let number = (digits.len() <= NUMBER_DIGITS_MAX).then(|| digits.parse().ok());
            (Marker::Number(number??), after.strip_prefix(['.', ')'])?)
        }
    };
    let text = text.strip_prefix([' ', '\t'])?.trim_start();
    (!text.is_empty()).then_some((level, marker, text))
}
