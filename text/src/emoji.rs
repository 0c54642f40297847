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
