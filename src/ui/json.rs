//! JSON that is safe to show: what a terminal would interpret is escaped. Parsers read the same
//! text.

use std::io;

use cairn_text::is_interpreted;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes a value as one line of JSON, without its end.
pub(crate) fn write<W: io::Write>(writer: W, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(writer, SafeFormatter);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

struct SafeFormatter;

impl Formatter for SafeFormatter {
    /// Escapes what JSON itself does not require to be escaped.
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_interpreted(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_json_has_the_same_meaning() {
        let text =
            "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}b\u{2066}c\u{85}\"\\\n\u{2028} ünï 小明 👩\u{200d}🚀";
        let mut json = Vec::new();
        write(&mut json, &[text]).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert_eq!(
            json,
            "[\"a\\u001b[2J\\u009b31m\\u007f\\u202eb\\u2066c\\u0085\\\"\\\\\\n\\u2028 \
             ünï 小明 👩\u{200d}🚀\"]"
        );
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }

    #[test]
    fn nothing_that_a_terminal_interprets_passes() {
        let all: String = (0..=0x0010_ffff).filter_map(char::from_u32).collect();
        let mut json = Vec::new();
        write(&mut json, &all).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert!(!json.contains(is_interpreted));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), all);
    }
}
