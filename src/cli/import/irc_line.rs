//! One line of an IRC log.

use super::day::Minute;

/// The kinds of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IrcLine<'a> {
    /// `[HH:MM] <nick> text`
    Message(Spoken<'a>),
    /// `[HH:MM]  * nick text`
    Emote(Spoken<'a>),
    /// `=== …`: a join, a part or a rename.
    Join,
    /// Anything else.
    Other,
}

/// A message or an action. The text is everything after one space, unchanged; it can be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken<'a> {
    pub(super) minute: Minute,
    pub(super) nick: &'a [u8],
    pub(super) text: &'a [u8],
}

impl<'a> IrcLine<'a> {
    /// Parses a line without its end.
    pub(super) fn parse(line: &'a [u8]) -> Self {
        if line.starts_with(b"===") {
            return Self::Join;
        }
        let Some((minute, rest)) = stamp(line) else {
            return Self::Other;
        };
        if let Some(rest) = rest.strip_prefix(b"<") {
            return message(rest).map_or(Self::Other, |(nick, text)| {
                Self::Message(Spoken { minute, nick, text })
            });
        }
        match rest.strip_prefix(b" * ") {
            Some(rest) => emote(rest).map_or(Self::Other, |(nick, text)| {
                Self::Emote(Spoken { minute, nick, text })
            }),
            None => Self::Other,
        }
    }
}

/// `[HH:MM] `
fn stamp(line: &[u8]) -> Option<(Minute, &[u8])> {
    let (stamp, rest) = line.split_at_checked(b"[HH:MM] ".len())?;
    let minute = Minute::parse(stamp.strip_prefix(b"[")?.strip_suffix(b"] ")?)?;
    Some((minute, rest))
}

/// `nick> text`. The nick ends at the first `>`, since no nick contains one.
fn message(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest.iter().position(|&byte| byte == b'>')?;
    let (nick, rest) = rest.split_at_checked(end)?;
    // Some logs have no space before an empty text.
    let text = if rest == b">" {
        b""
    } else {
        rest.strip_prefix(b"> ")?
    };
    Some((nick, text))
}

/// `nick text`. Only the space ends the nick here.
fn emote(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest
        .iter()
        .position(|&byte| byte == b' ')
        .unwrap_or(rest.len());
    let (nick, rest) = rest.split_at_checked(end)?;
    (!nick.is_empty()).then_some((nick, rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(minute: &str, nick: &'a str, text: &'a [u8]) -> Spoken<'a> {
        Spoken {
            minute: Minute::parse(minute.as_bytes()).unwrap(),
            nick: nick.as_bytes(),
            text,
        }
    }

    #[test]
    fn text_is_kept_to_the_byte() {
        for (line, minute, nick, text) in [
            (
                &b"[09:14] <will> hi there"[..],
                "09:14",
                "will",
                &b"hi there"[..],
            ),
            (
                b"[09:14] <|QuaD-> totem  xine ",
                "09:14",
                "|QuaD-",
                b"totem  xine ",
            ),
            (b"[23:59] <a>   spaces", "23:59", "a", b"  spaces"),
            (b"[00:00] <a> ", "00:00", "a", b""),
            (b"[00:00] <a>", "00:00", "a", b""),
            (b"[00:00] <[BTF] Chm0d> hey", "00:00", "[BTF] Chm0d", b"hey"),
            (b"[00:00] <a> <b> c > d", "00:00", "a", b"<b> c > d"),
            (
                b"[00:00] <a> \x02bold\x02\r",
                "00:00",
                "a",
                b"\x02bold\x02\r",
            ),
            (b"[00:00] <a> \xff\xfe", "00:00", "a", b"\xff\xfe"),
            (b"[00:00] <> no one", "00:00", "", b"no one"),
        ] {
            assert_eq!(
                IrcLine::parse(line),
                IrcLine::Message(said(minute, nick, text)),
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn emotes_have_a_nick_and_a_text() {
        for (line, nick, text) in [
            (&b"[09:14]  * will waves"[..], "will", &b"waves"[..]),
            (b"[09:14]  * will  two  spaces ", "will", b" two  spaces "),
            (b"[09:14]  * will ", "will", b""),
            (b"[09:14]  * will", "will", b""),
        ] {
            assert_eq!(
                IrcLine::parse(line),
                IrcLine::Emote(said("09:14", nick, text)),
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn joins_differ_from_unknown_lines() {
        for line in [
            &b"=== vassie [~vassie@192.0.2.7]  has joined #ubuntu"[..],
            b"=== a is now known as b",
            b"===",
        ] {
            assert_eq!(IrcLine::parse(line), IrcLine::Join);
        }
        for line in [
            &b""[..],
            b"== almost",
            b"[09:14] ",
            b"[09:14] * one space",
            b"[09:14]  *  no nick",
            b"[09:14]  * ",
            b"[09:14]<a> no space",
            b"[24:00] <a> no such hour",
            b"[9:14] <a> short",
            b"[09:14] <a no end",
            b"[09:14] <a>no space",
            b"09:14 <a> no brackets",
            b"\xff",
        ] {
            assert_eq!(
                IrcLine::parse(line),
                IrcLine::Other,
                "{}",
                line.escape_ascii()
            );
        }
    }
}
