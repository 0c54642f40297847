//! A source file as the rules see it: code without comments and texts, and the texts apart from it.

/// One Rust file.
pub(super) struct Source {
    /// Its path below the root of the repository, with `/`.
    pub(super) path: String,
    /// The file as it is.
    pub(super) raw: String,
    /// The file with every comment and every text blanked; lines stay where they are.
    pub(super) code: String,
    /// Every text of the file with the number of its first line, from 1.
    pub(super) texts: Vec<(usize, String)>,
}

impl Source {
    pub(super) fn new(path: &str, raw: &str) -> Self {
        let (code, texts) = Scanner {
            rest: raw,
            line: 1,
            code: String::new(),
            texts: vec![],
        }
        .scan();
        Self {
            path: path.to_owned(),
            raw: raw.to_owned(),
            code,
            texts,
        }
    }

    /// The lines of [`Source::code`], numbered from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }
}

/// Whether `word` stands in `line` with nothing of an identifier beside it.
pub(super) fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let in_name = |c: char| c.is_alphanumeric() || c == '_';
        let before =
            line[..at].chars().next_back().is_some_and(in_name) && word.starts_with(in_name);
        let after =
            line[at + word.len()..].chars().next().is_some_and(in_name) && word.ends_with(in_name);
        !before && !after
    })
}

/// What stands right behind each `root::` in `code`, with its line: of `root::{a::b, c}` that is `a` and `c`.
pub(super) fn first_segments(code: &str, root: &str) -> Vec<(usize, String)> {
    let path = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in code
        .match_indices(&path)
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    {
        let behind = &code[at + path.len()..];
        let line_at = |offset: usize| 1 + code[..at + path.len() + offset].matches('\n').count();
        match behind.strip_prefix('{') {
            None => found.push((line_at(0), identifier(behind))),
            Some(group) => found.extend(
                group_members(group)
                    .into_iter()
                    .map(|(offset, name)| (line_at(offset + 1), name)),
            ),
        }
    }
    found
}

/// The first identifier of each member of a use group, up to the brace that closes it, with its place.
fn group_members(group: &str) -> Vec<(usize, String)> {
    let mut members = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                members.push((at, identifier(&group[at..])));
                begins = false;
            }
            _ => {}
        }
    }
    members
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Walks over a file once and sorts it into code and texts.
struct Scanner<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    texts: Vec<(usize, String)>,
}

impl<'a> Scanner<'a> {
    fn scan(mut self) -> (String, Vec<(usize, String)>) {
        while let Some(first) = self.rest.chars().next() {
            if self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.blank(end);
            } else if self.rest.starts_with("/*") {
                let end = block_comment_end(self.rest);
                self.blank(end);
            } else if let Some(quoted) = quoted_at(self.rest, self.code.chars().next_back()) {
                let text = self.rest[quoted.begin..quoted.end].to_owned();
                self.texts.push((self.line, text));
                self.keep(quoted.begin);
                self.blank(quoted.end - quoted.begin);
                self.keep(quoted.closing);
            } else if first == '\'' {
                let end = char_literal_end(self.rest);
                if end == 1 {
                    self.keep(1)
                } else {
                    self.blank(end)
                }
            } else {
                self.keep(first.len_utf8());
            }
        }
        (self.code, self.texts)
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn keep(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.code.push_str(taken);
    }

    fn blank(&mut self, bytes: usize) {
        let taken = self.take(bytes);
        self.code
            .extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
    }
}

/// Where the text of a literal lies behind the current place, and how long what closes it is, in bytes.
struct Quoted {
    begin: usize,
    end: usize,
    closing: usize,
}

/// The text literal that begins right here, of whatever kind: `"…"`, `b"…"`, `r#"…"#` and so on.
fn quoted_at(rest: &str, before: Option<char>) -> Option<Quoted> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return rest.starts_with('"').then(|| plain(rest, 1));
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let behind = rest.strip_prefix(prefix).map(|behind| {
            if prefix.ends_with('r') {
                behind.trim_start_matches('#')
            } else {
                behind
            }
        });
        behind.is_some_and(|behind| behind.starts_with('"'))
    })?;
    if !prefix.ends_with('r') {
        return Some(plain(rest, prefix.len() + 1));
    }
    let hashes = rest[prefix.len()..].find('"')?;
    let begin = prefix.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let len = rest[begin..].find(&close);
    Some(Quoted {
        begin,
        end: len.map_or(rest.len(), |len| begin + len),
        closing: len.map_or(0, |_| close.len()),
    })
}

/// A literal with escapes whose text begins at `begin`.
fn plain(rest: &str, begin: usize) -> Quoted {
    let mut escaped = false;
    for (at, c) in rest[begin..].char_indices() {
        match c {
            '"' if !escaped => {
                return Quoted {
                    begin,
                    end: begin + at,
                    closing: 1,
                };
            }
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Quoted {
        begin,
        end: rest.len(),
        closing: 0,
    }
}

/// Where the character literal at the beginning of `rest` ends; 1 when the quote is that of a lifetime.
fn char_literal_end(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let behind = at + escaped.len_utf8();
            rest[behind..].find('\'').map_or(1, |len| behind + len + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

fn block_comment_end(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(raw: &str) -> String {
        let source = Source::new("x.rs", raw);
        assert_eq!(
            source.code.matches('\n').count(),
            raw.matches('\n').count(),
            "a line got lost"
        );
        source.code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        assert_eq!(
            code("a // sled\nb /* sled /* tokio */ \n sled */ c"),
            "a b c"
        );
        assert_eq!(
            code("f(\"sled \\\" {\", b\"quinn\", 'x')"),
            "f(\" \", b\" \", )"
        );
        assert_eq!(
            code("r#\"a \" sled\"# + br\"\\\" + 1"),
            "r#\" \"# + br\" \" + 1"
        );
        assert_eq!(code("&'a str; '{'; '\\''; '\\u{7d}' x"), "&'a str; ; ; x");
        assert_eq!(code("\"two\nlines\" y \"never closed {"), "\" \" y \"");
        assert_eq!(code("let url = \"a//b\"; z"), "let url = \" \"; z");
    }

    #[test]
    fn texts_have_their_lines() {
        let source = Source::new("x.rs", "a\n\"one\" b\"two\"\n// \"three\"\nr#\"four\"#");
        assert_eq!(
            source.texts,
            [
                (2, "one".to_owned()),
                (2, "two".to_owned()),
                (4, "four".to_owned())
            ]
        );
    }

    #[test]
    fn a_word_is_not_part_of_another() {
        assert!(mentions("use sled::Db;", "sled"));
        assert!(!mentions("use sledge::Db; unsled", "sled"));
        assert!(mentions("x.await;", ".await"));
        assert!(!mentions("x.awaiting", ".await"));
        assert!(mentions("Instant::now()", "Instant::now"));
    }

    #[test]
    fn groups_of_uses_are_opened() {
        let code = "use crate::{core::Core, limits::{self, store},\n  server::x};\ncrate::cli::run(); mycrate::no; crate::a";
        let found = first_segments(code, "crate");
        let expected = [
            (1, "core"),
            (1, "limits"),
            (2, "server"),
            (3, "cli"),
            (3, "a"),
        ];
        assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())));
    }
}
