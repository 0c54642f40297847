//! The messages of a race: the same for every contender, in the same order, generated in advance.

use std::collections::HashMap;

use cairn_proto::text::TextError;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::contender::Key;
use crate::storage::limits;
use crate::storage::messages::{Load, Message};

/// The shift of texts against conversations at each pass over the supply. Odd, so that pairs repeat
/// late.
const SHIFT: u64 = 4_099;

/// An endless sequence of messages from a finite supply. Each pass pairs conversations with other
/// texts; otherwise quiet conversations would repeat the same texts and compress unrealistically
/// well.
pub(crate) struct Supply {
    pub(super) messages: Vec<Message>,
    pub(super) body_bytes: usize,
    pub(super) groups: usize,
}

impl Supply {
    pub(crate) fn new(groups: usize, body_bytes: usize, seed: u64) -> Result<Self, TextError> {
        let count = (limits::SUPPLY_BYTES_MAX / body_bytes).clamp(1, limits::SUPPLY_MESSAGES);
        Ok(Self {
            messages: Load::new(groups, body_bytes, seed).messages(count)?,
            body_bytes,
            groups,
        })
    }

    /// The conversation and the text of the n-th message, from 0.
    pub(super) fn get(&self, n: u64) -> (u64, &str) {
        let count = self.messages.len() as u64;
        let (turn, at) = (n / count, n % count);
        let text = (at + turn.wrapping_mul(SHIFT)) % count;
        let (conversation, _) = &self.messages[at as usize];
        let (_, text) = &self.messages[text as usize];
        (*conversation as u64, text.as_str())
    }

    /// The tally of a storage that holds the first `count` messages.
    pub(super) fn tally(&self, count: u64) -> Tally {
        let mut tally = Tally::default();
        for (conversation, text) in (0..count).map(|n| self.get(n)) {
            tally.add(conversation, text.as_bytes());
        }
        tally
    }
}

/// A digest of a storage's content: the number of messages per conversation, and a sum over the
/// text and position of every message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    heads: HashMap<u64, u64>,
    sum: u64,
}

impl Tally {
    pub(super) fn add(&mut self, conversation: u64, text: &[u8]) {
        let msgid = self.heads.entry(conversation).or_default();
        *msgid += 1;
        let key = Key {
            conversation,
            msgid: *msgid,
        };
        let place = xxh3_64(&key.to_bytes());
        self.sum = self.sum.wrapping_add(xxh3_64_with_seed(text, place));
    }
}
