//! Changes: what the commit log carries, and the only way state moves.
//!
//! Every change is absolute: it sets a value and never adds to one. Applying a change twice, or an
//! old one before newer ones that were already applied, ends in the same state; recovery relies on
//! it. Variants are only added at the end.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, EpochId, ImportSource, MsgId, SendStreamId, Timestamp, UserId,
    VisitorId,
};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::desk::{AgentConfig, RouteRule};
use cairn_proto::model::group::Role;
use cairn_proto::model::people::{Profile, Relation};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{DeskText, GroupName, SettingName, SettingValue, Tag};
use serde::{Deserialize, Serialize};

use crate::record::{
    AgentStand, AskerRecord, AttachmentRecord, ConversationRecord, DeskKeyRecord, DeviceRecord,
    GroupRecord, InquiryRecord, LinkRecord, MemberCounts, MemberDetails, QueueHours, QueueRecord,
    SecretHash, UnreadMarker, UserRecord, VisitorRecord, format_3,
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
    /// As format 3 logged it. Replaced by [`Change::User`] when it is read, see
    /// [`Change::current`].
    UserFormat3(UserId, format_3::UserRecord),
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
    /// As format 3 logged it. Replaced by [`Change::Link`].
    InviteFormat3(SecretHash, format_3::InviteRecord),
    /// A link that expired or was revoked.
    LinkRemoved(SecretHash),
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
    /// As format 3 logged it. Replaced by [`Change::MemberDetails`].
    MemberDetailsFormat3 {
        conversation: ConversationId,
        user: UserId,
        details: format_3::MemberDetails,
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
    User(UserId, UserRecord),
    /// A new link, or one with fewer uses left.
    Link(SecretHash, LinkRecord),
    /// A member's details, apart from the role.
    MemberDetails {
        conversation: ConversationId,
        user: UserId,
        details: MemberDetails,
    },
    /// Users whom a message no longer mentions since it was edited.
    Unmentioned {
        conversation: ConversationId,
        msgid: MsgId,
        /// As in [`Change::Mentioned`].
        users: Vec<UserId>,
    },
    /// The next record of the audit log.
    Audited(AuditRecord),
    /// Records of the audit log before this one expired.
    AuditTrimmed {
        first: u64,
    },
    /// A new or changed queue; `None` if it was removed.
    Queue(ConversationId, Option<Box<QueueRecord>>),
    QueueHours(ConversationId, QueueHours),
    /// A new or changed agent; `None` if they are none any more.
    Agent(UserId, Option<Box<AgentConfig>>),
    AgentStand(UserId, AgentStand),
    /// A new or changed inquiry.
    Inquiry(ConversationId, Box<InquiryRecord>),
    /// Who asks in an inquiry.
    Asker(ConversationId, Box<AskerRecord>),
    /// An inquiry that was erased. Nothing is left of it but the bounds of its log.
    InquiryErased(ConversationId),
    /// A new or changed visitor; `None` if they were erased, with their send streams.
    Visitor(VisitorId, Option<Box<VisitorRecord>>),
    /// A new key of the desk; `None` if it was revoked.
    DeskKey(SecretHash, Option<Box<DeskKeyRecord>>),
    Canned(Tag, Option<DeskText>),
    RouteRules(Vec<RouteRule>),
}

impl Change {
    /// Returns the change as this version logs it.
    #[must_use]
    pub fn current(self) -> Self {
        match self {
            Self::UserFormat3(user, record) => Self::User(user, record.into()),
            Self::InviteFormat3(token, record) => Self::Link(token, record.into()),
            Self::MemberDetailsFormat3 {
                conversation,
                user,
                details,
            } => Self::MemberDetails {
                conversation,
                user,
                details: details.into(),
            },
            current => current,
        }
    }
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

#[cfg(test)]
mod tests {
    use cairn_proto::model::receipts::Reads;
    use cairn_proto::model::user::ServerRole;
    use cairn_proto::wire::codec::{self, DecodeError};

    use super::*;
    use crate::api::batch;
    use crate::record::{LinkPurpose, UserOrigin};

    #[test]
    fn changes_of_format_3_are_replaced() {
        let (now, token) = (Timestamp::new(5), SecretHash([7; 32]));
        let user = format_3::UserRecord {
            name: "ada".parse().unwrap(),
            role: ServerRole::Owner,
            password: Some("a hash".into()),
            created_at: now,
            reads: Reads::Hidden,
        };
        let invite = format_3::InviteRecord {
            uses_left: 3,
            expires_at: now,
            role: ServerRole::Admin,
        };
        let old = [
            Change::UserFormat3(UserId::new(1), user),
            Change::InviteFormat3(token, invite),
        ];
        let payload: Vec<u8> = old.iter().flat_map(codec::encode).collect();
        let mut replayed = Vec::new();
        let read = batch::replay::<DecodeError>(payload.into(), |change, _| {
            replayed.push(change);
            Ok(())
        });
        read.unwrap();
        let user = UserRecord {
            role: ServerRole::Owner,
            password: Some("a hash".into()),
            reads: Reads::Hidden,
            ..UserRecord::new("ada".parse().unwrap(), UserOrigin::Unknown, now)
        };
        let link = LinkRecord {
            maker: None,
            uses_left: 3,
            expires_at: now,
            purpose: LinkPurpose::Join(ServerRole::Admin),
        };
        assert_eq!(
            replayed,
            [
                Change::User(UserId::new(1), user),
                Change::Link(token, link)
            ]
        );
    }
}
