//! Splits input into lines, with at most one line and one part in memory.
//!
//! A line ends with `\n`, `\r\n` or `\r`; a byte order mark at the start of the input is dropped.
//! Bytes that are not UTF-8 become U+FFFD. A line that is longer than a message is split, between
//! characters.

use std::collections::VecDeque;

/// Why a line is refused with `--strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    #[error("line {line} is longer than {max_bytes} bytes")]
    TooLong {
        /// The line, from 1.
        line: u64,
        max_bytes: usize,
    },
    #[error("line {line} is not UTF-8")]
    NotText {
        /// The line, from 1.
        line: u64,
    },
}

/// What was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Lines with bytes that are not UTF-8.
    pub(crate) repaired: u64,
    /// Lines that were split.
    pub(crate) split: u64,
}

/// Splits input into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    begun: Vec<u8>,
    /// Texts of the current line, to be returned.
    texts: VecDeque<String>,
    /// Lines that ended.
    line: u64,
    /// The last byte was `\r`, which `\n` may follow.
    after_cr: bool,
    is_strict: bool,
    max_bytes: usize,
    /// What was changed in the current line.
    is_repaired: bool,
    is_split: bool,
    changes: Changes,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Lines {
    /// Creates a splitter for texts of at most `max_bytes`, which is at least 4. A strict one
    /// refuses what another one changes.
    pub(crate) const fn new(max_bytes: usize, is_strict: bool) -> Self {
        Self {
            begun: Vec::new(),
            texts: VecDeque::new(),
            line: 0,
            after_cr: false,
            is_strict,
            max_bytes,
            is_repaired: false,
            is_split: false,
            changes: Changes {
                repaired: 0,
                split: 0,
            },
        }
    }

    pub(crate) const fn changes(&self) -> Changes {
        self.changes
    }

    /// Returns the next text whose end lies within `part`, and removes it from `part`. `None` when
    /// the rest of `part` is the beginning of a line.
    pub(crate) fn next(&mut self, part: &mut &[u8]) -> Result<Option<String>, LineError> {
        loop {
            if let Some(text) = self.texts.pop_front() {
                return Ok(Some(text));
            }
            if !part.is_empty() && std::mem::take(&mut self.after_cr) {
                *part = part.strip_prefix(b"\n").unwrap_or(part);
            }
            let capacity = (self.max_bytes + 1).saturating_sub(self.begun.len());
            let near = part.get(..capacity).unwrap_or(part);
            let end = near.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (piece, rest) = part.split_at(end.unwrap_or(near.len()));
            self.begun.extend_from_slice(piece);
            *part = rest;
            if let Some((&byte, rest)) = rest.split_first()
                && end.is_some()
            {
                *part = rest;
                // The part may end between the two bytes.
                self.after_cr = byte == b'\r';
                self.end_line()?;
            } else if self.begun.len() > self.max_bytes {
                self.cut()?;
            } else {
                return Ok(None);
            }
        }
    }

    /// Returns the next text of the last line, when the input did not end with a line end.
    pub(crate) fn last(&mut self) -> Result<Option<String>, LineError> {
        if self.texts.is_empty() && !self.begun.is_empty() {
            self.end_line()?;
        }
        Ok(self.texts.pop_front())
    }

    fn end_line(&mut self) -> Result<(), LineError> {
        self.take(self.begun.len())?;
        self.changes.repaired += u64::from(std::mem::take(&mut self.is_repaired));
        self.changes.split += u64::from(std::mem::take(&mut self.is_split));
        self.line += 1;
        Ok(())
    }

    /// Takes the beginning of a line that is too long.
    fn cut(&mut self) -> Result<(), LineError> {
        // A character has at most 4 bytes; all but the first are 0b10xxxxxx.
        let starts = |&at: &usize| self.begun.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
        let end = (self.max_bytes.saturating_sub(3)..=self.max_bytes)
            .rev()
            .find(starts)
            .unwrap_or(self.max_bytes);
        self.split()?;
        self.take(end)
    }

    /// Takes this many bytes as texts.
    fn take(&mut self, end: usize) -> Result<(), LineError> {
        let rest = self.begun.split_off(end);
        let mut bytes = std::mem::replace(&mut self.begun, rest);
        if self.line == 0 && !self.is_split && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) if self.is_strict => {
                return Err(LineError::NotText {
                    line: self.line + 1,
                });
            }
            Err(error) => {
                self.is_repaired = true;
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
        };
        // U+FFFD is longer than the byte that it stands for.
        let mut rest = text.as_str();
        while rest.len() > self.max_bytes {
            let (first, after) = rest.split_at(rest.floor_char_boundary(self.max_bytes));
            self.texts.push_back(first.to_owned());
            rest = after;
            self.split()?;
        }
        self.texts.push_back(rest.to_owned());
        Ok(())
    }

    const fn split(&mut self) -> Result<(), LineError> {
        if self.is_strict {
            return Err(LineError::TooLong {
                line: self.line + 1,
                max_bytes: self.max_bytes,
            });
        }
        self.is_split = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(
        parts: &[&[u8]],
        max_bytes: usize,
        is_strict: bool,
    ) -> Result<(Vec<String>, Changes), LineError> {
        let (mut lines, mut found) = (Lines::new(max_bytes, is_strict), Vec::new());
        for mut part in parts.iter().copied() {
            while let Some(line) = lines.next(&mut part)? {
                found.push(line);
            }
            assert!(part.is_empty());
        }
        while let Some(line) = lines.last()? {
            found.push(line);
        }
        Ok((found, lines.changes()))
    }

    fn texts(input: &[u8]) -> Vec<String> {
        split(&[input], 9, true).unwrap().0
    }

    #[test]
    fn line_ends_and_a_mark_are_removed() {
        assert_eq!(texts(b"one\n two \n\n\x01\n"), ["one", " two ", "", "\x01"]);
        assert_eq!(
            texts(b"one\r\ntwo\rthree\n\r\n"),
            ["one", "two", "three", ""]
        );
        assert_eq!(texts(b"one\ntwo"), ["one", "two"]);
        assert_eq!(
            texts(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo"),
            ["one", "\u{feff}two"]
        );
        assert_eq!(texts(b"\r\r\n\n"), ["", "", ""]);
        assert_eq!(texts(b""), [""; 0]);
    }

    #[test]
    fn lines_do_not_depend_on_parts() {
        let inputs = ["ab\nä\n\ncd", "ab\r\nä\r\n\rcd", "\u{feff}aäaäaäaäaäaä\nb"];
        for whole in inputs.map(str::as_bytes) {
            let expected = split(&[whole], 9, false).unwrap();
            for cut in 0..=whole.len() {
                let (left, right) = whole.split_at(cut);
                assert_eq!(split(&[left, right], 9, false).unwrap(), expected);
            }
            let bytes: Vec<_> = whole.chunks(1).collect();
            assert_eq!(split(&bytes, 9, false).unwrap(), expected);
        }
    }

    #[test]
    fn strict_input_names_the_bad_line() {
        let too_long = LineError::TooLong {
            line: 2,
            max_bytes: 4,
        };
        assert_eq!(split(&[b"1234\n12", b"345\n"], 4, true), Err(too_long));
        assert_eq!(split(&[b"1234\n1234\n"], 4, true).unwrap().0.len(), 2);
        let not_text = Err(LineError::NotText { line: 2 });
        assert_eq!(split(&[b"ok\n\xff\n"], 9, true), not_text);
        assert_eq!(split(&[b"ok\n\xff"], 9, true), not_text);
    }

    #[test]
    fn bad_bytes_are_replaced_and_long_lines_split() {
        let (found, changes) = split(&[b"ok\ncaf\xe9 \xff\nok\n"], 9, false).unwrap();
        assert_eq!(found, ["ok", "caf\u{fffd} ", "\u{fffd}", "ok"]);
        let expected = Changes {
            repaired: 1,
            split: 1,
        };
        assert_eq!(
            changes, expected,
            "the replacement is longer than the line may be"
        );
        let (found, changes) = split(&["1234567890\nää小小ä\n".as_bytes()], 9, false).unwrap();
        assert_eq!(found, ["123456789", "0", "ää小", "小ä"]);
        assert_eq!((changes.repaired, changes.split), (0, 2));
        let (found, changes) = split(&[&[0xff; 100]], 9, false).unwrap();
        assert_eq!(found.concat(), "\u{fffd}".repeat(100));
        assert_eq!((changes.repaired, changes.split), (1, 1));
    }
}
