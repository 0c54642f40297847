//! HexChat and XChat: `Mar 09 23:58:01 <nick> text`.

use super::{Event, Stamp, action, long_day, message, month_number, notice, stamp};

pub(super) fn parse(line: &str) -> Event<'_> {
    if let Some(text) = line.strip_prefix("**** ") {
        let day = text.strip_prefix("BEGIN LOGGING AT ").and_then(long_day);
        return day.map_or(Event::Notice(None), |(day, _)| Event::Day(day));
    }
    spoken(line).unwrap_or(Event::Other)
}

fn spoken(line: &str) -> Option<Event<'_>> {
    let (month, rest) = line.split_once(' ')?;
    let (day, rest) = rest.split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let at = Stamp::InYear(month_number(month)?, day.parse().ok()?, stamp::time(time)?);
    if let Some(rest) = rest.strip_prefix('<') {
        return message(rest, at).map(Event::Message);
    }
    if rest.starts_with('-') {
        return Some(Event::Notice(None));
    }
    let text = rest
        .strip_prefix("*\t")
        .or_else(|| rest.strip_prefix("* "))?;
    if let Some(nick) = notice(text) {
        return Some(Event::Notice(nick));
    }
    action(text, at).map(Event::EmoteOf)
}
