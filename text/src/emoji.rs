//! Names of emoji.

use std::sync::LazyLock;

/// Lines of a name and an emoji, sorted by name. `cargo run -p cairn-text --example generate-emoji`
/// prints them.
const TABLE: &str = include_str!("emoji.txt");

static EMOJI: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect()
});

/// Returns the characters of an emoji by one of its names, such as `tada`.
#[must_use]
pub fn emoji(name: &str) -> Option<&'static str> {
    let at = EMOJI.binary_search_by_key(&name, |(known, _)| known).ok()?;
    EMOJI.get(at).map(|(_, glyph)| *glyph)
}

/// Returns all names that begin like this, with their emoji, in alphabetical order.
pub fn emoji_names(prefix: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let start = EMOJI.partition_point(|(name, _)| *name < prefix);
    let known = EMOJI.get(start..).unwrap_or_default();
    known
        .iter()
        .copied()
        .take_while(move |(name, _)| name.starts_with(prefix))
}

/// Lines of all sequences that Unicode recommends for interchange (RGI), with every skin tone,
/// sorted by code points. Printed by the same example.
const SEQUENCES: &str = include_str!("sequences.txt");

static IS_EMOJI: LazyLock<Vec<&str>> = LazyLock::new(|| SEQUENCES.lines().collect());

/// Returns whether a string is one emoji: a sequence that Unicode recommends for interchange, such
/// as 🏳️‍🌈.
#[must_use]
pub fn is_emoji(sequence: &str) -> bool {
    IS_EMOJI.binary_search(&sequence).is_ok()
}

/// Sequences without their variation selectors, sorted, with those that Unicode recommends.
static UNQUALIFIED: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let mut all: Vec<_> = IS_EMOJI
        .iter()
        .map(|emoji| (unqualified(emoji), *emoji))
        .collect();
    all.sort_unstable();
    all
});

/// Returns the emoji that this is one of. Unlike [`is_emoji`], this finds it also where variation
/// selectors are missing, as some keyboards and programs leave them out: ❤ is a text character, and
/// ❤️ the emoji.
#[must_use]
pub fn qualified_emoji(typed: &str) -> Option<&'static str> {
    let key = unqualified(typed);
    let at = UNQUALIFIED.binary_search_by(|(known, _)| known.as_str().cmp(&key));
    UNQUALIFIED.get(at.ok()?).map(|(_, emoji)| *emoji)
}

fn unqualified(sequence: &str) -> String {
    sequence.chars().filter(|&c| c != '\u{fe0f}').collect()
}
