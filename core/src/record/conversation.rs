//! The stored form of conversations, apart from their logs and members.

use cairn_proto::ids::{MsgId, Revision, Timestamp};
use cairn_proto::text::GroupName;
use serde::{Deserialize, Serialize};

/// A conversation, apart from its log and its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRecord {
    /// Which kind, and what only that kind has.
    pub kind: KindRecord,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last entry.
    pub head: MsgId,
    /// The last entry that was a message when it came, whatever became of it.
    pub last_message: MsgId,
    /// Everything up to here is gone on purpose.
    pub floor: MsgId,
    /// The time of the last entry that was not imported; the next has no earlier one.
    pub last_sent_at: Timestamp,
    /// How many members there are.
    pub counts: MemberCounts,
    /// When it last changed for everybody in it.
    pub changed: Revision,
}

impl ConversationRecord {
    /// A conversation without entries or members.
    #[must_use]
    pub fn new(kind: KindRecord, created_at: Timestamp) -> Self {
        Self {
            kind,
            created_at,
            head: MsgId::ZERO,
            last_message: MsgId::ZERO,
            floor: MsgId::ZERO,
            last_sent_at: Timestamp::new(0),
            counts: MemberCounts::default(),
            changed: Revision::default(),
        }
    }
}

/// The kinds of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KindRecord {
    /// Two users, whose ids are in the conversation's id.
    Direct,
    /// Any number of users.
    Group {
        /// Its name.
        name: GroupName,
    },
}

/// How many members a conversation has after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCounts {
    /// All of them.
    pub members: u32,
    /// The owners among them.
    pub owners: u32,
}
