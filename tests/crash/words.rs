//! What is said: texts that tell who said them, where and as which one, and that anybody can write
//! again to compare every byte.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How long the texts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As people write, and now and then a whole page.
    Chat,
    /// Nearly as long as a text may be, so that the commit log grows fast.
    Page,
}

/// A message, by who said it, where, and as which one: everything that tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The sender, counted from 0.
    pub sender: usize,
    /// The conversation, counted from 0.
    pub place: usize,
    /// Counted from 0 within the two.
    pub n: usize,
}

/// One text in so many is a page even in a chat.
const PAGE_EVERY: u32 = 200;

impl Said {
    /// The text.
    pub fn text(self, length: Length) -> String {
        let Self { sender, place, n } = self;
        let mut random =
            StdRng::seed_from_u64(((sender as u64) << 56) | ((place as u64) << 48) | n as u64);
        let is_page = length == Length::Page || random.random_ratio(1, PAGE_EVERY);
        let bytes = if is_page {
            random.random_range(12_000..16_000)
        } else {
            random.random_range(10..400)
        };
        let mut text = format!("{sender} {place} {n} ");
        // Of the page only its beginning is new, so that it costs little to write and to compare.
        let words: String = (0..12)
            .map(|_| format!("{:x} ö日", random.random::<u64>()))
            .collect();
        while text.len() < bytes {
            text.push_str(&words);
        }
        text
    }

    /// Whose text this is, when its beginning tells that.
    pub fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|word| word.parse().ok());
        Some(Self {
            sender: numbers.next()??,
            place: numbers.next()??,
            n: numbers.next()??,
        })
    }
}
