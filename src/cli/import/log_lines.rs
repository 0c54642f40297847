//! The lines of a log: without their ends, a byte order mark or blank ones.

use std::io::{self, BufRead, Read as _};

/// A longer line is cut into several.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            number: 0,
        }
    }

    /// Returns the next line that is not blank, and its number from 1.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.input).take(LINE_BYTES_MAX);
            if limited.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            let end = self
                .line
                .iter()
                .rposition(|byte| !matches!(byte, b'\n' | b'\r'));
            self.line.truncate(end.map_or(0, |end| end + 1));
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        Ok(Some((self.number, &self.line)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn ends_marks_and_blank_lines_are_dropped() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfone\r\n\n \t\r\ntwo \n\xef\xbb\xbfthree"[..]);
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            found.push((number, line.to_vec()));
        }
        let expected = [(1, &b"one"[..]), (4, b"two "), (5, b"\xef\xbb\xbfthree")];
        assert_eq!(
            found,
            expected.map(|(number, line)| (number, line.to_vec()))
        );
    }

    #[test]
    fn lines_without_end_are_cut() {
        let mut lines = Lines::new(BufReader::new(io::repeat(b'x').take(LINE_BYTES_MAX + 1)));
        assert_eq!(
            lines.next().unwrap().unwrap().1.len() as u64,
            LINE_BYTES_MAX
        );
        assert_eq!(lines.next().unwrap(), Some((2, &b"x"[..])));
        assert_eq!(lines.next().unwrap(), None);
    }
}
