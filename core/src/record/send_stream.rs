//! The stored form of send streams.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use serde::{Deserialize, Serialize};

/// The conversations whose send cursors one row of a send stream holds: those whose ids differ in
/// the last bits only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CursorChunk(u64);

impl CursorChunk {
    const CONVERSATIONS: u64 = 64;

    /// The chunk that a conversation is in.
    #[must_use]
    pub const fn of(conversation: ConversationId) -> Self {
        Self(conversation.get() / Self::CONVERSATIONS)
    }

    /// The chunk with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A send cursor: the last client seq that was accepted in a conversation.
pub type SendCursor = (ConversationId, u64);

/// A send that a retry can still ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentSend {
    /// Counts the sends of its stream from 1, whatever conversation they go to.
    pub place: u64,
    /// The conversation.
    pub conversation: ConversationId,
    /// Its client seq.
    pub seq: u64,
    /// The message it became.
    pub msgid: MsgId,
    /// A fingerprint of its body.
    pub body: u32,
}

/// A part of the remembered sends of a send stream that one row holds: those with places of the
/// same remainder. A new send overwrites the oldest, in the same part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecentPart(u8);

impl RecentPart {
    const SENDS: usize = 64;

    /// How many parts there are.
    pub const COUNT: usize = SENDS_IN_FLIGHT_MAX / Self::SENDS;

    /// The part that a place is in.
    #[must_use]
    pub const fn of(place: u64) -> Self {
        Self((place % SENDS_IN_FLIGHT_MAX as u64 / Self::SENDS as u64) as u8)
    }

    /// Every part.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    /// The part with this number, if there is one.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if (number as usize) < Self::COUNT {
            Some(Self(number))
        } else {
            None
        }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}
