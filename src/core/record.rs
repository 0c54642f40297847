//! What is stored of each part of the state: the values of the trees, and the parts of [`crate::core::Change`]s.
//! Fields only grow behind a new version of the row (see the store's rows), so their order is part of the format.

use cairn_proto::hello::ServerRole;
use cairn_proto::ids::{ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, Timestamp, UserId};
use cairn_proto::response::Role;
use cairn_proto::text::{DeviceName, GroupName, UserName};
use serde::{Deserialize, Serialize};

use super::change::MemberCounts;

/// SHA-256 of a secret. The secret itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHash(pub [u8; 32]);

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// The name, which nobody else has.
    pub name: UserName,
    /// What the user may do on the server.
    pub role: ServerRole,
    /// The password, as an argon2id PHC string. Without one, no further device can log in; imported users have none.
    pub password: Option<Box<str>>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A device of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// What its owner calls it.
    pub name: DeviceName,
    /// What it proves itself with.
    pub token: SecretHash,
    /// When it first logged in.
    pub created_at: Timestamp,
    /// Its send streams, the most recently used first; at most [`crate::limits::SEND_STREAMS_PER_DEVICE_MAX`].
    pub streams: Vec<SendStreamId>,
}

/// What lets new users in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRecord {
    /// How many more may use it.
    pub uses_left: u32,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What those who use it may do on the server.
    pub role: ServerRole,
}

/// A conversation, apart from its log and its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRecord {
    /// Which kind, and what only that kind has.
    pub kind: KindRecord,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last entry.
    pub head: MsgId,
    /// Everything up to here is gone on purpose.
    pub floor: MsgId,
    /// The time of the last entry that was not imported; the next has no earlier one.
    pub last_sent_at: Timestamp,
    /// How many members there are.
    pub counts: MemberCounts,
}

impl ConversationRecord {
    /// A conversation without entries or members.
    #[must_use]
    pub fn new(kind: KindRecord, created_at: Timestamp) -> Self {
        Self { kind, created_at, head: MsgId::ZERO, floor: MsgId::ZERO, last_sent_at: Timestamp::new(0), counts: MemberCounts::default() }
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

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// What the member may do.
    pub role: Role,
    /// The entry that made the user a member.
    pub joined: MsgId,
    /// The read cursor.
    pub read: MsgId,
}

/// The send cursor of one (send stream, conversation).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendCursorRecord {
    /// The last client seq that was accepted.
    pub last_seq: u64,
    /// The place of the last of `recent` among all sends of the stream; 0 when there is none.
    pub last_place: u64,
    /// The accepted sends that a retry can still ask for, oldest first.
    pub recent: Vec<RecentSend>,
}

/// A send that a retry can still ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentSend {
    /// Its client seq.
    pub seq: u64,
    /// The message it became.
    pub msgid: MsgId,
    /// A fingerprint of its body.
    pub body: u32,
    /// How many places it lies behind the one before it in the same conversation. Nearly always a small number, so that the
    /// record of a full stream stays below the largest value of the trees.
    pub places_on: u64,
}

/// A row of a tree as it is to be stored; `None` where it is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A user.
    User(UserId, UserRecord),
    /// A device.
    Device(UserId, DeviceId, Option<DeviceRecord>),
    /// An invite.
    Invite(SecretHash, Option<InviteRecord>),
    /// A conversation.
    Conversation(ConversationId, ConversationRecord),
    /// A membership, in both directions.
    Member(ConversationId, UserId, Option<MemberRecord>),
    /// A delivered cursor.
    Delivered(ConversationId, UserId, DeviceId, Option<MsgId>),
    /// A chunk of the entries that do not count.
    Uncounted(ConversationId, u64, Vec<u8>),
    /// An import cursor.
    Import(ConversationId, ImportSource, u64),
    /// A send cursor.
    Send(DeviceId, SendStreamId, ConversationId, SendCursorRecord),
    /// Every send cursor of a stream goes.
    StreamRemoved(DeviceId, SendStreamId),
}
