//! Sanitizes text of other users for a terminal: it must not move the cursor, change colours,
//! reorder a line, or imitate a line of its own.

use std::fmt::{self, Write as _};

/// Displays a text safely: control characters appear as their Unicode pictures (`␛`), overrides of
/// the writing direction as `�`, and further lines are indented, so that they cannot be taken for
/// another message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sanitized<'a>(pub(crate) &'a str);

/// The start of each further line.
const INDENT: &str = "\n    ";

impl fmt::Display for Sanitized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, odd)) = rest.char_indices().find(|&(_, c)| is_interpreted(c)) {
            f.write_str(&rest[..at])?;
            match odd {
                '\n' | '\u{2028}' | '\u{2029}' => f.write_str(INDENT)?,
                '\t' => f.write_str("    ")?,
                other => f.write_char(picture(other))?,
            }
            rest = &rest[at + odd.len_utf8()..];
        }
        f.write_str(rest)
    }
}

/// Returns whether a terminal would interpret the character instead of showing it.
pub(crate) const fn is_interpreted(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
    )
}

const fn picture(c: char) -> char {
    let shown = match c as u32 {
        code @ 0..=0x1f => char::from_u32(0x2400 + code),
        0x7f => Some('\u{2421}'),
        _ => None,
    };
    match shown {
        Some(picture) => picture,
        None => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown() {
        for (raw, shown) in [
            (
                "plain text, ünïcode, 小明 👩‍🚀",
                "plain text, ünïcode, 小明 👩‍🚀",
            ),
            ("\u{1b}[2J\u{1b}]0;owned\u{7}", "␛[2J␛]0;owned␇"),
            ("\u{9b}31m\u{7f}\0", "\u{fffd}31m␡␀"),
            (
                "abc\u{202e}fed\u{2066}x\u{2069}",
                "abc\u{fffd}fed\u{fffd}x\u{fffd}",
            ),
            ("over\rwrite\u{8}", "over␍write␈"),
            ("a\tb", "a    b"),
            ("", ""),
        ] {
            assert_eq!(Sanitized(raw).to_string(), shown, "{raw:?}");
        }
    }

    #[test]
    fn further_lines_are_indented() {
        assert_eq!(
            Sanitized("hi\n<boss> you are fired").to_string(),
            "hi\n    <boss> you are fired"
        );
        assert_eq!(Sanitized("a\u{2028}b").to_string(), "a\n    b");
    }

    #[test]
    fn no_control_character_passes() {
        let all: String = (0..=0x0010_ffff).filter_map(char::from_u32).collect();
        assert!(
            !Sanitized(&all)
                .to_string()
                .replace('\n', "")
                .contains(|c: char| c.is_control())
        );
    }
}
