//! What a message of a run says: words, and at its end who sent it, as which one, and when.

use std::time::{Duration, Instant};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::{Text, TextError};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::limits;
use crate::words::Words;

/// The bytes of a stamp: 16 digits of time, 4 of the sender, 12 of the number.
pub(super) const STAMP_BYTES: usize = 32;

const TIME_DIGITS: usize = 16;
const SENDER_DIGITS: usize = 4;
const NUMBER_DIGITS: usize = 12;

/// Who sent a message, as which one of the conversation, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Since the beginning of the run, in nanoseconds.
    pub nanos: u64,
    /// The number of the sender, from 0.
    pub sender: u16,
    /// Which of this sender's messages in the conversation, from 1.
    pub number: u64,
}

impl Stamp {
    fn write(self, text: &mut String) {
        for (value, digits) in [
            (self.nanos, TIME_DIGITS),
            (self.sender.into(), SENDER_DIGITS),
            (self.number, NUMBER_DIGITS),
        ] {
            let digit =
                |at: usize| char::from(b"0123456789abcdef"[(value >> (4 * at)) as usize & 15]);
            text.extend((0..digits).rev().map(digit));
        }
    }

    /// Reads the stamp at the end of a packed entry, where the text of a message ends. `None` for an entry without one: those that the
    /// server writes itself.
    pub(super) fn read(entry: &[u8]) -> Option<Self> {
        let (time, rest) = entry.last_chunk::<STAMP_BYTES>()?.split_at(TIME_DIGITS);
        let (sender, number) = rest.split_at(SENDER_DIGITS);
        Some(Self {
            nanos: value(time)?,
            sender: u16::try_from(value(sender)?).ok()?,
            number: value(number)?,
        })
    }
}

fn value(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, &digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

/// The messages of a run.
#[derive(Debug)]
pub(super) struct Texts {
    fillings: Vec<String>,
    body_bytes: usize,
    began: Instant,
}

impl Texts {
    /// Messages of so many bytes, at least [`STAMP_BYTES`]. The same seed gives the same words.
    pub(super) fn new(body_bytes: usize, seed: u64) -> Self {
        let (words, mut random) = (Words::new(), StdRng::seed_from_u64(seed));
        let mut filling = || words.fill(body_bytes.saturating_sub(STAMP_BYTES), &mut random);
        Self {
            fillings: (0..limits::TEXTS).map(|_| filling()).collect(),
            body_bytes,
            began: Instant::now(),
        }
    }

    /// The message that `sender` means to send at `at` as its `number`-th.
    pub(super) fn body(&self, sender: u16, number: u64, at: Instant) -> Result<Body, TextError> {
        self.body_of(self.body_bytes, sender, number, at)
    }

    /// The same in so many bytes, at least [`STAMP_BYTES`] and at most those of the messages of the run.
    pub(super) fn body_of(
        &self,
        bytes: usize,
        sender: u16,
        number: u64,
        at: Instant,
    ) -> Result<Body, TextError> {
        let nanos =
            u64::try_from(at.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX);
        let mut text = String::with_capacity(bytes);
        let filling = &self.fillings[number as usize % self.fillings.len()];
        text.push_str(
            filling
                .get(..bytes.saturating_sub(STAMP_BYTES))
                .unwrap_or(filling),
        );
        Stamp {
            nanos,
            sender,
            number,
        }
        .write(&mut text);
        Ok(Body::Text(Text::new(text)?))
    }

    /// How long before `now` the message was meant to be sent.
    pub(super) fn age(&self, stamp: Stamp, now: Instant) -> Duration {
        now.saturating_duration_since(self.began + Duration::from_nanos(stamp.nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_client::proto::content::extras::Extras;
    use cairn_client::proto::content::message::Entry;
    use cairn_client::proto::ids::{Timestamp, UserId};

    #[test]
    fn a_stamp_is_read_from_the_packed_entry_of_its_message() {
        let texts = Texts::new(200, 1);
        let at = texts.began + Duration::from_micros(1_234_567);
        let body = texts.body(0xabc, 0x12_3456_789a, at).unwrap();
        assert!(matches!(&body, Body::Text(text) if text.as_str().len() == 200));
        let mut entry = Vec::new();
        Entry {
            sender: UserId::new(3),
            sent_at: Timestamp::new(1),
            body,
            extras: Extras::NONE,
        }
        .pack(&mut entry);
        let stamp = Stamp::read(&entry).unwrap();
        assert_eq!(
            stamp,
            Stamp {
                nanos: 1_234_567_000,
                sender: 0xabc,
                number: 0x12_3456_789a
            }
        );
        assert_eq!(
            texts.age(stamp, at + Duration::from_millis(3)),
            Duration::from_millis(3)
        );
    }

    #[test]
    fn a_shorter_message_has_a_stamp_too() {
        let texts = Texts::new(200, 1);
        for bytes in [STAMP_BYTES, 40, 200] {
            let Body::Text(text) = texts.body_of(bytes, 7, 3, texts.began).unwrap() else {
                panic!("it is no text")
            };
            assert_eq!(text.as_str().len(), bytes);
            assert_eq!(
                Stamp::read(text.as_str().as_bytes()),
                Some(Stamp {
                    nanos: 0,
                    sender: 7,
                    number: 3
                })
            );
        }
    }

    #[test]
    fn what_is_no_stamp_is_not_taken_for_one() {
        assert_eq!(Stamp::read(b"short"), None);
        assert_eq!(Stamp::read(b"0123456789abcdef0123456789abcdeg"), None);
        assert!(Stamp::read(b"0123456789abcdef0123456789abcdef").is_some());
    }

    #[test]
    fn a_seed_gives_the_same_words_again() {
        let words = |seed| Texts::new(100, seed).fillings;
        assert_eq!(words(1), words(1));
        assert_ne!(words(1), words(2));
        assert!(words(1).iter().all(|text| text.len() == 100 - STAMP_BYTES));
    }
}
