//! Numbers that name things. Each is a type of its own with a private field, so that none is taken
//! for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($raw:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($raw);

        impl $name {
            /// Wraps the bare number.
            #[must_use]
            pub const fn new(raw: $raw) -> Self {
                Self(raw)
            }

            /// The bare number, for keys and for display.
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
    /// A user of the server. 0 is nobody: the server itself, as the sender of entries that no user
    /// caused.
    UserId(u32)
}
id! {
    /// A conversation. A direct chat's id is `(lower user << 32) | higher user`; any other has its
    /// high half 0.
    ConversationId(u64)
}
id! {
    /// The number of an entry in its conversation's log, from 1 without a gap. As a cursor, 0 is
    /// the place before the first.
    MsgId(u64)
}
id! {
    /// One installation of a user, a "terminal". Random.
    DeviceId(u64)
}
id! {
    /// A random number that a client process picks. With its device it names a send stream.
    SendStreamId(u64)
}
id! {
    /// Counts the sends within (send stream, conversation), from 1.
    ClientSeq(u64)
}
id! {
    /// Pairs an answer with its request within one session. The client picks it.
    RequestId(u64)
}
id! {
    /// Names the source of an import within a conversation, for instance by a hash of a file's name
    /// and first line.
    ImportSource(u64)
}
id! {
    /// One start of the server: random, so that no two servers, nor a server and its backup brought
    /// back to life, share one.
    EpochId(u64)
}
id! {
    /// How far a server's state is: the number of the last group commit that changed it. It never
    /// goes back.
    Revision(u64)
}
id! {
    /// Milliseconds since 1970-01-01 00:00 UTC. Informational: order comes from [`MsgId`] alone.
    Timestamp(u64)
}

impl UserId {
    /// The server itself.
    pub const SERVER: Self = Self(0);
}

impl Default for Revision {
    /// That of a server in whose life nothing happened yet.
    fn default() -> Self {
        Self(0)
    }
}

impl Revision {
    /// After everything.
    pub const MAX: Self = Self(u64::MAX);
}

impl Default for MsgId {
    fn default() -> Self {
        Self::ZERO
    }
}

impl MsgId {
    /// The place before the first entry.
    pub const ZERO: Self = Self(0);

    /// The id after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The id before this one; 0 stays 0.
    #[must_use]
    pub const fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The id `n` places on.
    #[must_use]
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// How many ids lie above `floor` up to and with this one.
    #[must_use]
    pub const fn above(self, floor: Self) -> u64 {
        self.0.saturating_sub(floor.0)
    }
}

impl ClientSeq {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl ConversationId {
    /// The id of the direct chat of two users, the same whoever computes it. `None` for a user with
    /// himself, and for user 0.
    #[must_use]
    pub fn direct(a: UserId, b: UserId) -> Option<Self> {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        (low != high && low.0 != 0).then(|| Self((u64::from(low.0) << 32) | u64::from(high.0)))
    }

    /// The two users of a direct chat, lower id first; `None` for any other conversation.
    #[must_use]
    pub fn direct_users(self) -> Option<(UserId, UserId)> {
        let (low, high) = (UserId((self.0 >> 32) as u32), UserId(self.0 as u32));
        (low.0 != 0 && low < high).then_some((low, high))
    }

    /// Whether this can be the id of a group or another conversation that the server numbers.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        self.0 >> 32 == 0 && self.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_compute_the_same_direct_id() {
        let (a, b) = (UserId::new(7), UserId::new(9));
        let id = ConversationId::direct(a, b).unwrap();
        assert_eq!(Some(id), ConversationId::direct(b, a));
        assert_eq!(id.get(), (7 << 32) | 9);
        assert_eq!(id.direct_users(), Some((a, b)));
        assert!(!id.is_numbered());
    }

    #[test]
    fn nobody_chats_with_himself_or_the_server() {
        assert_eq!(ConversationId::direct(UserId::new(7), UserId::new(7)), None);
        assert_eq!(ConversationId::direct(UserId::SERVER, UserId::new(7)), None);
        assert_eq!(ConversationId::new((9 << 32) | 7).direct_users(), None);
        assert_eq!(ConversationId::new(12).direct_users(), None);
        assert!(ConversationId::new(12).is_numbered());
        assert!(!ConversationId::new(0).is_numbered());
    }
}
