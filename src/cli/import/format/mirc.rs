//! mIRC: as `[HH:MM] <nick> text`, with colour codes and lines about the session.

use std::borrow::Cow;

use super::bracketed::stamped;
use super::{Event, Said, action, long_day, message, notice};

/// The colour of actions, unless the user changed it.
const ACTION_COLOUR: &str = "6";

pub(super) fn parse(line: &str) -> Event<'_> {
    if let Some(day) = line.strip_prefix("Session Start: ") {
        return long_day(day).map_or(Event::Other, |(day, _)| Event::Session(day));
    }
    if line.starts_with("Session ") {
        return Event::Notice(None);
    }
    let (colour, line) = match line.strip_prefix('\u{3}') {
        Some(rest) => {
            let rest = rest.trim_start();
            let text = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',');
            let number = rest[..rest.len() - text.len()].split(',').next();
            (number.map(|number| number.trim_start_matches('0')), text)
        }
        None => (None, line),
    };
    let Some((at, rest)) = stamped(line) else {
        return Event::Other;
    };
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix('<') {
        return message(rest, at).map_or(Event::Other, |said| Event::Message(stripped(said)));
    }
    if rest.starts_with('-') {
        return Event::Notice(None);
    }
    let Some(text) = rest.strip_prefix("* ") else {
        return Event::Other;
    };
    if let Some(nick) = notice(text) {
        return Event::Notice(nick);
    }
    let said = action(text, at).map(stripped);
    match (said, colour) {
        (Some(said), Some(ACTION_COLOUR)) => Event::Emote(said),
        (Some(said), None) => Event::EmoteOf(said),
        _ => Event::Notice(None),
    }
}

fn stripped(said: Said<'_>) -> Said<'_> {
    Said {
        text: strip_codes(said.text),
        ..said
    }
}

/// Removes the codes for bold, italic, underline, reverse, reset and colours.
fn strip_codes(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control()) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\u{3}' => rest = after_colours(rest),
            '\u{2}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1d}' | '\u{1e}' | '\u{1f}' => {}
            c => plain.push(c),
        }
    }
    plain.into()
}

/// What follows one or two colour numbers of at most two digits.
fn after_colours(text: &str) -> &str {
    let after_number =
        |text: &'_ str| -> usize { text.bytes().take(2).take_while(u8::is_ascii_digit).count() };
    let first = after_number(text);
    let rest = &text[first..];
    match rest.strip_prefix(',') {
        Some(second) if first > 0 && after_number(second) > 0 => &second[after_number(second)..],
        _ => rest,
    }
}
