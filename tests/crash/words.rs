//! Reproducible texts: the beginning of each identifies the message, and seeds the rest of its
//! bytes.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Short texts, and an occasional page.
    Chat,
    /// Near the length limit, so that the commit log grows fast.
    Page,
}

/// The identity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub sender: usize,
    pub place: usize,
    /// The number of the message within the two, from 0.
    pub n: usize,
}

/// One in this many texts of a chat is a page.
const PAGE_EVERY: u32 = 200;

impl Said {
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
        // Longer texts repeat one random beginning, so they are cheap to write and to compare.
        let words: String = (0..12)
            .map(|_| format!("{:x} ö日", random.random::<u64>()))
            .collect();
        while text.len() < bytes {
            text.push_str(&words);
        }
        text
    }

    /// Identifies a text by its beginning.
    pub fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|word| word.parse().ok());
        Some(Self {
            sender: numbers.next()??,
            place: numbers.next()??,
            n: numbers.next()??,
        })
    }
}
