//! The messages of a run. Some conversations are busy, most are not.

use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::text::{Text, TextError};
use clap::builder::RangedU64ValueParser;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::args::whole;
use crate::words::Words;
use crate::zipf::Picker;

/// How much busier some conversations are than others: the n-th has a share of 1 / n.
pub(super) const SKEW: f64 = 1.0;

/// One message to be stored.
/// Parses the bytes of a message's text.
pub(super) fn body_bytes() -> RangedU64ValueParser<usize> {
    whole(1..=TEXT_BYTES_MAX as u64)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// An index.
    pub conversation: usize,
    pub text: Text,
}

/// An endless sequence of messages; the same seed repeats it.
#[derive(Debug)]
pub(super) struct Load {
    picker: Picker,
    words: Words,
    random: StdRng,
    body_bytes: usize,
}

impl Load {
    /// Messages of `body_bytes`, at least one, for `conversations`.
    pub(super) fn new(conversations: usize, body_bytes: usize, seed: u64) -> Self {
        // The texts must not depend on how often the picker has chosen.
        Self {
            picker: Picker::new(conversations, SKEW, seed),
            words: Words::new(),
            random: StdRng::seed_from_u64(!seed),
            body_bytes,
        }
    }

    pub(super) fn message(&mut self) -> Result<Message, TextError> {
        let conversation = self.picker.pick();
        Ok(Message {
            conversation,
            text: Text::new(self.words.fill(self.body_bytes, &mut self.random))?,
        })
    }

    /// Made in advance, so that making them is not measured.
    pub(super) fn messages(&mut self, count: usize) -> Result<Vec<Message>, TextError> {
        (0..count).map(|_| self.message()).collect()
    }
}

#[cfg(test)]
mod tests;
