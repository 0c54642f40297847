//! What happened: the entries of the commit log, and the only way the state moves.
//!
//! Each change is absolute (it sets, it does not add to), so applying one again, or applying an old
//! one before newer ones that were already seen, ends in the same state. Variants only grow at the
//! end.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, EpochId, ImportSource, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::model::group::Role;
use cairn_proto::model::people::{Profile, Relation};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::GroupName;
use cairn_proto::text::{SettingName, SettingValue};
use serde::{Deserialize, Serialize};

use crate::record::AttachmentRecord;
use crate::record::MemberCounts;
use crate::record::UnreadMarker;
use crate::record::{
    ConversationRecord, DeviceRecord, GroupRecord, InviteRecord, MemberDetails, SecretHash,
    UserRecord,
};

/// One change of the state. In a batch, an entry that is [`Appended`] or rewritten follows its
/// change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// An entry at the end of a conversation's log.
    Appended(Appended),
    /// The read cursor of a member.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The last message read.
        msgid: MsgId,
    },
    /// The delivered cursor of a device.
    Delivered {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The member's device.
        device: DeviceId,
        /// The last message held.
        msgid: MsgId,
    },
    /// A user, new or changed.
    User(UserId, UserRecord),
    /// A device, new or changed.
    Device(UserId, DeviceId, DeviceRecord),
    /// A device that is no more, with its send streams and cursors.
    DeviceRemoved(UserId, DeviceId),
    /// A device began to use a send stream: it is the most recently used one now.
    StreamOpened {
        /// Whose device it is.
        user: UserId,
        /// The device.
        device: DeviceId,
        /// The stream. One that the device does not have begins anew.
        stream: SendStreamId,
        /// The least recently used of too many, with its cursors. It is named, since a replay may
        /// meet another list of streams.
        forgotten: Option<SendStreamId>,
    },
    /// An invite, new or with fewer uses left.
    Invite(SecretHash, InviteRecord),
    /// An invite that is used up or withdrawn.
    InviteRemoved(SecretHash),
    /// A new conversation.
    Conversation(ConversationId, ConversationRecord),
    /// A membership, new or with another role.
    Member {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The role.
        role: Role,
        /// The entry that made the user a member.
        joined: MsgId,
        /// How many members there are with this one.
        counts: MemberCounts,
    },
    /// A membership that ended.
    MemberRemoved {
        /// The conversation.
        conversation: ConversationId,
        /// The former member.
        user: UserId,
        /// How many members there are without this one.
        counts: MemberCounts,
    },
    /// How many entries of a source were imported.
    Imported {
        /// The conversation.
        conversation: ConversationId,
        /// The source.
        source: ImportSource,
        /// The source's cursor.
        cursor: u64,
    },
    /// A message mentions these users.
    Mentioned {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// Members; or [`UserId::SERVER`] alone, which stands for all of them.
        users: Vec<UserId>,
    },
    /// An entry that is another from now on, under the same number. In a batch it is followed by
    /// its packed entry.
    Rewritten {
        /// The conversation.
        conversation: ConversationId,
        /// The entry.
        msgid: MsgId,
        /// Whether it is still a message, and counts as unread.
        is_message: bool,
    },
    /// The pinned messages of a conversation, all of them.
    Pins {
        /// The conversation.
        conversation: ConversationId,
        /// In the order of their numbers.
        pins: Vec<MsgId>,
    },
    /// A group has this name from now on.
    Renamed(ConversationId, GroupName),
    /// What is agreed on in a group.
    Group(ConversationId, GroupRecord),
    /// What holds for a member beside the role.
    MemberDetails {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// All of it.
        details: MemberDetails,
    },
    /// A user's side of a relation.
    Relation {
        /// Whose side.
        user: UserId,
        /// The other one.
        other: UserId,
        /// The relation; none of the user's when it is none.
        relation: Relation,
    },
    /// A setting of the server.
    Setting {
        /// Which one.
        name: SettingName,
        /// Its value.
        value: SettingValue,
    },
    /// How a user presents himself.
    Profile(UserId, Profile),
    /// A member marked as unread what he had read.
    MarkedUnread {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The read cursor from now on.
        read: MsgId,
        /// What is remembered of what he had read.
        marker: Box<UnreadMarker>,
    },
    /// The server started.
    EpochBegun(EpochId),
    /// An attachment, new or changed; `None` when it is no more.
    Attachment(AttachmentHash, Option<AttachmentRecord>),
    /// What a message names.
    Attached {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The attachment; `None` when it names it no more.
        hash: Option<AttachmentHash>,
    },
    /// What the uploads of a user take.
    AttachmentBytes {
        /// The user.
        user: UserId,
        /// All of them, in bytes.
        bytes: u64,
    },
    /// How long messages of a conversation stay.
    Retention {
        /// The conversation.
        conversation: ConversationId,
        /// The policy; `None` where that is left to the server.
        retention: Option<Retention>,
    },
    /// Entries are gone on purpose, and pins to them with them.
    FloorRaised {
        /// The conversation.
        conversation: ConversationId,
        /// The last entry that is gone.
        floor: MsgId,
    },
    /// So many messages name an attachment. One that is no more stays away.
    AttachmentRefs {
        /// The attachment.
        hash: AttachmentHash,
        /// All of them.
        uses: u64,
    },
}

/// An entry at the end of a conversation's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The conversation.
    pub conversation: ConversationId,
    /// The entry's number: one above the head.
    pub msgid: MsgId,
    /// Who said it.
    pub sender: UserId,
    /// When.
    pub sent_at: Timestamp,
    /// Why there is an entry.
    pub origin: Origin,
}

/// Why there is an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A device sent it. It moves the send cursor, and the sender's read cursor.
    Sent {
        /// The device.
        device: DeviceId,
        /// Its send stream.
        stream: SendStreamId,
        /// Its place among all sends of the stream.
        place: u64,
        /// The client seq.
        seq: u64,
        /// A fingerprint of the body, so that another body under the same seq is noticed.
        body: u32,
    },
    /// It was imported. It moves no cursor by itself: who is a member when it is replayed may not
    /// have been one then.
    Imported,
    /// Something that happened to the conversation. It is no message and does not count as unread.
    System,
}
