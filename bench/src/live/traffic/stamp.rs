//! Texts of a run: words, with a stamp at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::{Text, TextError};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::limits;
use crate::words::words;

/// The hexadecimal digits of a stamp: 16 of the time, 4 of the sender, 12 of the number.
pub(crate) const STAMP_BYTES: usize = 32;
const TIME_DIGITS: usize = 16;

/// Sender, number and due time of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) nanos: u64,
    /// From 0.
    pub(crate) sender: u16,
    /// The number of the message among those of its sender in the conversation, from 1.
    pub(crate) number: u64,
}

impl Stamp {
    /// Reads the stamp at the end of a packed entry, where the text of a message ends. `None` for
    /// system entries.
    pub(crate) fn read(entry: &[u8]) -> Option<Self> {
        let (time, place) = entry.last_chunk::<STAMP_BYTES>()?.split_at(TIME_DIGITS);
        let (nanos, place) = (value(time)?, value(place)?);
        Some(Self {
            nanos,
            sender: (place >> 48) as u16,
            number: place & ((1 << 48) - 1),
        })
    }
}

/// The value of up to 16 digits. Each delivery is read, so its cost counts: parsing 32 digits as a
/// `u128` took 3 % of a fan-out.
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

pub(crate) struct Texts {
    pub(crate) fillings: Vec<String>,
    pub(crate) body_bytes: usize,
    pub(crate) began: Instant,
}

impl Texts {
    /// Texts of this many bytes, at least [`STAMP_BYTES`]. The same seed repeats the words.
    pub(crate) fn new(body_bytes: usize, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut filling = || words(body_bytes.saturating_sub(STAMP_BYTES), &mut random);
        Self {
            fillings: (0..limits::TEXTS).map(|_| filling()).collect(),
            body_bytes,
            began: Instant::now(),
        }
    }

    /// The `number`-th message of `sender`, due at `at`. Its length may be less than that of the
    /// run's texts.
    pub(crate) fn body(
        &self,
        bytes: usize,
        sender: u16,
        number: u64,
        at: Instant,
    ) -> Result<Body, TextError> {
        let nanos = at.saturating_duration_since(self.began).as_nanos() as u64;
        let filling = &self.fillings[number as usize % self.fillings.len()];
        let mut text = String::with_capacity(bytes);
        let words = bytes.saturating_sub(STAMP_BYTES);
        text.push_str(filling.get(..words).unwrap_or(filling));
        let _ = write!(text, "{nanos:016x}{sender:04x}{number:012x}");
        Ok(Body::Text(Text::new(text)?))
    }

    pub(crate) fn age(&self, stamp: Stamp, now: Instant) -> Duration {
        now.saturating_duration_since(self.began + Duration::from_nanos(stamp.nanos))
    }
}
