//! Shows text of other users on a terminal: it must not move the cursor, change colours, reorder a
//! line, or imitate a line of its own.

use std::fmt;

use cairn_text::{Lines, sanitize};

/// Displays a text, sanitized. Further lines are indented, so that they cannot be taken for another
/// message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sanitized<'a>(pub(crate) &'a str);

/// The start of each further line.
pub(crate) const INDENT: &str = "\n    ";

const TAB: &str = "    ";

impl fmt::Display for Sanitized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = sanitize(self.0, Lines::Keep);
        let mut rest = clean.as_ref();
        while let Some(at) = rest.find(['\n', '\t']) {
            let (before, after) = rest.split_at(at);
            f.write_str(before)?;
            f.write_str(if after.starts_with('\n') { INDENT } else { TAB })?;
            rest = &after[1..];
        }
        f.write_str(rest)
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
            ("over\rwrite\u{8}", "over\n    write␈"),
            ("b\u{200b}o\u{feff}b", "bob"),
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
