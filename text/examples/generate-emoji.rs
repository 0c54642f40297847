//! Prints `src/emoji.txt`: the names of all emoji with their characters, sorted by name.
#![allow(clippy::print_stdout, reason = "the table is its output")]

use std::collections::BTreeMap;

fn main() {
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
