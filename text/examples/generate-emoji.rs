//! Prints `src/emoji.txt`: the names of all emoji with their characters, sorted by name. With the
//! argument `sequences`, prints `src/sequences.txt`: all emoji with their skin tones.
#![allow(clippy::print_stdout, reason = "the table is its output")]

use std::collections::{BTreeMap, BTreeSet};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("sequences") {
        return print_sequences();
    }
    let mut names = BTreeMap::new();
    for emoji in emojis::iter() {
        for name in emoji.shortcodes() {
            names.insert(name, emoji.as_str());
        }
    }
    for (name, glyph) in names {
        println!("{name} {glyph}");
    }
}

fn print_sequences() {
    let mut sequences = BTreeSet::new();
    for emoji in emojis::iter() {
        sequences.insert(emoji.as_str());
        sequences.extend(
            emoji
                .skin_tones()
                .into_iter()
                .flatten()
                .map(emojis::Emoji::as_str),
        );
    }
    for sequence in sequences {
        println!("{sequence}");
    }
}
