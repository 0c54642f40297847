//! The tree of a message's text, as styled lines of a given width.

use cairn_text::{Block, Inline, Item, Lines, Marker, Names, parse, sanitize};
use std::sync::Arc;

use ratatui::style::Style;

use crate::tui::text::line::{Line, Span};
use crate::tui::text::width::Ambiguous;
use crate::tui::text::wrap::wrap;
use crate::tui::theme::{Role, Theme};

/// Whom a mention names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mentioned {
    Me,
    Other,
}

/// How text is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) theme: Theme,
    pub(crate) ambiguous: Ambiguous,
    pub(crate) columns: usize,
}

/// Text in several styles, before it is wrapped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Styled {
    text: String,
    pieces: Vec<Piece>,
}

/// Text in one style, up to `end`.
#[derive(Clone, Debug)]
struct Piece {
    end: usize,
    style: Style,
    link: Option<Arc<str>>,
}

impl Styled {
    pub(crate) fn push(&mut self, text: &str, style: Style) {
        self.push_piece(text, style, None);
    }

    /// Appends text that stands for an address.
    fn push_link(&mut self, text: &str, style: Style, url: &str) {
        self.push_piece(text, style, Some(url.into()));
    }

    fn push_piece(&mut self, text: &str, style: Style, link: Option<Arc<str>>) {
        if !text.is_empty() {
            self.text.push_str(text);
            let end = self.text.len();
            self.pieces.push(Piece { end, style, link });
        }
    }

    /// Wraps the text. The first line begins with `first`, the others with `others`.
    pub(crate) fn wrapped(&self, layout: Layout, first: &Line, others: &Line) -> Vec<Line> {
        let taken = |line: &Line| -> usize {
            let widths = line.spans.iter();
            widths
                .map(|span| layout.ambiguous.text(&span.content))
                .sum()
        };
        let none = Line::default();
        let indent = taken(first).max(taken(others));
        let (first, others, indent) = match indent + MIN_COLUMNS <= layout.columns {
            true => (first, others, indent),
            false => (&none, &none, 0),
        };
        let columns = layout.columns - indent;
        let ranges = wrap(&self.text, columns, layout.ambiguous);
        let lines = ranges.into_iter().enumerate().map(|(at, range)| {
            let mut line = if at == 0 {
                first.clone()
            } else {
                others.clone()
            };
            let mut start = 0;
            for piece in &self.pieces {
                let (from, to) = (start.max(range.start), piece.end.min(range.end));
                if from < to {
                    line.push_span(Span {
                        content: self.text[from..to].to_owned(),
                        style: piece.style,
                        link: piece.link.clone(),
                    });
                }
                start = piece.end;
            }
            line
        });
        lines.collect()
    }
}

/// Where an indent would leave fewer columns, there is none.
const MIN_COLUMNS: usize = 8;

/// Lays out the text of another user: sanitized, parsed, styled, wrapped.
pub(crate) fn message(
    text: &str,
    names: &Names<Mentioned>,
    layout: Layout,
    style: Style,
    indent: &Line,
) -> Vec<Line> {
    let clean = sanitize(text, Lines::Keep);
    let blocks = parse(&clean, names);
    let mut out = Vec::new();
    lay_out(&blocks, layout, style, indent, &mut out);
    if out.is_empty() {
        out.push(indent.clone());
    }
    out
}

/// Returns the text of a message in one line, for lists and quotes.
pub(crate) fn one_line(text: &str) -> String {
    let clean = sanitize(text, Lines::Join);
    let words: Vec<&str> = clean.split_whitespace().collect();
    words.join(" ")
}

/// Returns the words of a message in one line, without its markup.
pub(crate) fn unmarked(text: &str) -> String {
    let clean = sanitize(text, Lines::Keep);
    let mut out = String::new();
    flatten(&parse(&clean, &Names::<()>::none()), &mut out);
    one_line(&out)
}

fn flatten(blocks: &[Block<()>], out: &mut String) {
    for block in blocks {
        match block {
            Block::Paragraph(lines) => lines.iter().for_each(|line| flatten_line(line, out)),
            Block::Code { text, .. } => out.push_str(text),
            Block::Quote(blocks) => flatten(blocks, out),
            Block::List(items) => items.iter().for_each(|item| flatten_line(&item.line, out)),
        }
        out.push(' ');
    }
}

fn flatten_line(line: &[Inline<()>], out: &mut String) {
    for inline in line {
        match inline {
            Inline::Text(text) | Inline::Code(text) => out.push_str(text),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Struck(inner) => {
                flatten_line(inner, out);
            }
            Inline::Link { url, label } => out.push_str(label.as_deref().unwrap_or(url)),
            Inline::Permalink { url, .. } => out.push_str(url),
            Inline::Mention { name, .. } => out.extend(["@", name]),
            Inline::Emoji { glyph, .. } => out.push_str(glyph),
        }
    }
    out.push(' ');
}

fn lay_out(
    blocks: &[Block<Mentioned>],
    layout: Layout,
    style: Style,
    indent: &Line,
    out: &mut Vec<Line>,
) {
    let mut last_is_paragraph = false;
    for block in blocks {
        let is_paragraph = matches!(block, Block::Paragraph(_));
        if is_paragraph && last_is_paragraph {
            out.push(indent.clone());
        }
        last_is_paragraph = is_paragraph;
        match block {
            Block::Paragraph(lines) => {
                for line in lines {
                    let line = styled(line, layout.theme, style);
                    out.extend(line.wrapped(layout, indent, indent));
                }
            }
            Block::Code { text, .. } => {
                let code = layout.theme.style(Role::Code);
                let indent = with(indent, "  ", style);
                for line in text.split('\n') {
                    let mut styled = Styled::default();
                    styled.push(line, style.patch(code));
                    out.extend(styled.wrapped(layout, &indent, &indent));
                }
            }
            Block::Quote(blocks) => {
                let dim = style.patch(layout.theme.style(Role::Dim));
                lay_out(blocks, layout, dim, &with(indent, "| ", dim), out);
            }
            Block::List(items) => {
                for item in items {
                    out.extend(listed(item, layout, style, indent));
                }
            }
        }
    }
}

fn listed(item: &Item<Mentioned>, layout: Layout, style: Style, indent: &Line) -> Vec<Line> {
    let marker = match item.marker {
        Marker::Bullet => "-".to_owned(),
        Marker::Number(number) => format!("{number}."),
    };
    let level = "  ".repeat(item.level.into());
    let first = with(indent, &format!("{level}{marker} "), style);
    let others = with(indent, &" ".repeat(level.len() + marker.len() + 1), style);
    styled(&item.line, layout.theme, style).wrapped(layout, &first, &others)
}

fn with(indent: &Line, text: &str, style: Style) -> Line {
    let mut line = indent.clone();
    line.push_span(Span::styled(text.to_owned(), style));
    line
}

fn styled(line: &[Inline<Mentioned>], theme: Theme, style: Style) -> Styled {
    let mut out = Styled::default();
    push(line, theme, style, &mut out);
    out
}

fn push(line: &[Inline<Mentioned>], theme: Theme, style: Style, out: &mut Styled) {
    for inline in line {
        match inline {
            Inline::Text(text) => out.push(text, style),
            Inline::Code(code) => out.push(code, style.patch(theme.style(Role::Code))),
            Inline::Bold(inner) => push(inner, theme, style.bold(), out),
            Inline::Italic(inner) => push(inner, theme, style.italic(), out),
            Inline::Struck(inner) => push(inner, theme, style.crossed_out(), out),
            Inline::Link { url, label } => {
                let link = style.patch(theme.style(Role::Link));
                match label {
                    // The label may name another address, so the address is shown as well.
                    Some(label) => {
                        out.push(label, style);
                        out.push(" (", style);
                        out.push_link(url, link, url);
                        out.push(")", style);
                    }
                    None => out.push_link(url, link, url),
                }
            }
            Inline::Permalink { url, .. } => {
                out.push(url, style.patch(theme.style(Role::Link)));
            }
            Inline::Mention { name, target } => {
                let role = match target {
                    Mentioned::Me => Role::MentionMe,
                    Mentioned::Other => Role::Mention,
                };
                out.push(&format!("@{name}"), style.patch(theme.style(role)));
            }
            Inline::Emoji { glyph, .. } => out.push(glyph, style),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Background, Depth};
    use ratatui::style::Modifier;

    fn layout(columns: usize) -> Layout {
        Layout {
            theme: Theme::new(Depth::None, Background::Dark),
            ambiguous: Ambiguous::Narrow,
            columns,
        }
    }

    fn lines(text: &str, columns: usize) -> Vec<Line> {
        let names = Names::new([("bob", Mentioned::Other), ("ada", Mentioned::Me)]);
        message(
            text,
            &names,
            layout(columns),
            Style::new(),
            &Line::default(),
        )
    }

    fn shown(text: &str, columns: usize) -> Vec<String> {
        lines(text, columns)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn blocks_are_laid_out() {
        assert_eq!(shown("one two three", 10), ["one two ", "three"]);
        assert_eq!(shown("one\n\ntwo", 10), ["one", "", "two"]);
        assert_eq!(
            shown("- one two three\n  - b", 12),
            ["- one two ", "  three", "  - b"]
        );
        assert_eq!(shown("> quoted\nyes", 20), ["| quoted", "yes"]);
        assert_eq!(shown("```\nlet x;\n\ty\n```", 20), ["  let x;", "  \ty"]);
        assert_eq!(shown("1) 你好世界，再见", 12), ["1. 你好世", "   界，再见"]);
        assert_eq!(shown("", 10), [""]);
    }

    #[test]
    fn narrow_places_lose_no_text() {
        assert_eq!(shown("> > - abcdefghijkl", 10), ["abcdefghij", "kl"]);
    }

    #[test]
    fn unsafe_text_is_sanitized() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b", 20), ["a␛[2J\u{fffd}b"]);
    }

    #[test]
    fn styles_survive_the_wrap() {
        let lines = lines("a **bold text** @ada", 8);
        let all: Vec<_> = lines.iter().flat_map(|line| line.spans.clone()).collect();
        let is = |text: &str, modifier| {
            all.iter()
                .any(|span| span.content == text && span.style.add_modifier.contains(modifier))
        };
        assert!(
            is("bold ", Modifier::BOLD) && is("text", Modifier::BOLD),
            "{all:?}"
        );
        assert!(is("@ada", Modifier::REVERSED), "{all:?}");
    }

    #[test]
    fn quotes_have_no_markup() {
        for (text, shown) in [
            ("a **bold** `x*y` ~~no~~", "a bold x*y no"),
            ("- one\n- two\n\n> said\nend", "one two said end"),
            ("see [here](https://example.org) :tada:", "see here 🎉"),
            ("2 * 3 * 4", "2 * 3 * 4"),
            ("", ""),
        ] {
            assert_eq!(unmarked(text), shown);
        }
    }

    #[test]
    fn labels_do_not_hide_addresses() {
        let text = "[bank](https://evil.example)";
        assert_eq!(shown(text, 60), ["bank (https://evil.example)"]);
    }
}
