//! What stands within a line. Markup that is not closed in its line is text.

use super::address::is_in_address;
use super::link;
use crate::chars::is_word;
use crate::emoji::emoji;
use crate::mention::{Budget, Names, Unknown};
use crate::tree::{Inline, Line};

/// Delimiters that may wait for their end at a time. Further ones are text.
pub(super) const OPEN_MAX: usize = 8;

const EMOJI_NAME_BYTES_MAX: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delimiter {
    Bold,
    Italic,
    Struck,
}

impl Delimiter {
    const fn text(self) -> &'static str {
        match self {
            Self::Bold => "**",
            Self::Italic => "*",
            Self::Struck => "~~",
        }
    }

    const fn wrap<T>(self, inner: Vec<Inline<T>>) -> Inline<T> {
        match self {
            Self::Bold => Inline::Bold(inner),
            Self::Italic => Inline::Italic(inner),
            Self::Struck => Inline::Struck(inner),
        }
    }
}

struct Parser<'a, T> {
    names: &'a Names<T>,
    unknown: &'a mut Unknown,
    budget: Budget,
    /// What is complete, outside all delimiters.
    done: Line<T>,
    /// The delimiters that wait for their end, each with what follows it.
    open: Vec<(Delimiter, Line<T>)>,
}

pub(super) fn parse<T: Clone>(line: &str, names: &Names<T>, unknown: &mut Unknown) -> Line<T> {
    let mut parser = Parser {
        names,
        unknown,
        budget: Budget::default(),
        done: Vec::new(),
        open: Vec::new(),
    };
    let mut at = 0;
    while at < line.len() {
        at += parser.step(line, at).max(1);
    }
    parser.finish()
}

impl<T: Clone> Parser<'_, T> {
    /// Takes the next part of a line, and returns its length in bytes.
    fn step(&mut self, line: &str, at: usize) -> usize {
        let (all_before, rest) = line.split_at(at);
        let before = all_before.chars().next_back();
        let Some(first) = rest.chars().next() else {
            return 0;
        };
        let is_inside_word = before.is_some_and(is_word);
        let found = match first {
            '\\' => self.escape(rest, at == 0),
            '`' => Some(self.code(rest)),
            '*' | '~' => Some(self.delimiters(rest, first, before)),
            '[' => self.labelled(rest),
            ':' if !is_inside_word => self.emoji(rest),
            '@' if !is_inside_word && before != Some('/') => self.mention(all_before, rest),
            'h' | 'H' | 'm' | 'M' | 'c' | 'C' if !is_inside_word => self.link(rest),
            _ => None,
        };
        found.unwrap_or_else(|| {
            self.text(&rest[..first.len_utf8()]);
            first.len_utf8()
        })
    }

    fn escape(&mut self, rest: &str, is_start: bool) -> Option<usize> {
        let escaped = rest[1..].chars().next()?;
        let is_escapable = matches!(escaped, '`' | '*' | '~' | '@' | ':' | '[')
            || (is_start && matches!(escaped, '>' | '-'));
        is_escapable.then(|| {
            self.text(&rest[1..2]);
            2
        })
    }

    /// Backticks, up to as many others.
    fn code(&mut self, rest: &str) -> usize {
        let inner = rest.trim_start_matches('`');
        let ticks = rest.len() - inner.len();
        let mut at = 0;
        while let Some(next) = inner[at..].find('`') {
            let start = at + next;
            let end = inner.len() - inner[start..].trim_start_matches('`').len();
            if end - start == ticks {
                let code = &inner[..start];
                // One blank on each side separates the code from backticks in it.
                let padded = code
                    .strip_prefix(' ')
                    .and_then(|code| code.strip_suffix(' '))
                    .filter(|code| !code.trim().is_empty());
                self.push(Inline::Code(padded.unwrap_or(code).to_owned()));
                return ticks + end;
            }
            at = end;
        }
        self.text(&rest[..ticks]);
        ticks
    }

    fn delimiters(&mut self, rest: &str, mark: char, before: Option<char>) -> usize {
        let after = rest.trim_start_matches(mark);
        let run = rest.len() - after.len();
        let next = after.chars().next();
        let is_known = if mark == '*' { run <= 3 } else { run == 2 };
        if !is_known {
            self.text(&rest[..run]);
            return run;
        }
        let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let can_close = !is_blank(before) && !next.is_some_and(is_word);
        let can_open = !is_blank(next) && !before.is_some_and(is_word);
        let mut left = run;
        if can_close {
            while let Some(delimiter) = self.closes(mark, left) {
                self.close(delimiter);
                left -= delimiter.text().len();
            }
        }
        while left > 0 {
            let delimiter = match (mark, left) {
                ('~', _) => Delimiter::Struck,
                (_, 1) => Delimiter::Italic,
                _ => Delimiter::Bold,
            };
            if can_open && self.open.len() < OPEN_MAX {
                self.open.push((delimiter, Vec::new()));
            } else {
                self.text(delimiter.text());
            }
            left -= delimiter.text().len();
        }
        run
    }

    /// The open delimiter that this many marks end: the one of that length, or the inner one of
    /// three marks.
    fn closes(&self, mark: char, marks: usize) -> Option<Delimiter> {
        let open = self.open.iter().rev().map(|&(delimiter, _)| delimiter);
        open.filter(|delimiter| delimiter.text().starts_with(mark))
            .find(|delimiter| marks == 3 || delimiter.text().len() == marks)
    }

    /// Ends a delimiter. Those inside it that were not ended are text.
    fn close(&mut self, delimiter: Delimiter) {
        while let Some((inner, line)) = self.open.pop() {
            if inner == delimiter {
                self.push(delimiter.wrap(line));
                return;
            }
            self.unwrap(inner, line);
        }
    }

    fn labelled(&mut self, rest: &str) -> Option<usize> {
        let inner = &rest[1..];
        let end = inner.find(['[', ']'])?;
        let label = &inner[..end];
        let target = inner[end..].strip_prefix("](")?;
        let url = link::bracketed(target)?;
        if label.trim().is_empty() {
            return None;
        }
        self.push(link::node(url, Some(label)));
        Some("[](".len() + label.len() + url.len() + ")".len())
    }

    fn link(&mut self, rest: &str) -> Option<usize> {
        let url = link::bare(rest)?;
        self.push(link::node(url, None));
        Some(url.len())
    }

    fn emoji(&mut self, rest: &str) -> Option<usize> {
        let bytes = rest.as_bytes().get(1..)?;
        let longest = bytes.iter().take(EMOJI_NAME_BYTES_MAX + 1);
        let end = longest.copied().position(|byte| byte == b':')?;
        let name = rest.get(1..=end)?;
        let glyph = emoji(name)?;
        self.push(Inline::Emoji {
            name: name.to_owned(),
            glyph: glyph.to_owned(),
        });
        Some(end + 2)
    }

    fn mention(&mut self, before: &str, rest: &str) -> Option<usize> {
        self.budget.spend()?;
        let after = &rest[1..];
        if is_in_address(before, after) {
            return None;
        }
        let Some((name, target)) = self.names.longest(after) else {
            self.unknown.note(after);
            return None;
        };
        self.push(Inline::Mention {
            name: name.to_owned(),
            target: target.clone(),
        });
        Some(1 + name.len())
    }

    fn text(&mut self, text: &str) {
        let line = self.line();
        match line.last_mut() {
            Some(Inline::Text(known)) => known.push_str(text),
            _ => line.push(Inline::Text(text.to_owned())),
        }
    }

    fn push(&mut self, inline: Inline<T>) {
        match inline {
            Inline::Text(text) => self.text(&text),
            other => self.line().push(other),
        }
    }

    fn line(&mut self) -> &mut Line<T> {
        match self.open.last_mut() {
            Some((_, line)) => line,
            None => &mut self.done,
        }
    }

    /// Adds a delimiter without an end, and what follows it.
    fn unwrap(&mut self, delimiter: Delimiter, line: Line<T>) {
        self.text(delimiter.text());
        line.into_iter().for_each(|inline| self.push(inline));
    }

    fn finish(mut self) -> Line<T> {
        while let Some((delimiter, line)) = self.open.pop() {
            self.unwrap(delimiter, line);
        }
        self.done
    }
}
