//! The messages of a run: each a text for one of the conversations, of which some are busy and most are not.

use cairn_proto::text::{Text, TextError};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::words::Words;
use crate::zipf::Picker;

/// How much busier some conversations are than others: the n-th has a share of 1 / n.
pub(super) const SKEW: f64 = 1.0;

/// One message to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Which of the run's conversations, from 0.
    pub conversation: usize,
    pub text: Text,
}

/// Makes messages without an end. The same seed makes the same ones.
#[derive(Debug)]
pub(super) struct Load {
    picker: Picker,
    words: Words,
    random: StdRng,
    body_bytes: usize,
}

impl Load {
    /// Messages of so many bytes, at least one, for so many conversations.
    pub(super) fn new(conversations: usize, body_bytes: usize, seed: u64) -> Self {
        // The texts must not depend on how often the picker has chosen.
        let (picker, random) = (
            Picker::new(conversations, SKEW, seed),
            StdRng::seed_from_u64(!seed),
        );
        Self {
            picker,
            words: Words::new(),
            random,
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

    /// So many at once, so that making them is not a part of what is measured.
    pub(super) fn messages(&mut self, count: usize) -> Result<Vec<Message>, TextError> {
        (0..count).map(|_| self.message()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(seed: u64) -> Vec<Message> {
        Load::new(10, 200, seed).messages(100).unwrap()
    }

    #[test]
    fn a_seed_makes_the_same_messages_again() {
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
    }

    #[test]
    fn messages_have_their_size_and_the_first_conversation_the_most() {
        let messages = some(1);
        assert!(
            messages
                .iter()
                .all(|message| message.text.as_str().len() == 200 && message.conversation < 10)
        );
        let of = |conversation| {
            messages
                .iter()
                .filter(|message| message.conversation == conversation)
                .count()
        };
        assert!(of(0) > of(9), "{} against {}", of(0), of(9));
    }
}
