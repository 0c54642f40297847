//! Asks the terminal for the colour of its background, and how wide it shows ambiguous characters.

use std::io;
#[cfg(unix)]
use std::io::{Write as _, stdout};

use crate::tui::text::width::Ambiguous;
use crate::tui::theme::Background;

/// What a terminal answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) background: Option<Background>,
    pub(crate) ambiguous: Option<Ambiguous>,
    /// What the user typed meanwhile.
    pub(crate) typed: String,
}

/// Requests the colour of the background, which some terminals report; writes an ambiguous
/// character, and requests where the cursor is then, which all report.
#[cfg(unix)]
const QUESTION: &str = "\r\u{1b}]11;?\u{1b}\\·\u{1b}[6n";

/// Removes the character again.
#[cfg(unix)]
const CLEANING: &str = "\r\u{1b}[2K";

/// Asks, and waits for the answer for a short time. The terminal must be in raw mode.
#[cfg(unix)]
pub(crate) fn probe() -> io::Result<Probed> {
    let terminal = super::reader()?;
    let mut out = stdout();
    out.write_all(QUESTION.as_bytes())?;
    out.flush()?;
    let answer = answer(&terminal);
    out.write_all(CLEANING.as_bytes())?;
    out.flush()?;
    Ok(parse(&answer?))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the other systems can fail")]
pub(crate) fn probe() -> io::Result<Probed> {
    Ok(Probed::default())
}

/// Reads until the position of the cursor arrives.
#[cfg(unix)]
fn answer(terminal: &std::os::fd::OwnedFd) -> io::Result<Vec<u8>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use std::time::{Duration, Instant};

    const WAIT_TIME: Duration = Duration::from_millis(500);
    const BYTES_MAX: usize = 4096;
    let deadline = Instant::now() + WAIT_TIME;
    let mut answer = Vec::new();
    while position(&answer).is_none() && answer.len() < BYTES_MAX {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: 0,
            tv_nsec: left.subsec_nanos().into(),
        };
        let mut terminals = [PollFd::new(terminal, PollFlags::IN)];
        if poll(&mut terminals, Some(&left))? == 0 {
            break;
        }
        let mut bytes = [0; 256];
        match rustix::io::read(terminal, &mut bytes)? {
            0 => break,
            count => answer.extend_from_slice(&bytes[..count]),
        }
    }
    Ok(answer)
}

fn find(answer: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut windows = answer.windows(wanted.len());
    windows.position(|window| window == wanted)
}

/// Finds `ESC [ row ; column R`: where it is, and the column.
fn position(answer: &[u8]) -> Option<(std::ops::Range<usize>, u16)> {
    let mut from = 0;
    loop {
        let start = from + find(answer.get(from..)?, b"\x1b[")?;
        let rest = &answer[start + 2..];
        let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        let text = std::str::from_utf8(&rest[..length]).ok()?;
        if rest.get(length) == Some(&b'R')
            && let Some((_, column)) = text.split_once(';')
        {
            return Some((start..start + 3 + length, column.parse().ok()?));
        }
        from = start + 2;
    }
}

/// Finds `ESC ] 11 ; rgb:R/G/B` up to its end, and whether the colour is a light one.
fn background(answer: &[u8]) -> Option<(std::ops::Range<usize>, Option<Background>)> {
    let start = find(answer, b"\x1b]11;")?;
    let rest = &answer[start..];
    let bell = rest.iter().position(|byte| *byte == 7).map(|at| (at, 1));
    let string = find(&rest[1..], b"\x1b\\").map(|at| (at + 1, 2));
    let (length, end) = bell.into_iter().chain(string).min()?;
    let text = std::str::from_utf8(&rest[5..length]).ok()?;
    Some((start..start + length + end, brightness(text)))
}

/// Reads `rgb:ffff/ffff/ffff`, with one to four digits for each part.
fn brightness(text: &str) -> Option<Background> {
    let parts = text.split_once(':')?.1.split('/');
    let part = |digits: &str| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)? - 1;
        (digits.len() <= 4).then_some(value * 1000 / most.max(1))
    };
    let parts: Vec<u32> = parts.take(3).map(part).collect::<Option<_>>()?;
    let [red, green, blue] = parts.try_into().ok()?;
    match 299 * red + 587 * green + 114 * blue {
        0..500_000 => Some(Background::Dark),
        _ => Some(Background::Light),
    }
}

fn parse(answer: &[u8]) -> Probed {
    let mut typed = answer.to_vec();
    let background = background(&typed).and_then(|(range, background)| {
        typed.drain(range);
        background
    });
    let column = position(&typed).map(|(range, column)| {
        typed.drain(range);
        column
    });
    // Keys that are no characters are lost; they would apply to nothing yet.
    let typed = match typed.contains(&0x1b) {
        true => String::new(),
        false => String::from_utf8_lossy(&typed)
            .chars()
            .filter(|c| !c.is_control())
            .collect(),
    };
    Probed {
        background,
        ambiguous: column.map(|column| match column {
            3 => Ambiguous::Wide,
            _ => Ambiguous::Narrow,
        }),
        typed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        for (answer, background, ambiguous, typed) in [
            (
                "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{1b}\\\u{1b}[1;2R",
                Some(Background::Dark),
                Some(Ambiguous::Narrow),
                "",
            ),
            (
                "h\u{1b}]11;rgb:ff/fa/f0\u{7}\u{1b}[12;3Ri 你",
                Some(Background::Light),
                Some(Ambiguous::Wide),
                "hi 你",
            ),
            ("\u{1b}[5;2R", None, Some(Ambiguous::Narrow), ""),
            ("\u{1b}[A\u{1b}[5;2R", None, Some(Ambiguous::Narrow), ""),
            ("\u{1b}]11;rgb:zz/1/2\u{7}", None, None, ""),
            ("\u{1b}]11;rgb:ff/ff", None, None, ""),
            ("", None, None, ""),
            ("x", None, None, "x"),
        ] {
            let expected = Probed {
                background,
                ambiguous,
                typed: typed.to_owned(),
            };
            assert_eq!(parse(answer.as_bytes()), expected, "{answer:?}");
        }
    }
}
