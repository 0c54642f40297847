//! What the messages of a fill say. Putting each together from words would take a tenth of the time in which the engine stores it.

use cairn_proto::text::{Text, TextError};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::limits::SCROLL_BYTES;
use crate::words::Words;

/// The longest word with its blank has fewer bytes than this.
const WORD_BYTES_MAX: usize = 16;

/// A long scroll of random words. Each message is a piece of it that begins at some word. It is so long that the few messages which share
/// a block hardly ever share words, so that they compress no better than texts that are put together one by one.
#[derive(Debug)]
pub(super) struct Scroll {
    words: String,
    body_bytes: usize,
    random: StdRng,
}

impl Scroll {
    /// For messages of so many bytes. The same seed gives the same messages.
    pub(super) fn new(body_bytes: usize, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(!seed);
        let words = Words::new().fill(SCROLL_BYTES + WORD_BYTES_MAX + body_bytes, &mut random);
        Self {
            words,
            body_bytes,
            random,
        }
    }

    /// The next message.
    pub(super) fn text(&mut self) -> Result<Text, TextError> {
        let place = self.random.random_range(0..SCROLL_BYTES);
        let word = self.words[place..]
            .find(' ')
            .map_or(place, |blank| place + blank + 1);
        Text::new(&self.words[word..word + self.body_bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_size_and_begin_with_a_word() {
        let (mut scroll, words) = (Scroll::new(200, 1), Words::new());
        for _ in 0..1_000 {
            let text = scroll.text().unwrap();
            let first = text.as_str().split(' ').next().unwrap_or_default();
            assert_eq!(text.as_str().len(), 200);
            assert!(words.contains(first), "{text}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_messages_again_and_hardly_any_twice() {
        let some = |seed| {
            let mut scroll = Scroll::new(50, seed);
            (0..1_000)
                .map(|_| scroll.text().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
        let different: std::collections::HashSet<_> = some(3)
            .into_iter()
            .map(|text| text.as_str().to_owned())
            .collect();
        assert!(different.len() > 990, "{}", different.len());
    }
}
