//! WeeChat: date and time, nick, and text, between tabs.

use jiff::civil::Date;

use super::{Event, Said, Stamp, action, notice, plain_nick, stamp};

pub(super) fn parse(line: &str) -> Event<'_> {
    spoken(line).unwrap_or(Event::Other)
}

fn spoken(line: &str) -> Option<Event<'_>> {
    let (moment, rest) = line.split_once('\t')?;
    let (nick, text) = rest.split_once('\t')?;
    let (date, time) = moment.split_once(' ')?;
    let date: Date = date.parse().ok()?;
    let at = Stamp::Full(date, stamp::time(time)?);
    Some(match nick {
        " *" => Event::Emote(action(text, at)?),
        "-->" | "<--" | "--" | "=!=" | "" => Event::Notice(notice(text).flatten()),
        nick => Event::Message(Said {
            at,
            nick: plain_nick(nick),
            text: text.into(),
        }),
    })
}
