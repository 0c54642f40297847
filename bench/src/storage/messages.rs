//! The messages of a run, with a skewed distribution over conversations. Texts are cut from a
//! corpus, because composing each from words would take a tenth of the time in which the engine
//! stores it.

use std::ops::RangeInclusive;

use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::text::{Text, TextError};
use clap::Args;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use super::limits::CORPUS_BYTES;
use crate::args::whole;
use crate::scratch::Scratch;
use crate::words::words;
use crate::zipf::Picker;

/// The exponent of the distribution: the n-th conversation has a share of 1 / n.
pub(super) const SKEW: f64 = 1.0;

#[derive(Clone, Debug, Args, Serialize)]
pub(super) struct LoadSettings {
    /// Groups that the messages go to, the n-th with a share of 1 / n
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = whole::<usize>(GROUPS))]
    pub conversations: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = whole::<usize>(BODY))]
    pub body: usize,

    #[command(flatten)]
    #[serde(flatten)]
    pub scratch: Scratch,
}

const GROUPS: RangeInclusive<u64> = 1..=100_000;
const BODY: RangeInclusive<u64> = 1..=TEXT_BYTES_MAX as u64;

impl LoadSettings {
    pub(super) fn load(&self) -> Load {
        Load::new(self.conversations, self.body, self.scratch.seed)
    }
}

/// The index of a conversation, and a text for it.
pub(super) type Message = (usize, Text);

/// An endless sequence of messages, which the same seed repeats.
pub(super) struct Load {
    picker: Picker,
    /// Random words. A text starts at a random one. The corpus is large enough that messages in a
    /// block rarely overlap, so they compress no better than individually composed texts.
    corpus: String,
    body_bytes: usize,
    random: StdRng,
}

/// The longest word and its space are shorter than this.
const WORD_BYTES_MAX: usize = 16;

impl Load {
    /// Messages of `body_bytes`, at least one, for `conversations`.
    pub(super) fn new(conversations: usize, body_bytes: usize, seed: u64) -> Self {
        // The texts must not depend on the number of picks.
        let mut random = StdRng::seed_from_u64(!seed);
        let bytes = CORPUS_BYTES + WORD_BYTES_MAX + body_bytes;
        Self {
            picker: Picker::new(conversations, SKEW, seed),
            corpus: words(bytes, &mut random),
            body_bytes,
            random,
        }
    }

    pub(super) fn message(&mut self) -> Result<Message, TextError> {
        let at = self.random.random_range(0..CORPUS_BYTES);
        let blank = self.corpus[at..].find(' ');
        let word = blank.map_or(at, |blank| at + blank + 1);
        let text = Text::new(&self.corpus[word..word + self.body_bytes])?;
        Ok((self.picker.pick(), text))
    }

    /// Generated in advance, so that the generation is not measured.
    pub(super) fn messages(&mut self, count: usize) -> Result<Vec<Message>, TextError> {
        (0..count).map(|_| self.message()).collect()
    }
}

#[cfg(test)]
mod tests;
