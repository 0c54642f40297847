//! Identifiers. Each is a newtype with a private field, so that one kind cannot be passed for
//! another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::NAMED_STREAMS_PER_DEVICE;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($raw:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($raw);

        impl $name {
            /// Wraps a raw number.
            #[must_use]
            pub const fn new(raw: $raw) -> Self {
                Self(raw)
            }

            /// Returns the raw number, for keys and for display.
            #[must_use]
            pub const fn get(self) -> $raw {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    };
}

id! {
    /// A user of a server. User 0 is the server itself: the sender of entries that no user caused.
    UserId(u32)
}
id! {
    /// A conversation. A direct chat's id is `(lower user << 32) | higher user`; all other ids are
    /// assigned by the server and have a high half of 0.
    ConversationId(u64)
}
id! {
    /// An entry's position in its conversation's log, counted from 1 without gaps. As a cursor, 0
    /// is the position before the first entry.
    MsgId(u64)
}
id! {
    /// One installation of a client, assigned by the server at random.
    DeviceId(u64)
}
id! {
    /// A number that a client process picks. Together with the [`DeviceId`] it identifies a send
    /// stream, the scope in which retries are recognized.
    ///
    /// Numbers below [`crate::limits::NAMED_STREAMS_PER_DEVICE`] are named streams, which the
    /// server remembers as long as the device. All others are picked at random, and the server
    /// forgets the least recently used ones.
    SendStreamId(u64)
}
id! {
    /// A sequence number within one send stream and conversation, counted from 1.
    ClientSeq(u64)
}
id! {
    /// Matches a response to its request within one session. Picked by the client.
    RequestId(u64)
}
id! {
    /// Identifies the source of an import within a conversation, for instance by a hash of a file's
    /// name and first line.
    ImportSource(u64)
}
id! {
    /// One run of a server process. Random, so that no two servers share one, and neither do a
    /// server and a restored backup of it.
    EpochId(u64)
}
id! {
    /// The version of a server's state: the number of the last group commit that changed it.
    /// Never decreases.
    Revision(u64)
}
id! {
    /// Milliseconds since 1970-01-01 00:00 UTC. Informational: messages are ordered by [`MsgId`]
    /// alone.
    Timestamp(u64)
}

/// Names an invite or a reset link to people, without being a secret: eight hexadecimal digits of
/// the SHA-256 of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkId(u32);

impl LinkId {
    /// Wraps a raw number.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// Returns the raw number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for LinkId {
    type Err = std::num::ParseIntError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        u32::from_str_radix(s, 16).map(Self)
    }
}

/// A visitor of the support desk, who is no user: the first eight bytes of the hash of the
/// visitor's token, or of who the shop says that the visitor is. Shown as sixteen hexadecimal
/// digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VisitorId(u64);

impl VisitorId {
    /// Wraps a raw number.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the raw number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the id under which the visitor's cursors and send streams are kept.
    #[must_use]
    pub const fn device(self) -> DeviceId {
        DeviceId(self.0)
    }
}

impl fmt::Display for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for VisitorId {
    type Err = std::num::ParseIntError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(s, 16).map(Self)
    }
}

impl UserId {
    /// The server itself, as a sender.
    pub const SERVER: Self = Self(0);

    /// The visitor of an inquiry, as a sender and member of its log. Who that is stands in the
    /// inquiry.
    pub const VISITOR: Self = Self(u32::MAX);
}

impl Default for Revision {
    /// Returns the revision of a server without any commit.
    fn default() -> Self {
        Self(0)
    }
}

impl Revision {
    /// An upper bound of all revisions.
    pub const MAX: Self = Self(u64::MAX);
}

impl Default for MsgId {
    fn default() -> Self {
        Self::ZERO
    }
}

impl MsgId {
    /// The position before the first entry.
    pub const ZERO: Self = Self(0);

    /// Returns the following id. Saturates.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the preceding id; 0 stays 0.
    #[must_use]
    pub const fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Returns the id `n` positions later. Saturates.
    #[must_use]
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// Returns the number of ids in `floor + 1..=self`, or 0 if `self` is not above `floor`.
    #[must_use]
    pub const fn above(self, floor: Self) -> u64 {
        self.0.saturating_sub(floor.0)
    }
}

impl ClientSeq {
    /// Returns the following number. Saturates.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl SendStreamId {
    /// Returns a named stream, or `None` if there is none of this number.
    #[must_use]
    pub const fn named(number: u64) -> Option<Self> {
        let stream = Self(number);
        if stream.is_named() {
            Some(stream)
        } else {
            None
        }
    }

    /// Returns whether the server remembers the stream as long as the device.
    #[must_use]
    pub const fn is_named(self) -> bool {
        self.0 < NAMED_STREAMS_PER_DEVICE
    }
}

impl ConversationId {
    /// Returns the id of the direct chat between two users, independent of their order. Returns
    /// `None` if both are the same user, or if one is [`UserId::SERVER`] or [`UserId::VISITOR`].
    #[must_use]
    pub fn direct(a: UserId, b: UserId) -> Option<Self> {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        let are_users = low.0 != 0 && high != UserId::VISITOR;
        (low != high && are_users).then(|| Self((u64::from(low.0) << 32) | u64::from(high.0)))
    }

    /// Returns the two users of a direct chat, lower id first, or `None` for any other
    /// conversation.
    #[must_use]
    pub fn direct_users(self) -> Option<(UserId, UserId)> {
        let (low, high) = (UserId((self.0 >> 32) as u32), UserId(self.0 as u32));
        (low.0 != 0 && low < high && high != UserId::VISITOR).then_some((low, high))
    }

    /// Returns whether this can be an id that the server assigned, such as a group's.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        self.0 >> 32 == 0 && self.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direct_ids_are_symmetric() {
        let (a, b) = (UserId::new(7), UserId::new(9));
        let id = ConversationId::direct(a, b).unwrap();
        assert_eq!(Some(id), ConversationId::direct(b, a));
        assert_eq!(id.get(), (7 << 32) | 9);
        assert_eq!(id.direct_users(), Some((a, b)));
        assert!(!id.is_numbered());
    }

    #[test]
    fn no_direct_chat_with_oneself_or_the_server() {
        assert_eq!(ConversationId::direct(UserId::new(7), UserId::new(7)), None);
        assert_eq!(ConversationId::direct(UserId::SERVER, UserId::new(7)), None);
        assert_eq!(ConversationId::new((9 << 32) | 7).direct_users(), None);
        assert_eq!(ConversationId::new(12).direct_users(), None);
        assert!(ConversationId::new(12).is_numbered());
        assert!(!ConversationId::new(0).is_numbered());
    }
}
