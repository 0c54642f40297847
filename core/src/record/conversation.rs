//! Stored conversations, without their logs and members.

use cairn_proto::ids::{ConversationId, MsgId, Revision, Timestamp};
use cairn_proto::text::GroupName;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRecord {
    pub kind: KindRecord,
    pub created_at: Timestamp,
    /// The last entry.
    pub head: MsgId,
    /// The last entry that was appended as a message, even if it was recalled since.
    pub last_message: MsgId,
    /// Entries up to here have expired.
    pub floor: MsgId,
    /// Time of the last entry that was not imported. Later entries are never earlier.
    pub last_sent_at: Timestamp,
    pub counts: MemberCounts,
    /// When it last changed for all members.
    pub changed: Revision,
}

impl ConversationRecord {
    /// Creates a conversation without entries or members.
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KindRecord {
    /// Two users, whose ids form the conversation id.
    Direct,
    Group {
        name: GroupName,
    },
    /// The log of a queue of the support desk.
    Queue,
    /// An inquiry.
    Inquiry,
    /// The notes about an inquiry.
    Back {
        of: ConversationId,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCounts {
    /// Including the owners.
    pub members: u32,
    pub owners: u32,
}
