//! The ways to give messages their ids.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use cairn_proto::wire::codec;
use serde::Serialize;

use crate::limits::IDS_SEGMENT;

/// A way to give messages their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scheme {
    /// 122 random bits.
    UuidV4,
    /// The milliseconds, a counter within each, and random bits.
    UuidV7,
    /// The milliseconds, the number of the node, and a counter within each millisecond.
    Snowflake,
    /// One number after the other, from a block of numbers that was taken from the store.
    Segment,
    /// One number after the other in each conversation: cairn's.
    Counter,
}

impl Scheme {
    pub(super) const ALL: [Self; 5] = [
        Self::UuidV4,
        Self::UuidV7,
        Self::Snowflake,
        Self::Segment,
        Self::Counter,
    ];

    /// What an id takes in a key.
    pub(super) const fn key_bytes(self) -> usize {
        match self {
            Self::UuidV4 | Self::UuidV7 => 16,
            Self::Snowflake | Self::Segment | Self::Counter => 8,
        }
    }

    /// What an id takes on the wire: there, a number is as long as it has to be.
    pub(super) fn wire_bytes(self, id: Id) -> usize {
        match self {
            Self::UuidV4 | Self::UuidV7 => self.key_bytes(),
            Self::Snowflake | Self::Segment | Self::Counter => codec::encode(&id.low()).len(),
        }
    }

    /// Whether ids are made to follow each other in time, so that the newest messages can be found by their keys.
    pub(super) const fn sorts_by_time(self) -> bool {
        !matches!(self, Self::UuidV4)
    }

    /// Whether making an id needs the time.
    pub(super) const fn needs_clock(self) -> bool {
        matches!(self, Self::UuidV7 | Self::Snowflake)
    }

    /// Whether numbers are given one after the other, so that one that is left out has been skipped.
    pub(super) const fn counts(self) -> bool {
        matches!(self, Self::Segment | Self::Counter)
    }

    /// Whether an id names a message only together with its conversation.
    pub(super) const fn is_per_conversation(self) -> bool {
        matches!(self, Self::Counter)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::UuidV4 => "UUIDv4",
            Self::UuidV7 => "UUIDv7",
            Self::Snowflake => "Snowflake",
            Self::Segment => "segment",
            Self::Counter => "counter (cairn)",
        })
    }
}

/// The id of a message. Ids sort as their keys do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(u128);

impl Id {
    pub(super) const fn wide(id: u128) -> Self {
        Self(id)
    }

    pub(super) const fn number(id: u64) -> Self {
        Self(id as u128)
    }

    /// The number that an id of 8 bytes is.
    pub(super) const fn low(self) -> u64 {
        self.0 as u64
    }

    /// Whether this is the id that a client expects behind `last`, if it expects any.
    pub(super) const fn follows(self, last: Self) -> bool {
        last.0.wrapping_add(1) == self.0
    }

    /// The bytes of a key of this scheme, which sort as the ids do.
    pub(super) fn to_key(self, scheme: Scheme) -> Vec<u8> {
        self.0.to_be_bytes()[16 - scheme.key_bytes()..].to_vec()
    }
}

/// What is left of a generator behind a crash: what the store knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Durable {
    /// The last id of each conversation.
    pub(super) heads: HashMap<u64, u64>,
    /// All numbers up to here belong to somebody.
    pub(super) taken: u64,
}

impl Durable {
    /// A block of numbers that nobody else gets.
    pub(super) fn take(&mut self) -> Range<u64> {
        let first = self.taken + 1;
        self.taken += IDS_SEGMENT;
        first..self.taken + 1
    }
}
