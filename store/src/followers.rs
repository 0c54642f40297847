//! Followers: readers of the log that keep a position of their own, on threads of their own.
//!
//! A follower gets each change of the kinds that it asked for, once its batch is visible to other
//! readers. It may store its position, and continue there after a restart. It never holds back the
//! log: one that was left behind rebuilds from the trees, and continues with the first batch of the
//! log. Changes are absolute, so that one which a rebuild already saw does no harm.

use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_core::api::batch;
use cairn_core::api::change::{Appended, Change};
pub use cairn_core::api::kinds::Kinds;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::wire::codec::DecodeError;

use crate::commit_log::LogError;
pub use crate::commit_log::Position;
use crate::commit_log::feed::{Cursor, Feed, Next};

/// Where followers come from. Clones share the log.
#[derive(Clone, Debug)]
pub struct Followers(Feed);

/// A reader of the log.
#[derive(Debug)]
pub struct Follower {
    feed: Feed,
    cursor: Cursor,
}

/// What a follower does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Follow {
    /// Changes of one batch, in order. The position is after it.
    Changes(Vec<Followed>),
    /// There is nothing more for now.
    CaughtUp,
    /// Changes were missed. The follower starts over from the trees, and then reads on from its
    /// new position, before which the trees have everything.
    Rebuild,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    Appended {
        conversation: ConversationId,
        msgid: MsgId,
        /// Packed.
        entry: Bytes,
    },
    Rewritten {
        conversation: ConversationId,
        msgid: MsgId,
        /// Packed.
        entry: Bytes,
    },
    FloorRaised {
        conversation: ConversationId,
        /// The last expired entry.
        floor: MsgId,
    },
    MemberRemoved {
        conversation: ConversationId,
        user: UserId,
    },
    /// The retention policy of a conversation changed.
    Retention { conversation: ConversationId },
}

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("cannot follow the log: {0}")]
    Log(#[from] LogError),
    #[error("cannot follow the log: a batch does not decode: {0}")]
    Decode(#[from] DecodeError),
}

impl Followers {
    pub(crate) const fn of(feed: Feed) -> Self {
        Self(feed)
    }

    /// The position after the last visible batch.
    #[cfg(test)]
    pub(crate) fn last(&self) -> Position {
        self.0.last()
    }

    /// Follows changes of these kinds after a position; [`Position::START`] where none is stored.
    #[must_use]
    pub fn follow(&self, from: Position, kinds: Kinds) -> Follower {
        Follower {
            feed: self.0.clone(),
            cursor: self.0.cursor(from, kinds),
        }
    }
}

impl Follower {
    /// Everything up to here was returned.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.cursor.position
    }

    /// Returns once there is something to read, or wakes the task then. Reads no files.
    pub fn poll_ready(&mut self, context: &Context<'_>) -> Poll<()> {
        self.feed.poll_ready(&mut self.cursor, context)
    }

    /// Returns the next changes. Reads files, but waits for nothing.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn read(&mut self) -> Result<Follow, FollowError> {
        let payload = match self.feed.next(&mut self.cursor)? {
            Next::Batch(payload) => payload,
            Next::CaughtUp => return Ok(Follow::CaughtUp),
            Next::Missing => return Ok(Follow::Rebuild),
        };
        let (kinds, mut changes) = (self.cursor.kinds(), Vec::new());
        batch::replay::<DecodeError>(payload, |change, entry| {
            if change.kind().intersects(kinds) {
                changes.extend(Followed::of(change, entry));
            }
            Ok(())
        })?;
        Ok(Follow::Changes(changes))
    }
}

impl Followed {
    fn of(change: Change, entry: Bytes) -> Option<Self> {
        Some(match change {
            Change::Appended(Appended {
                conversation,
                msgid,
                ..
            }) => Self::Appended {
                conversation,
                msgid,
                entry,
            },
            Change::Rewritten {
                conversation,
                msgid,
                ..
            } => Self::Rewritten {
                conversation,
                msgid,
                entry,
            },
            Change::FloorRaised {
                conversation,
                floor,
            } => Self::FloorRaised {
                conversation,
                floor,
            },
            Change::MemberRemoved {
                conversation, user, ..
            } => Self::MemberRemoved { conversation, user },
            Change::Retention { conversation, .. } => Self::Retention { conversation },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
