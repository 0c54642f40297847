//! Rows: the unit of persistence.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, Revision, SendStreamId, Timestamp, UserId,
    VisitorId,
};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::desk::{Canned, InquiryPlace, RouteRule};
use cairn_proto::model::people::Profile;
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{GroupName, SettingName, SettingValue};

use super::{
    AgentRecord, AskerRecord, AttachmentRecord, ConversationRecord, CursorChunk, DeskKeyRecord,
    DeviceRecord, EpochRecord, GroupRecord, InquiryRecord, LinkRecord, MemberChunk,
    MembershipRecord, QueueHours, QueueRecord, RecentPart, RecentSend, RelationChunk, SecretHash,
    SendCursor, StoredMember, StoredRelation, StoredVisitor, UserRecord,
};

/// A row to be written to a tree, or deleted if its value is `None` or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    User(UserId, UserRecord),
    Device(UserId, DeviceId, Option<DeviceRecord>),
    Link(SecretHash, Option<LinkRecord>),
    Conversation(ConversationId, ConversationRecord),
    /// Topic, settings and moderation of a group.
    Group(ConversationId, Option<GroupRecord>),
    /// The index of open groups.
    OpenGroup(ConversationId, Option<GroupName>),
    Members(ConversationId, MemberChunk, Vec<StoredMember>),
    /// The index from users to conversations.
    Membership(UserId, ConversationId, Option<MembershipRecord>),
    /// When a membership ended, for the overviews of devices that missed it.
    Ended(UserId, ConversationId, Option<Revision>),
    Epochs(Vec<EpochRecord>),
    /// The server's clock, as it was last logged.
    Clock(Timestamp),
    /// A chunk of the entries that are not messages.
    Uncounted(ConversationId, u64, Vec<u8>),
    /// A chunk of the messages that mention a user; `None` once there are none.
    Mentions(ConversationId, UserId, u64, Option<Vec<u8>>),
    Pins(ConversationId, Vec<MsgId>),
    Retention(ConversationId, Option<Retention>),
    Import(ConversationId, ImportSource, u64),
    SendCursors(DeviceId, SendStreamId, CursorChunk, Vec<SendCursor>),
    RecentSends(DeviceId, SendStreamId, RecentPart, Vec<RecentSend>),
    Attachment(AttachmentHash, Option<AttachmentRecord>),
    /// The attachment that a message references.
    Attached(ConversationId, MsgId, Option<AttachmentHash>),
    /// The quota that a user's uploads take; 0 deletes the row.
    AttachmentBytes(UserId, u64),
    /// Deletes all rows of a send stream.
    StreamRemoved(DeviceId, SendStreamId),
    Relations(UserId, RelationChunk, Vec<StoredRelation>),
    Profile(UserId, Option<Profile>),
    Setting(SettingName, SettingValue),
    /// A record of the audit log, by its number.
    Audit(u64, Option<AuditRecord>),
    Queue(ConversationId, Option<QueueRecord>),
    QueueHours(ConversationId, Option<QueueHours>),
    Agent(UserId, Option<AgentRecord>),
    Inquiry(ConversationId, Option<InquiryRecord>),
    /// The index of open inquiries.
    OpenInquiry(ConversationId, bool),
    /// Whether an inquiry has this place among the closed ones of a queue.
    ClosedInquiry(ConversationId, InquiryPlace, bool),
    /// Who asks in an inquiry.
    Asker(ConversationId, Option<AskerRecord>),
    Visitor(VisitorId, Option<StoredVisitor>),
    DeskKey(SecretHash, Option<DeskKeyRecord>),
    /// A canned reply, by the hash of its name.
    Canned(u64, Option<Canned>),
    RouteRules(Vec<RouteRule>),
}
