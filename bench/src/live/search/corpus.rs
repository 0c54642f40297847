//! Messages to search: half English, half Chinese, with words whose frequencies follow Zipf's law.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::{Text, TextError};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::zipf::Picker;

/// Words of each language.
const WORDS: usize = 50_000;

/// Words of a message, in each language: about as many bytes.
const ENGLISH: std::ops::Range<usize> = 4..16;
const CHINESE: std::ops::Range<usize> = 5..15;

/// One message in this many has [`RARE`].
const RARE_EVERY: u64 = 200_000;

/// In few messages. No other word contains it.
pub(super) const RARE: &str = "quixotry";

/// In no message.
pub(super) const ABSENT: &str = "xylophone";

const CONSONANTS: &[u8] = b"bdfgklmnprstvw";
const VOWELS: &[u8] = b"aeiou";

/// An endless sequence of messages, which the same seed repeats.
pub(super) struct Corpus {
    ranks: Picker,
    random: StdRng,
    made: u64,
}

impl Corpus {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            ranks: Picker::new(WORDS, 1.0, seed),
            random: StdRng::seed_from_u64(!seed),
            made: 0,
        }
    }

    pub(super) fn message(&mut self) -> Result<Body, TextError> {
        self.made += 1;
        let is_chinese = self.made.is_multiple_of(2);
        let words = self
            .random
            .random_range(if is_chinese { CHINESE } else { ENGLISH });
        let mut text = String::new();
        for _ in 0..words {
            let rank = self.ranks.pick();
            match is_chinese {
                true => text.push_str(&chinese(rank)),
                false => {
                    text.push_str(&english(rank));
                    text.push(' ');
                }
            }
        }
        if self.made.is_multiple_of(RARE_EVERY) {
            text.push_str(RARE);
        }
        Ok(Body::Text(Text::new(text.trim_end())?))
    }
}

/// The English word of a rank: the more frequent, the shorter.
pub(super) fn english(rank: usize) -> String {
    let mut left = rank;
    let mut word = String::new();
    loop {
        let (consonant, rest) = (left % CONSONANTS.len(), left / CONSONANTS.len());
        let (vowel, rest) = (rest % VOWELS.len(), rest / VOWELS.len());
        word.push(char::from(CONSONANTS[consonant]));
        word.push(char::from(VOWELS[vowel]));
        match rest.checked_sub(1) {
            Some(rest) => left = rest,
            None => return word,
        }
    }
}

/// The Chinese word of a rank, of two characters, out of some 3,000.
pub(super) fn chinese(rank: usize) -> String {
    let character = |at: usize| {
        let point = 0x4e00 + u32::try_from(at % 3_000).unwrap_or_default();
        char::from_u32(point).unwrap_or('一')
    };
    [character(rank * 7), character(rank / 3 + rank * 11 + 1)]
        .iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_are_distinct_and_none_is_reserved() {
        let words: HashSet<String> = (0..WORDS).map(english).collect();
        assert_eq!(words.len(), WORDS);
        assert!(words.iter().all(|word| !word.contains(['q', 'x'])));
        assert_eq!(chinese(5).chars().count(), 2);
    }

    #[test]
    fn seeds_repeat_messages() {
        let texts = |seed| -> Vec<Body> {
            let mut corpus = Corpus::new(seed);
            (0..20).map(|_| corpus.message().unwrap()).collect()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }
}
