//! irssi: `HH:MM < nick> text`.

use super::{Event, Stamp, action, long_day, message, notice, stamp};

pub(super) fn parse(line: &str) -> Event<'_> {
    if let Some(text) = line.strip_prefix("--- ") {
        let day = text
            .strip_prefix("Log opened ")
            .or_else(|| text.strip_prefix("Day changed "));
        return match day.and_then(long_day) {
            Some((day, _)) => Event::Day(day),
            None => Event::Notice(None),
        };
    }
    spoken(line).unwrap_or(Event::Other)
}

fn spoken(line: &str) -> Option<Event<'_>> {
    let (time, rest) = line.split_once(' ')?;
    let at = Stamp::Time(stamp::time(time)?);
    if let Some(rest) = rest.strip_prefix('<') {
        return message(rest, at).map(Event::Message);
    }
    if let Some(text) = rest.strip_prefix("-!- ") {
        return Some(Event::Notice(notice(text).flatten()));
    }
    if rest.starts_with('-') {
        return Some(Event::Notice(None));
    }
    let rest = rest.strip_prefix(' ').unwrap_or(rest).strip_prefix("* ")?;
    action(rest, at).map(Event::Emote)
}
