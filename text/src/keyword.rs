//! Keywords: words of a user that are looked for in the texts of others.

use crate::chars::{is_mark, is_word};
use crate::mention::Names;
use crate::name::nickname_key as key;
use crate::parse::parse;
use crate::tree::{Block, Inline};

/// Stands for code, a link or another part of a line in which nothing is looked for.
const OPAQUE: char = '\u{fffc}';

/// Words and phrases to look for. They match in upper and lower case, in any width, and beside
/// scripts without blanks between words; not within a word, in code, or in a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords(Vec<(String, String)>);

impl Keywords {
    /// Creates an index of keywords. Blank ones are left out.
    pub fn new<'a>(keywords: impl IntoIterator<Item = &'a str>) -> Self {
        let keyed = keywords
            .into_iter()
            .map(|word| (key(word), word.to_owned()));
        Self(keyed.filter(|(key, _)| !key.is_empty()).collect())
    }

    /// Returns the keywords that a text contains, as they were given.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<&str> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut lines = Vec::new();
        in_blocks(&parse(text, &Names::<()>::none()), &mut lines);
        let lines: Vec<String> = lines.iter().map(|line| key(line)).collect();
        let found = self.0.iter().filter(|(key, _)| {
            let is_in = |line: &String| contains(line, key);
            lines.iter().any(is_in)
        });
        found.map(|(_, word)| word.as_str()).collect()
    }
}

/// Returns whether a line contains a keyword that is no part of a longer word.
fn contains(line: &str, keyword: &str) -> bool {
    let (Some(first), Some(last)) = (keyword.chars().next(), keyword.chars().next_back()) else {
        return false;
    };
    let mut from = 0;
    while let Some(at) = line[from..].find(keyword).map(|at| from + at) {
        let before = line[..at].chars().next_back();
        let after = line[at + keyword.len()..].chars().next();
        let begins_inside = is_word(first) && before.is_some_and(is_word);
        let ends_inside = is_word(last) && after.is_some_and(is_word);
        if !begins_inside && !ends_inside && !after.is_some_and(is_mark) {
            return true;
        }
        from = at + first.len_utf8();
    }
    false
}

fn in_blocks<T>(blocks: &[Block<T>], lines: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Paragraph(several) => {
                lines.extend(several.iter().map(|line| shown(line)));
            }
            Block::List(items) => lines.extend(items.iter().map(|item| shown(&item.line))),
            Block::Quote(blocks) => in_blocks(blocks, lines),
            Block::Code { .. } => {}
        }
    }
}

fn shown<T>(line: &[Inline<T>]) -> String {
    let mut text = String::new();
    in_line(line, &mut text);
    text
}

fn in_line<T>(line: &[Inline<T>], shown: &mut String) {
    for inline in line {
        match inline {
            Inline::Text(text) => shown.push_str(text),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Struck(inner) => {
                in_line(inner, shown);
            }
            Inline::Emoji { glyph, .. } => shown.push_str(glyph),
            Inline::Mention { name, .. } => {
                shown.push('@');
                shown.push_str(name);
            }
            Inline::Code(_) | Inline::Link { .. } | Inline::Permalink { .. } => shown.push(OPAQUE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_keywords_are_never_found() {
        assert!(Keywords::new(["", " "]).find("a b").is_empty());
    }
}
