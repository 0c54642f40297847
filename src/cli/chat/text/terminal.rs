//! Markup on a terminal.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Effects, Style};
use cairn_text::{Block, Inline, Item, Lines, Marker, Names, parse, sanitize};

use crate::ui::sanitize::{INDENT, Sanitized};

const CODE: Style = AnsiColor::Cyan.on_default();
const LINK: Style = Style::new().effects(Effects::UNDERLINE);
const MENTION: Style = AnsiColor::Yellow.on_default().bold();
const QUOTE: &str = "\u{2502} ";
const BULLET: &str = "\u{2022}";

/// Displays the text of a message: with its markup on a terminal, else as it was typed.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) text: &'a str,
    /// The names that are shown as mentions; `None` to show the text as it was typed.
    pub(crate) mentions: Option<&'a Names<usize>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(names) = self.mentions else {
            return Sanitized(self.text).fmt(f);
        };
        let clean = sanitize(self.text, Lines::Keep);
        let blocks = parse(&clean, names);
        let lines = lines(&blocks, Style::new());
        // A paragraph follows the sender; other blocks begin on a line of their own.
        if !matches!(blocks.first(), None | Some(Block::Paragraph(_))) {
            f.write_str(INDENT)?;
        }
        f.write_str(&lines.join(INDENT).replace('\t', "    "))
    }
}

/// An emoji, or its name: on a terminal its character, if there is one.
pub(crate) fn emoji_name(name: &str, is_styled: bool) -> String {
    if cairn_text::is_emoji(name) {
        return name.to_owned();
    }
    let glyph = is_styled.then(|| cairn_text::emoji(name)).flatten();
    glyph.map_or_else(|| format!(":{}:", Sanitized(name)), str::to_owned)
}

fn lines(blocks: &[Block<usize>], style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let mut last_is_paragraph = false;
    for block in blocks {
        let is_paragraph = matches!(block, Block::Paragraph(_));
        if is_paragraph && last_is_paragraph {
            lines.push(String::new());
        }
        last_is_paragraph = is_paragraph;
        match block {
            Block::Paragraph(all) => lines.extend(all.iter().map(|line| styled_line(line, style))),
            Block::Code { text, .. } => {
                lines.extend(
                    text.split('\n')
                        .map(|line| painted(line, with(style, CODE))),
                );
            }
            Block::Quote(blocks) => {
                let quoted = self::lines(blocks, style.dimmed()).into_iter();
                lines
                    .extend(quoted.map(|line| format!("{}{line}", painted(QUOTE, style.dimmed()))));
            }
            Block::List(items) => lines.extend(items.iter().map(|item| listed(item, style))),
        }
    }
    lines
}

fn listed(item: &Item<usize>, style: Style) -> String {
    let marker = match item.marker {
        Marker::Bullet => BULLET.to_owned(),
        Marker::Number(number) => format!("{number}."),
    };
    let indent = "  ".repeat(item.level.into());
    format!("{indent}{marker} {}", styled_line(&item.line, style))
}

fn styled_line(line: &[Inline<usize>], style: Style) -> String {
    let mut out = String::new();
    write_line(line, style, &mut out);
    out
}

fn write_line(line: &[Inline<usize>], style: Style, out: &mut String) {
    for inline in line {
        match inline {
            Inline::Text(text) => paint(text, style, out),
            Inline::Code(code) => paint(code, with(style, CODE), out),
            Inline::Bold(inner) => write_line(inner, style.bold(), out),
            Inline::Italic(inner) => write_line(inner, style.italic(), out),
            Inline::Struck(inner) => write_line(inner, style.strikethrough(), out),
            Inline::Link { url, label } => {
                if let Some(label) = label {
                    paint(label, style, out);
                    paint(" (", style, out);
                }
                paint(url, with(style, LINK), out);
                if label.is_some() {
                    paint(")", style, out);
                }
            }
            Inline::Permalink { url, .. } => paint(url, with(style, LINK), out),
            Inline::Mention { name, .. } => paint(&format!("@{name}"), with(style, MENTION), out),
            Inline::Emoji { glyph, .. } => paint(glyph, style, out),
        }
    }
}

/// Adds the colour and the effects of a style to those around it.
fn with(style: Style, inner: Style) -> Style {
    let colour = inner.get_fg_color().or(style.get_fg_color());
    style
        .fg_color(colour)
        .effects(style.get_effects() | inner.get_effects())
}

fn painted(text: &str, style: Style) -> String {
    let mut out = String::new();
    paint(text, style, &mut out);
    out
}

fn paint(text: &str, style: Style, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, "{style}{text}{style:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Styles as marks, to read them.
    fn shown(text: &str) -> String {
        let names = Names::new([("bob", 0)]);
        let shown = Shown {
            text,
            mentions: Some(&names),
        };
        let marks = [
            ("\u{1b}[0m", "]"),
            ("\u{1b}[1m\u{1b}[33m", "[at "),
            ("\u{1b}[1m", "[b "),
            ("\u{1b}[2m", "[dim "),
            ("\u{1b}[3m", "[i "),
            ("\u{1b}[4m", "[u "),
            ("\u{1b}[9m", "[s "),
            ("\u{1b}[36m", "[code "),
        ];
        let text = shown.to_string();
        marks
            .iter()
            .fold(text, |text, (from, to)| text.replace(from, to))
    }

    #[test]
    fn markup_is_rendered() {
        for (text, expected) in [
            ("plain", "plain"),
            ("**bold** *italic* ~~gone~~", "[b bold] [i italic] [s gone]"),
            ("这是**粗体**文字", "这是[b 粗体]文字"),
            ("**a *b***", "[b a ][b [i b]"),
            ("run `ls -l`", "run [code ls -l]"),
            ("@bob, :tada: @eve", "[at @bob], 🎉 @eve"),
            ("see https://example.org.", "see [u https://example.org]."),
            (
                "[docs](https://example.org)",
                "docs ([u https://example.org])",
            ),
            ("one\ntwo\n\nthree", "one\n    two\n    \n    three"),
            (
                "```\nlet **x**;\n\ty\n```",
                "\n    [code let **x**;]\n    [code     y]",
            ),
            ("> quoted\nyes", "\n    [dim │ ][dim quoted]\n    yes"),
            ("- a\n  - b\n1) c", "\n    • a\n      • b\n    1. c"),
            ("a\u{1b}[31m\u{202e}*b*", "a␛[31m\u{fffd}[i b]"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn text_is_shown_as_typed_without_a_terminal() {
        let shown = |text| {
            Shown {
                text,
                mentions: None,
            }
            .to_string()
        };
        assert_eq!(shown("**a** `b` :tada:\n> c"), "**a** `b` :tada:\n    > c");
        assert_eq!(emoji_name("tada", false), ":tada:");
        assert_eq!(emoji_name("tada", true), "🎉");
        assert_eq!(emoji_name("ship-it", true), ":ship-it:");
    }
}
