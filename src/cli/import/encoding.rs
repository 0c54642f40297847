//! The encoding of a log.

use std::borrow::Cow;
use std::str::FromStr;

use encoding_rs::{Encoding, GB18030, UTF_8, WINDOWS_1252};

/// What lines are encoded with that are not UTF-8. Lines of UTF-8 are read as such in any case,
/// since programs write the lines of each user as they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Legacy(&'static Encoding);

/// The name is not one of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an encoding is one of the Encoding Standard, such as utf-8, gb18030 or windows-1252")]
pub(super) struct EncodingError;

impl FromStr for Legacy {
    type Err = EncodingError;

    fn from_str(name: &str) -> Result<Self, EncodingError> {
        Encoding::for_label(name.as_bytes())
            .map(Self)
            .ok_or(EncodingError)
    }
}

impl Legacy {
    pub(super) fn name(self) -> &'static str {
        self.0.name()
    }

    /// Returns the text of a line, and whether it was UTF-8. Bytes that are not valid become
    /// U+FFFD.
    pub(super) fn decode(self, line: &[u8]) -> (Cow<'_, str>, bool) {
        match std::str::from_utf8(line) {
            Ok(text) => (text.into(), true),
            Err(_) => (self.0.decode_without_bom_handling(line).0, false),
        }
    }
}

/// Guesses the encoding from the lines of a file that are not UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guess {
    /// Pairs of bytes as most Chinese characters have.
    chinese: u64,
    /// Other bytes above 127.
    others: u64,
    is_not_gb18030: bool,
}

impl Guess {
    pub(super) fn see(&mut self, line: &[u8]) {
        if std::str::from_utf8(line).is_ok() {
            return;
        }
        let (_, has_errors) = GB18030.decode_without_bom_handling(line);
        self.is_not_gb18030 |= has_errors;
        let mut rest = line;
        while let Some((&byte, after)) = rest.split_first() {
            rest = match after.split_first() {
                // GB 2312 uses only such pairs. A text in Windows-1252 has few of them: accented
                // letters stand between letters.
                Some((0xa1..=0xfe, after)) if matches!(byte, 0xa1..=0xf7) => {
                    self.chinese += 1;
                    after
                }
                _ => {
                    self.others += u64::from(!byte.is_ascii());
                    after
                }
            };
        }
    }

    pub(super) const fn legacy(self) -> Legacy {
        if self.chinese > self.others && !self.is_not_gb18030 {
            Legacy(GB18030)
        } else if self.chinese + self.others > 0 {
            Legacy(WINDOWS_1252)
        } else {
            Legacy(UTF_8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_guessed() {
        for (lines, name) in [
            (&[&b"plain"[..], "小明".as_bytes()][..], "UTF-8"),
            (&[b"\xc4\xe3\xba\xc3"], "gb18030"),
            (
                &[b"ok", b"\xd6\xd0\xce\xc4\xc8\xd5\xd6\xbe, \xbc\xcd\xc2\xbc"],
                "gb18030",
            ),
            (&[b"caf\xe9", b"d\xe9tente"], "windows-1252"),
            (&[b"na\xefve", b"\x93quoted\x94"], "windows-1252"),
        ] {
            let mut guess = Guess::default();
            lines.iter().for_each(|line| guess.see(line));
            assert_eq!(guess.legacy().name(), name, "{lines:?}");
        }
    }

    #[test]
    fn lines_of_utf_8_are_read_as_such() {
        let legacy: Legacy = "windows-1252".parse().unwrap();
        assert_eq!(legacy.decode("小明".as_bytes()), ("小明".into(), true));
        assert_eq!(legacy.decode(b"caf\xe9"), ("café".into(), false));
        let utf_8: Legacy = "utf8".parse().unwrap();
        assert_eq!(utf_8.decode(b"caf\xe9"), ("caf\u{fffd}".into(), false));
        assert_eq!("klingon".parse::<Legacy>(), Err(EncodingError));
    }
}
