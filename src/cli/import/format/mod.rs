//! The formats of IRC logs. A parser of each turns one line into an [`Event`].

mod bracketed;
mod hexchat;
mod irssi;
mod mirc;
mod stamp;
mod weechat;

use std::borrow::Cow;
use std::collections::HashSet;

use clap::ValueEnum;
use jiff::civil::{Date, Time};

pub(super) use self::stamp::{Clock, Stamp};

/// Programs that write logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// `[HH:MM] <nick> text`, `=== joins and actions`
    Ubuntu,
    /// `[HH:MM:SS] <nick> text`, `[HH:MM:SS] *** Joins: …`
    Energymech,
    /// As energymech
    Znc,
    /// `[HH:MM] <nick> text` with colour codes, `Session Start: …`
    Mirc,
    /// `HH:MM < nick> text`, `--- Day changed …`
    Irssi,
    /// YYYY-MM-DD HH:MM:SS, nick and text between tabs
    Weechat,
    /// `Mon DD HH:MM:SS <nick> text`, `**** BEGIN LOGGING AT …`
    Hexchat,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    Message(Said<'a>),
    Emote(Said<'a>),
    /// An emote if the nick takes part in the conversation; otherwise something that happened.
    EmoteOf(Said<'a>),
    /// The following lines are of this day.
    Day(Date),
    /// A log begins, on this day. Times that go back are of the day after.
    Session(Date),
    /// A user joined, left, or changed their name or rights, or the program wrote something. With
    /// the nick of the user who is there afterwards.
    Notice(Option<&'a str>),
    /// Not a line of this format.
    Other,
}

/// A message or an action. The text can be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub(super) at: Stamp,
    pub(super) nick: &'a str,
    pub(super) text: Cow<'a, str>,
}

impl Format {
    /// In the order in which they are preferred.
    pub(super) const ALL: [Self; 5] = [
        Self::Ubuntu,
        Self::Mirc,
        Self::Irssi,
        Self::Weechat,
        Self::Hexchat,
    ];

    /// Parses a line without its end.
    pub(super) fn parse(self, line: &str) -> Event<'_> {
        match self {
            Self::Ubuntu | Self::Energymech | Self::Znc => bracketed::parse(line),
            Self::Mirc => mirc::parse(line),
            Self::Irssi => irssi::parse(line),
            Self::Weechat => weechat::parse(line),
            Self::Hexchat => hexchat::parse(line),
        }
    }

    pub(super) fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// The nicks of those who take part in a conversation.
#[derive(Debug, Default)]
pub(super) struct Nicks(HashSet<String>);

/// Later nicks are not remembered.
const NICKS_MAX: usize = 100_000;

impl Nicks {
    pub(super) fn see(&mut self, event: &Event<'_>) {
        let nick = match event {
            Event::Message(said) | Event::Emote(said) => Some(said.nick),
            Event::Notice(nick) => *nick,
            Event::EmoteOf(_) | Event::Day(_) | Event::Session(_) | Event::Other => None,
        };
        if let Some(nick) = nick
            && self.0.len() < NICKS_MAX
            && !self.0.contains(nick)
        {
            self.0.insert(nick.to_owned());
        }
    }

    pub(super) fn contains(&self, nick: &str) -> bool {
        self.0.contains(nick)
    }
}

/// The nick without what shows the rights of its user.
fn plain_nick(nick: &str) -> &str {
    nick.trim_start_matches([' ', '@', '%', '+', '&', '~', '!'])
}

/// `nick> text`. The nick ends at the first `>`, since no nick contains one.
fn message(rest: &str, at: Stamp) -> Option<Said<'_>> {
    let (nick, text) = rest.split_once('>')?;
    // Some logs have no space before an empty text.
    let text = if text.is_empty() {
        text
    } else {
        text.strip_prefix([' ', '\t'])?
    };
    Some(Said {
        at,
        nick: plain_nick(nick),
        text: text.into(),
    })
}

/// `nick text`. Only the space ends the nick here.
fn action(rest: &str, at: Stamp) -> Option<Said<'_>> {
    let (nick, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let nick = plain_nick(nick);
    (!nick.is_empty()).then_some(Said {
        at,
        nick,
        text: text.into(),
    })
}

/// What the program wrote about a user: `nick [user@host] has joined #lamp`. Returns the nick of
/// the user who is there afterwards, or `None` if the text is not of this kind.
fn notice(text: &str) -> Option<Option<&str>> {
    if let Some((_, nick)) = text.split_once(" is now known as ") {
        return Some(Some(nick.trim()));
    }
    let (nick, rest) = text.split_once(' ')?;
    let rest = rest.trim_start();
    let (has_host, did) = match rest.strip_prefix(['[', '(']) {
        Some(host) => (
            true,
            host.split_once([']', ')']).map_or(rest, |(_, did)| did),
        ),
        None => (false, rest),
    };
    let did = did.trim_start();
    let is = |starts: &[&str]| starts.iter().any(|start| did.starts_with(start));
    // An action can begin with the same words: "has left the building".
    if is(&["has joined #"]) || (has_host && is(&["has joined"])) {
        return Some(Some(nick));
    }
    let left = is(&["has left #", "has quit ("]) || (has_host && is(&["has left", "has quit"]));
    let changed = is(&[
        "has changed the topic",
        "has kicked ",
        "was kicked ",
        "sets mode ",
        "gives channel ",
        "gives voice ",
        "removes channel ",
        "removes voice ",
    ]);
    (left || changed).then_some(None)
}

/// A day as `Sat Mar  9 23:58:00 2024` or `Sun Mar 10 2024`.
fn long_day(text: &str) -> Option<(Date, Option<Time>)> {
    let words: Vec<_> = text.split_whitespace().collect();
    let (month, day, time, year) = match words[..] {
        [_, month, day, time, year] => (month, day, Some(time), year),
        [_, month, day, year] => (month, day, None, year),
        _ => return None,
    };
    let date = Date::new(year.parse().ok()?, month_number(month)?, day.parse().ok()?).ok()?;
    Some((date, time.and_then(stamp::time)))
}

fn month_number(name: &str) -> Option<i8> {
    let names = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = name.get(..3)?.to_ascii_lowercase();
    names
        .iter()
        .zip(1..)
        .find_map(|(name, number)| (*name == start).then_some(number))
}

#[cfg(test)]
mod tests;
