//! Texts of a run: words, with a stamp at the end.

use std::time::{Duration, Instant};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::{Text, TextError};
use data_encoding::HEXLOWER;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::limits;
use crate::words::words;

/// The hexadecimal digits of a stamp: 16 of the time, 4 of the sender, 12 of the number.
pub(crate) const STAMP_BYTES: usize = 32;
const NUMBER_BITS: u32 = 48;
const NUMBER_MAX: u64 = (1 << NUMBER_BITS) - 1;

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
    ///
    /// Each delivery is read and each message written, so their cost is a part of every result.
    pub(crate) fn read(entry: &[u8]) -> Option<Self> {
        let mut stamp = [0; STAMP_BYTES / 2];
        let digits = entry.last_chunk::<STAMP_BYTES>()?;
        HEXLOWER.decode_mut(digits, &mut stamp).ok()?;
        let (nanos, place) = stamp.split_at(size_of::<u64>());
        let place = u64::from_be_bytes(place.try_into().ok()?);
        Some(Self {
            nanos: u64::from_be_bytes(nanos.try_into().ok()?),
            sender: (place >> NUMBER_BITS) as u16,
            number: place & NUMBER_MAX,
        })
    }

    fn append(self, text: &mut String) {
        let place = u64::from(self.sender) << NUMBER_BITS | self.number & NUMBER_MAX;
        let stamp = u128::from(self.nanos) << u64::BITS | u128::from(place);
        HEXLOWER.encode_append(&stamp.to_be_bytes(), text);
    }
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
        let stamp = Stamp {
            nanos: at.saturating_duration_since(self.began).as_nanos() as u64,
            sender,
            number,
        };
        let filling = &self.fillings[number as usize % self.fillings.len()];
        let mut text = String::with_capacity(bytes);
        let words = bytes.saturating_sub(STAMP_BYTES);
        text.push_str(filling.get(..words).unwrap_or(filling));
        stamp.append(&mut text);
        Ok(Body::Text(Text::new(text)?))
    }

    pub(crate) fn age(&self, stamp: Stamp, now: Instant) -> Duration {
        now.saturating_duration_since(self.began + Duration::from_nanos(stamp.nanos))
    }
}
