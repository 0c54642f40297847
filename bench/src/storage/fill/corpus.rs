//! The texts of a fill. Composing each from words would take a tenth of the time that the engine
//! needs to store it.

use cairn_proto::text::{Text, TextError};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::storage::limits::CORPUS_BYTES;
use crate::words::Words;

/// The longest word and its blank are shorter than this.
const WORD_BYTES_MAX: usize = 16;

/// Random words. A message is a piece that begins at a random word. The corpus is so long that
/// messages in the same block hardly ever overlap, so that they compress no better than texts that
/// are composed one by one.
#[derive(Debug)]
pub(super) struct Corpus {
    words: String,
    body_bytes: usize,
    random: StdRng,
}

impl Corpus {
    pub(super) fn new(body_bytes: usize, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(!seed);
        let words = Words::new().fill(CORPUS_BYTES + WORD_BYTES_MAX + body_bytes, &mut random);
        Self {
            words,
            body_bytes,
            random,
        }
    }

    pub(super) fn text(&mut self) -> Result<Text, TextError> {
        let at = self.random.random_range(0..CORPUS_BYTES);
        let blank = self.words[at..].find(' ');
        let word = blank.map_or(at, |blank| at + blank + 1);
        Text::new(&self.words[word..word + self.body_bytes])
    }
}
