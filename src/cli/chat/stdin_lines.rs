//! Splits input into lines, with at most one line and one part in memory.

/// Why a line cannot be sent.
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

/// Splits input into lines.
#[derive(Debug)]
pub(crate) struct Lines {
    begun: Vec<u8>,
    line: u64,
    max_bytes: usize,
}

impl Lines {
    pub(crate) const fn new(max_bytes: usize) -> Self {
        Self {
            begun: Vec::new(),
            line: 0,
            max_bytes,
        }
    }

    /// Returns the next line that ends within `part`, and removes it from `part`. `None` when the
    /// rest of `part` is the beginning of a line.
    pub(crate) fn next(&mut self, part: &mut &[u8]) -> Result<Option<String>, LineError> {
        let (piece, ends) = match part.iter().position(|&byte| byte == b'\n') {
            Some(at) => (&part[..at], true),
            None => (*part, false),
        };
        *part = &part[piece.len() + usize::from(ends)..];
        if self.begun.len() + piece.len() > self.max_bytes {
            return Err(LineError::TooLong {
                line: self.line + 1,
                max_bytes: self.max_bytes,
            });
        }
        self.begun.extend_from_slice(piece);
        if ends {
            self.complete().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Returns the last line, when the input did not end with a newline.
    pub(crate) fn last(&mut self) -> Result<Option<String>, LineError> {
        if self.begun.is_empty() {
            Ok(None)
        } else {
            self.complete().map(Some)
        }
    }

    fn complete(&mut self) -> Result<String, LineError> {
        self.line += 1;
        String::from_utf8(std::mem::take(&mut self.begun))
            .map_err(|_| LineError::NotText { line: self.line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(parts: &[&[u8]], max_bytes: usize) -> Result<Vec<String>, LineError> {
        let (mut lines, mut found) = (Lines::new(max_bytes), Vec::new());
        for mut part in parts.iter().copied() {
            while let Some(line) = lines.next(&mut part)? {
                found.push(line);
            }
            assert!(part.is_empty());
        }
        found.extend(lines.last()?);
        Ok(found)
    }

    #[test]
    fn only_newlines_are_removed() {
        assert_eq!(
            split(&[b"one\n two \r\n\n\x01\n"], 9).unwrap(),
            ["one", " two \r", "", "\x01"]
        );
        assert_eq!(split(&[b"one\ntwo"], 9).unwrap(), ["one", "two"]);
        assert_eq!(split(&[b""], 9).unwrap(), [""; 0]);
    }

    #[test]
    fn lines_do_not_depend_on_parts() {
        let whole = "ab\nä\n\ncd".as_bytes();
        for cut in 0..=whole.len() {
            let (left, right) = whole.split_at(cut);
            assert_eq!(split(&[left, right], 9).unwrap(), ["ab", "ä", "", "cd"]);
        }
    }

    #[test]
    fn bad_line_is_named() {
        assert_eq!(
            split(&[b"123\n12", b"34\n"], 3),
            Err(LineError::TooLong {
                line: 2,
                max_bytes: 3
            })
        );
        assert_eq!(split(&[b"123\n123\n"], 3).unwrap().len(), 2);
        assert_eq!(
            split(&[b"ok\n\xff\n"], 9),
            Err(LineError::NotText { line: 2 })
        );
        assert_eq!(
            split(&[b"ok\n\xff"], 9),
            Err(LineError::NotText { line: 2 })
        );
    }
}
