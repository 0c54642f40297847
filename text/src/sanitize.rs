//! Makes text of other users safe to show.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use crate::chars::is_unspaced;

/// What becomes of line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// They are kept, as `\n`.
    Keep,
    /// Each is a blank: the text is one line.
    Join,
}

/// Returns the text without what moves a cursor, reorders a line or hides: control characters
/// become their pictures (`␛`), overrides of the writing direction `�`, and characters without
/// width are removed. Joiners, variation selectors and tags remain where a script or an emoji needs
/// them. The result is at most three times as long as the text, and sanitizing it again changes
/// nothing.
#[must_use]
pub fn sanitize(text: &str, lines: Lines) -> Cow<'_, str> {
    match text.find(|c| is_interpreted(c) || is_hidden(c)) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(cleaned(text, lines)),
    }
}

/// Returns whether a terminal or an editor acts on a character instead of showing it: control
/// characters, line ends, and overrides of the writing direction.
#[must_use]
pub const fn is_interpreted(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
        || is_direction_override(c)
}

fn cleaned(text: &str, lines: Lines) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => {
                if c == '\r' {
                    chars.next_if_eq(&'\n');
                }
                clean.push(if lines == Lines::Keep { '\n' } else { ' ' });
            }
            '\t' => clean.push(if lines == Lines::Keep { '\t' } else { ' ' }),
            '\0'..='\u{1f}' => clean.push(char::from_u32(0x2400 + c as u32).unwrap_or(UNKNOWN)),
            '\u{7f}' => clean.push('\u{2421}'),
            '\u{80}'..='\u{9f}' => clean.push(UNKNOWN),
            c if is_direction_override(c) => clean.push(UNKNOWN),
            c if !is_hidden(c) || is_needed(c, &clean, &mut chars) => clean.push(c),
            _ => {}
        }
    }
    clean
}

/// Returns whether nothing of a text would be seen: it consists of blanks, control characters and
/// characters without width.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || c.is_control()
            || is_direction_override(c)
            || is_hidden(c)
            || is_direction_mark(c)
            || is_shapeless(c)
    })
}

/// Letters and symbols without a shape.
pub(crate) const fn is_shapeless(c: char) -> bool {
    matches!(
        c,
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{1d159}'
    )
}

const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

const fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Marks that right-to-left text needs beside digits and punctuation. They reorder nothing else.
pub(crate) const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
}

/// Characters without width of their own.
pub(crate) const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2065}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns whether a character without width changes how the characters beside it look.
fn is_needed(c: char, before: &str, after: &mut Peekable<Chars<'_>>) -> bool {
    let Some(last) = before.chars().next_back() else {
        return false;
    };
    let is_joined = |c: char| !c.is_ascii() && !is_unspaced(c) && !c.is_whitespace();
    match c {
        // Persian and Indic letters, and the parts of an emoji.
        '\u{200c}' | '\u{200d}' => {
            let last = match last {
                '\u{fe0f}' => before.chars().rev().nth(1).unwrap_or(last),
                last => last,
            };
            is_joined(last)
                && !is_hidden(last)
                && after.peek().is_some_and(|&c| is_joined(c) && !is_hidden(c))
        }
        // The text or the picture of a symbol, and of the keys 0 to 9, # and *.
        '\u{fe0e}' | '\u{fe0f}' => {
            !is_hidden(last) && (!last.is_ascii() || matches!(last, '0'..='9' | '#' | '*'))
        }
        // Variants of Han characters.
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => is_unspaced(last),
        // Flags of regions.
        '\u{e0020}'..='\u{e007f}' => {
            last == '\u{1f3f4}' || matches!(last, '\u{e0020}'..='\u{e007e}')
        }
        _ => false,
    }
}
