//! Stored send streams.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use serde::{Deserialize, Serialize};

/// A row of one stream's send cursors: conversations with adjacent ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CursorChunk(u64);

impl CursorChunk {
    const CONVERSATIONS: u64 = 64;

    #[must_use]
    pub const fn of(conversation: ConversationId) -> Self {
        Self(conversation.get() / Self::CONVERSATIONS)
    }

    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The last accepted client seq of a conversation.
pub type SendCursor = (ConversationId, u64);

/// An accepted send that may still be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentSend {
    /// Ordinal among all sends of the stream, from 1.
    pub place: u64,
    pub conversation: ConversationId,
    pub seq: u64,
    pub msgid: MsgId,
    /// Fingerprint of its body.
    pub body: u32,
}

/// A row of one stream's recent sends: a slice of the ring of ordinals, so that a new send
/// overwrites the oldest one in its own row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecentPart(u8);

impl RecentPart {
    const SENDS: usize = 64;

    pub const COUNT: usize = SENDS_IN_FLIGHT_MAX / Self::SENDS;

    #[must_use]
    pub const fn of(place: u64) -> Self {
        Self((place % SENDS_IN_FLIGHT_MAX as u64 / Self::SENDS as u64) as u8)
    }

    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if (number as usize) < Self::COUNT {
            Some(Self(number))
        } else {
            None
        }
    }

    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}
