//! One row of a tree.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, Revision, SendStreamId, UserId,
};
use cairn_proto::model::people::Profile;
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{GroupName, SettingName, SettingValue};

use super::{
    AttachmentRecord, ConversationRecord, CursorChunk, DeviceRecord, EpochRecord, GroupRecord,
    InviteRecord, MemberChunk, MembershipRecord, RecentPart, RecentSend, RelationChunk, SecretHash,
    SendCursor, StoredMember, StoredRelation, UserRecord,
};

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
