//! The subset of the RESP protocol needed to add to streams.

use crate::error::LoadError;

/// The command that adds an entry with the one field `b` to a stream, without the value: up to
/// where [`bulk`] follows.
pub(crate) fn xadd(stream: &str) -> Vec<u8> {
    let mut command = b"*5\r\n".to_vec();
    bulk(&mut command, b"XADD");
    bulk(&mut command, stream.as_bytes());
    bulk(&mut command, b"*");
    bulk(&mut command, b"b");
    command
}

/// Appends a length-prefixed string.
pub(crate) fn bulk(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(format!("${}\r\n", text.len()).as_bytes());
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// Counts the complete answers at the start of `bytes`, each of which must be an id, and returns
/// their length in bytes.
///
/// # Errors
/// An answer that is not an id; no further answers are to be expected.
pub(crate) fn ids(bytes: &[u8]) -> Result<(usize, usize), LoadError> {
    let (mut count, mut at) = (0, 0);
    while let Some(line) = line(&bytes[at..]) {
        let text = || String::from_utf8_lossy(line).into_owned();
        let length = match line.split_first() {
            Some((b'$', digits)) => std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| digits.parse::<usize>().ok()),
            Some((b'-', _)) => return Err(LoadError::Refused(text())),
            _ => None,
        };
        let length = length.ok_or_else(|| LoadError::Unexpected(text()))?;
        let end = at + line.len() + 2 + length + 2;
        if end > bytes.len() {
            break;
        }
        (count, at) = (count + 1, end);
    }
    Ok((count, at))
}

/// The first line, if it is complete.
fn line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|&byte| byte == b'\r')?;
    (bytes.get(end + 1) == Some(&b'\n')).then(|| &bytes[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_encoded_for_redis() {
        let mut command = xadd("g:7");
        bulk(&mut command, b"hello");
        assert_eq!(
            command,
            b"*5\r\n$4\r\nXADD\r\n$3\r\ng:7\r\n$1\r\n*\r\n$1\r\nb\r\n$5\r\nhello\r\n"
        );
    }

    #[test]
    fn complete_answers_count_at_any_split() {
        let answers = b"$3\r\n1-0\r\n$4\r\n22-0\r\n";
        for cut in 0..=answers.len() {
            let expected = match cut {
                0..9 => (0, 0),
                9..19 => (1, 9),
                _ => (2, 19),
            };
            assert_eq!(ids(&answers[..cut]).unwrap(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn unexpected_answer_is_an_error() {
        assert!(matches!(ids(b"$3\r\n1-0\r\n-OOM no memory\r\n"),
                Err(LoadError::Refused(text)) if text == "-OOM no memory"));
        assert!(matches!(ids(b"+OK\r\n"), Err(LoadError::Unexpected(text)) if text == "+OK"));
        assert!(matches!(ids(b"$x\r\n"), Err(LoadError::Unexpected(_))));
    }
}
