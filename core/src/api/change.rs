//! Changes: what the commit log carries, and the only way state moves.
//!
//! Every change is absolute: it sets a value and never adds to one. Applying a change twice, or an
//! old one before newer ones that were already applied, ends in the same state; recovery relies on
//! it. Variants are only added at the end.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, EpochId, ImportSource, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::model::group::Role;
use cairn_proto::model::people::{Profile, Relation};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{GroupName, SettingName, SettingValue};
use serde::{Deserialize, Serialize};

use crate::record::{
    AttachmentRecord, ConversationRecord, DeviceRecord, GroupRecord, InviteRecord, MemberCounts,
    MemberDetails, SecretHash, UnreadMarker, UserRecord,
};

/// One change of the state. In a batch, the packed entry follows an [`Appended`] or a rewritten
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    Appended(Appended),
    Read {
        conversation: ConversationId,
        user: UserId,
        msgid: MsgId,
    },
    Delivered {
        conversation: ConversationId,
        user: UserId,
        device: DeviceId,
        msgid: MsgId,
    },
    User(UserId, UserRecord),
    Device(UserId, DeviceId, DeviceRecord),
    /// A removed device, with its send streams and cursors.
    DeviceRemoved(UserId, DeviceId),
    /// A device sent on a send stream, which becomes its most recently used one.
    StreamOpened {
        user: UserId,
        device: DeviceId,
        /// Starts empty if the device did not have it.
        stream: SendStreamId,
        /// The least recently used stream if there were too many. It is named because a replay may
        /// start from another list of streams.
        forgotten: Option<SendStreamId>,
    },
    /// A new invite, or one with fewer uses left.
    Invite(SecretHash, InviteRecord),
    /// An invite that was used up or revoked.
    InviteRemoved(SecretHash),
    Conversation(ConversationId, ConversationRecord),
    /// A new membership, or a changed role.
    Member {
        conversation: ConversationId,
        user: UserId,
        role: Role,
        /// The entry that added the member.
        joined: MsgId,
        /// Counts including this member.
        counts: MemberCounts,
    },
    MemberRemoved {
        conversation: ConversationId,
        user: UserId,
        /// Counts without this member.
        counts: MemberCounts,
    },
    /// Progress of an import.
    Imported {
        conversation: ConversationId,
        source: ImportSource,
        /// How many entries of the source were imported.
        cursor: u64,
    },
    /// The users that a message mentions.
    Mentioned {
        conversation: ConversationId,
        msgid: MsgId,
        /// Members, or [`UserId::SERVER`] alone for all of them.
        users: Vec<UserId>,
    },
    /// A replaced entry. In a batch, the packed entry follows.
    Rewritten {
        conversation: ConversationId,
        msgid: MsgId,
        /// Whether it still counts as a message.
        is_message: bool,
    },
    /// All pins of a conversation.
    Pins {
        conversation: ConversationId,
        /// Ordered by message id.
        pins: Vec<MsgId>,
    },
    Renamed(ConversationId, GroupName),
    /// Topic, settings and bans of a group.
    Group(ConversationId, GroupRecord),
    /// A member's details, apart from the role.
    MemberDetails {
        conversation: ConversationId,
        user: UserId,
        details: MemberDetails,
    },
    Relation {
        /// The side's user.
        user: UserId,
        other: UserId,
        /// An empty relation removes it.
        relation: Relation,
    },
    Setting {
        name: SettingName,
        value: SettingValue,
    },
    Profile(UserId, Profile),
    /// A member marked read messages as unread.
    MarkedUnread {
        conversation: ConversationId,
        user: UserId,
        /// The new read cursor.
        read: MsgId,
        marker: Box<UnreadMarker>,
    },
    EpochBegun(EpochId),
    /// A new or changed attachment; `None` if it was removed.
    Attachment(AttachmentHash, Option<AttachmentRecord>),
    /// The attachment that a message references.
    Attached {
        conversation: ConversationId,
        msgid: MsgId,
        /// `None` once it references none.
        hash: Option<AttachmentHash>,
    },
    /// Quota that a user's uploads take.
    AttachmentBytes {
        user: UserId,
        bytes: u64,
    },
    Retention {
        conversation: ConversationId,
        /// `None` for the server's default.
        retention: Option<Retention>,
    },
    /// Entries expired, and pins to them were removed.
    FloorRaised {
        conversation: ConversationId,
        /// The last expired entry.
        floor: MsgId,
    },
    /// How many messages reference an attachment. Ignored if it was removed.
    AttachmentRefs {
        hash: AttachmentHash,
        uses: u64,
    },
    /// Entries of a group name a user who is no member: the sender of imported messages.
    Named {
        conversation: ConversationId,
        user: UserId,
    },
    /// The server's clock.
    Clock(Timestamp),
}

/// A new entry at the end of a conversation's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    pub conversation: ConversationId,
    /// Head + 1.
    pub msgid: MsgId,
    pub sender: UserId,
    pub sent_at: Timestamp,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Sent by a device. Moves its send cursor and the sender's read cursor.
    Sent {
        device: DeviceId,
        stream: SendStreamId,
        /// Ordinal among all sends of the stream, from 1.
        place: u64,
        seq: u64,
        /// Fingerprint of the body, to detect another body under the same client seq.
        body: u32,
    },
    /// Imported. Moves no cursor: a member during a replay may not have been one at the
    /// time.
    Imported,
    /// A change of the conversation itself. Not a message, never unread.
    System,
}
