//! What is stored of each part of the state: the values of the trees, and the parts of
//! [`crate::Change`]s. Fields only grow behind a new version of the row (see the store's rows), so
//! their order is part of the format.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, EpochId, ImportSource, MsgId, Revision, SendStreamId, Timestamp,
    UserId,
};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_proto::model::group::Role;
use cairn_proto::model::people::Profile;
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{DeviceName, GroupName, SettingName, SettingValue, UserName};
use serde::{Deserialize, Serialize};

use crate::api::change::MemberCounts;
use crate::attachment::AttachmentRecord;
use crate::reading::unread_marker::UnreadMarker;
use crate::state::msgid_set::MsgIdSet;
use crate::state::relation::{RelationChunk, StoredRelation};

pub use crate::group_record::GroupRecord;

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
    /// The password, as an argon2id PHC string. Without one, no further device can log in; imported
    /// users have none.
    pub password: Option<Box<str>>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether others see what the user has read, and he what they have.
    pub reads: Reads,
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
    /// Its send streams, the most recently used first; at most
    /// [`crate::limits::SEND_STREAMS_PER_DEVICE_MAX`].
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

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// What the member may do.
    pub role: Role,
    /// The entry that made the user a member.
    pub joined: MsgId,
    /// The read cursor.
    pub read: MsgId,
    /// What else holds.
    pub terms: MemberTerms,
    /// What he marked as unread although he had read it.
    pub mark: Option<Box<UnreadMarker>>,
    /// When it last changed, but for what the member's sends move.
    pub changed: Revision,
}

/// What a user's list of conversations says of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecord {
    /// Whether the user owns it.
    pub owns: bool,
}

/// A start of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Its id.
    pub epoch: EpochId,
    /// The first batch of the commit log that is of it.
    pub first: Revision,
}

/// What holds for one member: what the group settled for him, and what he settled for himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberTerms {
    /// Everything up to here was said before the member could see it.
    pub floor: MsgId,
    /// Until when the member can say nothing.
    pub muted_until: Timestamp,
    /// News of the conversation shall not ring.
    pub muted: bool,
    /// The conversation stands before others.
    pub favourite: bool,
    /// The head when the member hid the conversation.
    pub hidden_at: Option<MsgId>,
}

impl Default for MemberTerms {
    fn default() -> Self {
        Self {
            floor: MsgId::ZERO,
            muted_until: Timestamp::new(0),
            muted: false,
            favourite: false,
            hidden_at: None,
        }
    }
}

/// A member of a conversation, with the delivered cursors of the member's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMember {
    /// Who it is.
    pub user: UserId,
    /// The membership.
    pub record: MemberRecord,
    /// How far each device is that has acked anything.
    pub delivered: Vec<(DeviceId, MsgId)>,
}

/// The messages of a conversation that mention a user, as they are loaded: they are stored in
/// chunks of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMentions {
    /// Who it is; [`UserId::SERVER`] stands for everybody.
    pub user: UserId,
    /// The messages.
    pub mentions: MsgIdSet,
}

/// The members of a conversation that one row holds: those whose ids differ in the last bits only.
/// People who join a server together talk to each other, so a busy conversation has few rows to
/// write, and a large group is read in few pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberChunk(u32);

impl MemberChunk {
    /// Members in one chunk at most. With as many devices each as a user may have, they fit into
    /// one value of the trees.
    pub const MEMBERS: u32 = 16;

    /// The chunk that a member is in.
    #[must_use]
    pub const fn of(user: UserId) -> Self {
        Self(user.get() / Self::MEMBERS)
    }

    /// The chunk with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Who may be in it.
    pub fn users(self) -> impl Iterator<Item = UserId> {
        let first = self.0.saturating_mul(Self::MEMBERS);
        (first..=first.saturating_add(Self::MEMBERS - 1)).map(UserId::new)
    }
}

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
    /// What is agreed on in a group.
    Group(ConversationId, Option<GroupRecord>),
    /// The name of an open group.
    OpenGroup(ConversationId, Option<GroupName>),
    /// The members of a chunk; none where the row is to be deleted.
    Members(ConversationId, MemberChunk, Vec<StoredMember>),
    /// The way from a user to a conversation.
    Membership(UserId, ConversationId, Option<MembershipRecord>),
    /// When a membership ended, while that is to be told of.
    Ended(UserId, ConversationId, Option<Revision>),
    /// The starts of the server.
    Epochs(Vec<EpochRecord>),
    /// A chunk of the entries that do not count.
    Uncounted(ConversationId, u64, Vec<u8>),
    /// A chunk of the messages that mention a user.
    Mentions(ConversationId, UserId, u64, Vec<u8>),
    /// The pinned messages; none where the row is to be deleted.
    Pins(ConversationId, Vec<MsgId>),
    /// How long messages stay; nothing where the row is to be deleted.
    Retention(ConversationId, Option<Retention>),
    /// An import cursor.
    Import(ConversationId, ImportSource, u64),
    /// The send cursors of a chunk.
    SendCursors(DeviceId, SendStreamId, CursorChunk, Vec<SendCursor>),
    /// A part of the remembered sends.
    RecentSends(DeviceId, SendStreamId, RecentPart, Vec<RecentSend>),
    /// An attachment, and whether any message names it.
    Attachment(AttachmentHash, Option<AttachmentRecord>),
    /// What a message names.
    Attached(ConversationId, MsgId, Option<AttachmentHash>),
    /// What the uploads of a user take; 0 where the row is to be deleted.
    AttachmentBytes(UserId, u64),
    /// Everything of a send stream goes.
    StreamRemoved(DeviceId, SendStreamId),
    /// The relations of a user in a chunk; none where the row is to be deleted.
    Relations(UserId, RelationChunk, Vec<StoredRelation>),
    /// How a user presents himself; `None` when he says nothing of himself.
    Profile(UserId, Option<Profile>),
    /// A setting.
    Setting(SettingName, SettingValue),
}
