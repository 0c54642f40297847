//! The messages of a run. Some conversations are busy, most are not.

use std::ops::RangeInclusive;

use cairn_proto::limits::TEXT_BYTES_MAX;
use cairn_proto::text::{Text, TextError};
use clap::Args;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::Serialize;

use super::scratch::Scratch;
use crate::args::whole;
use crate::words::Words;
use crate::zipf::Picker;

/// How much busier some conversations are than others: the n-th has a share of 1 / n.
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

    /// Picks the conversation of each message.
    pub(super) fn picker(&self) -> Picker {
        Picker::new(self.conversations, SKEW, self.scratch.seed)
    }
}

/// The index of a conversation, and a text for it.
pub(super) type Message = (usize, Text);

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

    /// Made in advance, so that making them is not measured.
    pub(super) fn messages(&mut self, count: usize) -> Result<Vec<Message>, TextError> {
        let message = |_| {
            let text = self.words.fill(self.body_bytes, &mut self.random);
            Ok((self.picker.pick(), Text::new(text)?))
        };
        (0..count).map(message).collect()
    }
}

#[cfg(test)]
mod tests;
