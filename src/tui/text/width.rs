//! Columns on a terminal: the one place that measures text.
//!
//! Everything is measured by grapheme clusters, as they are shown: terminals disagree about
//! clusters of several emoji, so [`shown`] reduces these to their first emoji.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How wide a terminal shows characters whose East Asian width is *ambiguous*, such as `·` and `…`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ambiguous {
    #[default]
    Narrow,
    Wide,
}

/// Splits a text into grapheme clusters, with their byte offsets.
pub(crate) fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = (usize, &str)> {
    text.grapheme_indices(true)
}

/// Returns the characters that represent a grapheme cluster on a terminal.
///
/// Emoji lose variation selectors, joined emoji, skin tones and keycaps; flags of countries become
/// their two letters. All other clusters stay as they are.
pub(crate) fn shown(cluster: &str) -> Cow<'_, str> {
    let mut chars = cluster.chars();
    let Some(first) = chars.next() else {
        return Cow::Borrowed(cluster);
    };
    if first == '\t' {
        return Cow::Borrowed("    ");
    }
    if chars.as_str().is_empty() {
        return Cow::Borrowed(cluster);
    }
    if let Some(letters) = country(cluster) {
        return Cow::Owned(letters);
    }
    let is_emoji = |c| matches!(c, VARIATION_TEXT | VARIATION_EMOJI | KEYCAP) || is_tone(c);
    let is_joined = chars.clone().any(|c| c == JOINER) && !is_letter(first);
    if is_joined || chars.clone().any(is_emoji) || chars.clone().any(is_tag) {
        return Cow::Borrowed(&cluster[..first.len_utf8()]);
    }
    Cow::Borrowed(cluster)
}

const VARIATION_TEXT: char = '\u{fe0e}';
const VARIATION_EMOJI: char = '\u{fe0f}';
const JOINER: char = '\u{200d}';
const KEYCAP: char = '\u{20e3}';

const fn is_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

const fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !c.is_ascii()
}

/// Returns the two letters of a flag.
fn country(cluster: &str) -> Option<String> {
    let letter = |c: char| {
        let offset = u32::from(c).checked_sub(0x1f1e6).filter(|&n| n < 26)?;
        char::from_u32(u32::from('A') + offset)
    };
    cluster.chars().map(letter).collect()
}

impl Ambiguous {
    /// Returns the columns of one grapheme cluster, as [`shown`].
    pub(crate) fn cluster(self, cluster: &str) -> usize {
        if let [byte @ b' '..=b'~'] = cluster.as_bytes() {
            return usize::from(byte.is_ascii());
        }
        let shown = shown(cluster);
        let width = match self {
            Self::Narrow => shown.width(),
            Self::Wide => shown.width_cjk(),
        };
        // Terminals that draw single characters take the columns of each of them.
        match shown.chars().count() {
            1 => width,
            _ => width.min(sum(self, &shown)),
        }
    }

    /// Returns the columns of a text without line ends.
    pub(crate) fn text(self, text: &str) -> usize {
        graphemes(text)
            .map(|(_, cluster)| self.cluster(cluster))
            .sum()
    }

    /// Returns the longest start of a text that fits into this many columns.
    pub(crate) fn fitting(self, text: &str, columns: usize) -> &str {
        let mut used = 0;
        for (at, cluster) in graphemes(text) {
            used += self.cluster(cluster);
            if used > columns {
                return &text[..at];
            }
        }
        text
    }

    /// Shortens a text to this many columns; `~` marks what was cut.
    pub(crate) fn shortened(self, text: &str, columns: usize) -> Cow<'_, str> {
        if self.text(text) <= columns {
            return Cow::Borrowed(text);
        }
        match columns {
            0 => Cow::Borrowed(""),
            _ => Cow::Owned(format!("{}~", self.fitting(text, columns - 1))),
        }
    }
}

fn sum(ambiguous: Ambiguous, text: &str) -> usize {
    text.chars()
        .map(|c| match ambiguous {
            Ambiguous::Narrow => c.width(),
            Ambiguous::Wide => c.width_cjk(),
        })
        .map(Option::unwrap_or_default)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clusters_are_measured_as_shown() {
        for (text, expected, columns) in [
            ("a", "a", 1),
            ("中", "中", 2),
            ("é", "é", 1),
            ("e\u{301}", "e\u{301}", 1),
            ("❤\u{fe0f}", "❤", 1),
            ("👩\u{200d}👩\u{200d}👧", "👩", 2),
            ("👍🏽", "👍", 2),
            ("🇨🇳", "CN", 2),
            ("1\u{fe0f}\u{20e3}", "1", 1),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴", 2),
            ("한", "한", 2),
            ("…", "…", 1),
            ("\t", "    ", 4),
        ] {
            assert_eq!(shown(text), expected);
            assert_eq!(Ambiguous::Narrow.cluster(text), columns, "{text}");
        }
        assert_eq!(Ambiguous::Wide.cluster("…"), 2);
        assert_eq!(Ambiguous::Wide.cluster("a"), 1);
    }

    #[test]
    fn long_texts_are_shortened_between_clusters() {
        let narrow = Ambiguous::Narrow;
        assert_eq!(narrow.shortened("你好吗", 6), "你好吗");
        assert_eq!(narrow.shortened("你好吗", 5), "你好~");
        assert_eq!(narrow.shortened("你好吗", 4), "你~");
        assert_eq!(narrow.shortened("abc", 0), "");
    }

    proptest! {
        #[test]
        fn shortened_texts_fit(text in "\\PC{0,40}", columns in 0_usize..30) {
            for ambiguous in [Ambiguous::Narrow, Ambiguous::Wide] {
                let short = ambiguous.shortened(&text, columns);
                prop_assert!(ambiguous.text(&short) <= columns);
            }
        }
    }
}
