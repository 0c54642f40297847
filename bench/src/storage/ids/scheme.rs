//! Schemes for message ids, and their generators: pure, so that a trial can simulate any clock and
//! any crash.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use cairn_proto::wire::codec;
use serde::Serialize;
use uuid::{ContextV7, Timestamp, Uuid};

use crate::storage::limits::IDS_SEGMENT;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scheme {
    /// 122 random bits.
    UuidV4,
    /// Milliseconds, a counter within each, and random bits.
    UuidV7,
    /// Milliseconds, the number of the node, and a counter within each millisecond.
    Snowflake,
    /// Consecutive numbers from a reserved block.
    Segment,
    /// Consecutive numbers per conversation, as in cairn.
    #[default]
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

    pub(super) const fn key_bytes(self) -> usize {
        match self {
            Self::UuidV4 | Self::UuidV7 => 16,
            Self::Snowflake | Self::Segment | Self::Counter => 8,
        }
    }

    pub(super) fn key(self, id: Id) -> Vec<u8> {
        id.to_be_bytes()[16 - self.key_bytes()..].to_vec()
    }

    /// Bytes of an id on the wire, where numbers are encoded as varints.
    pub(super) fn wire_bytes(self, id: Id) -> usize {
        match self.key_bytes() {
            8 => codec::encode(&(id as u64)).len(),
            bytes => bytes,
        }
    }

    /// Returns whether the newest messages can be found by their keys.
    pub(super) fn sorts_by_time(self) -> bool {
        self != Self::UuidV4
    }

    pub(super) const fn needs_clock(self) -> bool {
        matches!(self, Self::UuidV7 | Self::Snowflake)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UuidV4 => "UUIDv4",
            Self::UuidV7 => "UUIDv7",
            Self::Snowflake => "Snowflake",
            Self::Segment => "segment",
            Self::Counter => "counter (cairn)",
        })
    }
}

/// Ids sort like their keys. For 8-byte keys, the upper half is 0.
pub(super) type Id = u128;

pub(super) type Heads = HashMap<u64, u64>;

/// Generates the ids of one scheme, in one thread.
pub(super) enum Generator {
    UuidV4,
    UuidV7(Box<ContextV7>),
    /// Twitter's ids: 41 bits of milliseconds, 10 of the node and 12 of a counter. No state
    /// survives a restart. While the clock is earlier than the last id, no id is issued.
    Snowflake {
        node: u64,
        millisecond: u64,
        /// The counter's next value in this millisecond.
        next: u64,
    },
    /// The rest of a reserved block.
    Segment(Range<u64>),
    Counter(Heads),
}

const NODE_BITS: u32 = 10;
pub(super) const COUNTER_BITS: u32 = 12;

/// The beginning of 2020, in milliseconds since 1970.
const SNOWFLAKE_EPOCH: u64 = 1_577_836_800_000;

impl Generator {
    /// A generator in a process that starts from the stored state. `node` is unique among
    /// concurrent generators.
    pub(super) fn start(scheme: Scheme, node: u16, heads: &Heads) -> Self {
        match scheme {
            Scheme::UuidV4 => Self::UuidV4,
            Scheme::UuidV7 => Self::UuidV7(Box::new(ContextV7::new())),
            Scheme::Snowflake => Self::Snowflake {
                node: u64::from(node) % (1 << NODE_BITS),
                millisecond: 0,
                next: 0,
            },
            Scheme::Segment => Self::Segment(0..0),
            Scheme::Counter => Self::Counter(heads.clone()),
        }
    }

    /// The id of the next message to `conversation`, at `now` since 1970. `None` while the clock is
    /// earlier than the last id, or when the ids of its millisecond are used up. Numbers up to
    /// `taken` are reserved; a raised `taken` must be stored before the id is used.
    pub(super) fn next(&mut self, to: u64, now: Duration, taken: &mut u64) -> Option<Id> {
        let id = match self {
            Self::UuidV4 => Uuid::new_v4().as_u128(),
            Self::UuidV7(context) => {
                let timestamp = Timestamp::from_unix(&**context, now.as_secs(), now.subsec_nanos());
                Uuid::new_v7(timestamp).as_u128()
            }
            Self::Snowflake {
                node,
                millisecond,
                next,
            } => {
                let now = (now.as_millis() as u64).saturating_sub(SNOWFLAKE_EPOCH);
                if now > *millisecond {
                    (*millisecond, *next) = (now, 0);
                }
                if now < *millisecond || *next >> COUNTER_BITS > 0 {
                    return None;
                }
                let counter = *next;
                *next += 1;
                let id = now << (NODE_BITS + COUNTER_BITS) | *node << COUNTER_BITS | counter;
                id.into()
            }
            Self::Segment(numbers) => {
                if numbers.is_empty() {
                    *numbers = *taken + 1..*taken + IDS_SEGMENT + 1;
                    *taken += IDS_SEGMENT;
                }
                numbers.next()?.into()
            }
            Self::Counter(heads) => {
                let head = heads.entry(to).or_default();
                *head += 1;
                u128::from(*head)
            }
        };
        Some(id)
    }
}
