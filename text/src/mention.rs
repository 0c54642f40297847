//! Names after an `@`.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::chars::{is_mark, is_word};
use crate::name::user_key as key;
use crate::parse::parse_noting;
use crate::tree::{Block, Inline};

/// Candidates that are looked up in one line. Later ones are text.
const CANDIDATES_MAX: usize = 256;

/// The names that a text can mention, such as the members of its conversation, and what each of
/// them stands for. Names match whatever their case and however their accents are encoded.
#[derive(Clone, Debug)]
pub struct Names<T> {
    by_key: HashMap<String, T>,
    /// Characters of the longest key, decomposed.
    longest: usize,
}

/// Bytes of a name that is not known, and how many are noted.
const UNKNOWN_BYTES_MAX: usize = 64;
const UNKNOWN_MAX: usize = 16;

/// What a text mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentions<T> {
    /// Each target once, in the order of the text.
    pub found: Vec<T>,
    /// Words after an `@` that name no one, each once, without the `@`; at most 16.
    pub unknown: Vec<String>,
}

/// Words after an `@` that name no one.
#[derive(Debug, Default)]
pub(crate) struct Unknown(Vec<String>);

impl Unknown {
    /// Notes the word at the start of a text, if there is one.
    pub(crate) fn note(&mut self, text: &str) {
        let is_name = |c: char| c.is_alphanumeric() || is_mark(c) || "_-.".contains(c);
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        let word = text[..end].trim_end_matches(['.', '-']);
        let starts = word.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_new = || !self.0.iter().any(|known| key(known) == key(word));
        if starts && word.len() <= UNKNOWN_BYTES_MAX && self.0.len() < UNKNOWN_MAX && is_new() {
            self.0.push(word.to_owned());
        }
    }
}

/// Look-ups left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(CANDIDATES_MAX)
    }
}

impl Budget {
    /// Takes one look-up, if there is one left.
    pub(crate) fn spend(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }
}

impl<T> Names<T> {
    /// Creates an index of names. Of names with the same key, the last is found.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let by_key: HashMap<_, _> = names
            .into_iter()
            .map(|(name, target)| (key(name), target))
            .collect();
        let longest = by_key.keys().map(|key| key.nfd().count()).max();
        Self {
            by_key,
            longest: longest.unwrap_or(0),
        }
    }

    /// Returns an index without names: a text that is parsed with it mentions no one.
    #[must_use]
    pub fn none() -> Self {
        Self::new([])
    }

    /// Adds a name, in place of one with the same key.
    pub fn insert(&mut self, name: &str, target: T) {
        let key = key(name);
        self.longest = self.longest.max(key.nfd().count());
        self.by_key.insert(key, target);
    }

    /// Returns what a name stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.by_key.get(&key(name))
    }

    /// Finds the longest name at the start of a text. It ends where its last word ends.
    pub(crate) fn longest<'a>(&self, text: &'a str) -> Option<(&'a str, &T)> {
        let ends: Vec<_> = text
            .char_indices()
            .take(self.longest)
            .map(|(at, c)| at + c.len_utf8())
            .collect();
        ends.into_iter().rev().find_map(|end| {
            let (name, after) = text.split_at(end);
            let next = after.chars().next();
            let ends_inside = name.ends_with(is_word) && next.is_some_and(is_word);
            if ends_inside || next.is_some_and(is_mark) {
                return None;
            }
            self.get(name).map(|target| (name, target))
        })
    }
}

/// Returns what a text mentions. Clients call it for every text that they send or edit.
#[must_use]
pub fn mentions<T: Clone + PartialEq>(text: &str, names: &Names<T>) -> Mentions<T> {
    let mut unknown = Unknown::default();
    let mut found = Vec::new();
    in_blocks(parse_noting(text, names, &mut unknown), &mut found);
    Mentions {
        found,
        unknown: unknown.0,
    }
}

fn in_blocks<T: PartialEq>(blocks: Vec<Block<T>>, found: &mut Vec<T>) {
    for block in blocks {
        match block {
            Block::Paragraph(lines) => lines.into_iter().for_each(|line| in_line(line, found)),
            Block::List(items) => items.into_iter().for_each(|item| in_line(item.line, found)),
            Block::Quote(blocks) => in_blocks(blocks, found),
            Block::Code { .. } => {}
        }
    }
}

fn in_line<T: PartialEq>(line: Vec<Inline<T>>, found: &mut Vec<T>) {
    for inline in line {
        match inline {
            Inline::Mention { target, .. } if !found.contains(&target) => found.push(target),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Struck(inner) => {
                in_line(inner, found);
            }
            _ => {}
        }
    }
}
