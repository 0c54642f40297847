//! The messages of a race: the same for every contender, in the same order, made before any clock runs.

use std::collections::HashMap;

use cairn_proto::text::TextError;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::contender::Key;
use crate::limits;
use crate::storage::load::{Load, Message};

/// How far the texts move against the conversations with each turn through the supply. Odd, so that they come back late.
const SHIFT: u64 = 4_099;

/// Messages without an end, made of a few. A conversation gets other texts with each turn through them: otherwise the quiet ones would
/// hold the same few texts again and again, and compress as nobody's do.
#[derive(Debug)]
pub struct Supply {
    messages: Vec<Message>,
    body_bytes: usize,
}

impl Supply {
    /// Messages of so many bytes for so many conversations.
    pub fn new(conversations: usize, body_bytes: usize, seed: u64) -> Result<Self, TextError> {
        let count = (limits::SUPPLY_BYTES_MAX / body_bytes).clamp(1, limits::SUPPLY_MESSAGES);
        Ok(Self {
            messages: Load::new(conversations, body_bytes, seed).messages(count)?,
            body_bytes,
        })
    }

    /// The n-th message of the race, from 0: its conversation and its text.
    pub fn get(&self, n: u64) -> (u64, &str) {
        let count = self.messages.len() as u64;
        let (turn, at) = (n / count, n % count);
        let text = (at + turn.wrapping_mul(SHIFT)) % count;
        (
            self.messages[at as usize].conversation as u64,
            self.messages[text as usize].text.as_str(),
        )
    }

    /// How many messages have so many bytes of text.
    pub fn messages_of(&self, bytes: usize) -> u64 {
        (bytes / self.body_bytes) as u64
    }

    /// What a storage must hold that has stored the first `count` messages.
    pub fn tally(&self, count: u64) -> Tally {
        let mut tally = Tally::default();
        (0..count)
            .map(|n| self.get(n))
            .for_each(|(conversation, text)| tally.add(conversation, text.as_bytes()));
        tally
    }
}

/// What a storage holds, in short: how many messages each conversation has, and a sum over all that another text or place would change.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    heads: HashMap<u64, u64>,
    sum: u64,
}

impl Tally {
    /// Adds the next message of a conversation.
    pub fn add(&mut self, conversation: u64, text: &[u8]) {
        let head = self.heads.entry(conversation).or_default();
        *head += 1;
        let place = xxh3_64(
            &Key {
                conversation,
                msgid: *head,
            }
            .to_bytes(),
        );
        self.sum = self.sum.wrapping_add(xxh3_64_with_seed(text, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(messages: &[(u64, &str)]) -> Tally {
        let mut tally = Tally::default();
        messages
            .iter()
            .for_each(|(conversation, text)| tally.add(*conversation, text.as_bytes()));
        tally
    }

    #[test]
    fn conversations_may_be_read_one_after_the_other() {
        assert_eq!(
            tally(&[(1, "a"), (2, "b"), (1, "c")]),
            tally(&[(1, "a"), (1, "c"), (2, "b")])
        );
    }

    #[test]
    fn whatever_is_amiss_shows() {
        let right = tally(&[(1, "a"), (1, "b"), (2, "c")]);
        let others: [&[(u64, &str)]; 5] = [
            &[(1, "b"), (1, "a"), (2, "c")],
            &[(1, "a"), (1, "b")],
            &[(1, "a"), (1, "b"), (2, "d")],
            &[(1, "a"), (1, "b"), (3, "c")],
            &[(1, "a"), (1, "b"), (2, "c"), (2, "c")],
        ];
        others
            .iter()
            .for_each(|wrong| assert_ne!(tally(wrong), right, "{wrong:?}"));
    }

    #[test]
    fn a_conversation_gets_other_texts_with_each_turn() {
        let supply = Supply::new(4, 100, 1).unwrap();
        let count = supply.messages.len() as u64;
        let (first, again) = (supply.get(5), supply.get(count + 5));
        assert_eq!(first.0, again.0);
        assert_ne!(first.1, again.1);
    }

    #[test]
    fn long_texts_are_fewer() {
        let bytes = |body| Supply::new(1, body, 1).unwrap().messages.len() * body;
        assert_eq!(bytes(200), 200 * limits::SUPPLY_MESSAGES);
        assert!(bytes(16 * 1024) <= limits::SUPPLY_BYTES_MAX);
    }
}
