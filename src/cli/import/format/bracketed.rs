//! `[HH:MM] <nick> text`: Ubuntu, energymech and ZNC.

use super::{Event, Said, Stamp, action, message, notice, stamp};

pub(super) fn parse(line: &str) -> Event<'_> {
    if let Some(text) = line.strip_prefix("===") {
        return marked(text.trim_start());
    }
    stamped(line)
        .and_then(|(at, rest)| spoken(at, rest))
        .unwrap_or(Event::Other)
}

/// The time in brackets, and what follows it.
pub(super) fn stamped(line: &str) -> Option<(Stamp, &str)> {
    let (time, rest) = line.strip_prefix('[')?.split_once(']')?;
    Some((Stamp::Time(stamp::time(time)?), rest.strip_prefix(' ')?))
}

fn spoken(at: Stamp, rest: &str) -> Option<Event<'_>> {
    if let Some(rest) = rest.strip_prefix('<') {
        return message(rest, at).map(Event::Message);
    }
    if rest.starts_with("***") || (rest.starts_with('-') && rest.contains("- ")) {
        let nick = rest
            .strip_prefix("*** Joins: ")
            .and_then(|rest| rest.split(' ').next());
        return Some(Event::Notice(nick));
    }
    // Ubuntu's logs have a space before the mark.
    let rest = rest.strip_prefix(' ').unwrap_or(rest).strip_prefix("* ")?;
    action(rest, at).map(Event::Emote)
}

/// `=== …`: in old logs of Ubuntu, an action as well. It has no time.
fn marked(text: &str) -> Event<'_> {
    let first = text.split(' ').next().unwrap_or_default();
    if let Some(nick) = notice(text) {
        return Event::Notice(nick);
    }
    if first.is_empty() || matches!(first, "Topic" | "You're") || first.contains(['/', '#', ':']) {
        return Event::Notice(None);
    }
    match action(text, Stamp::None) {
        Some(Said { text, .. }) if text.starts_with("-> ") => Event::Notice(None),
        Some(said) => Event::EmoteOf(said),
        None => Event::Notice(None),
    }
}
