//! Records: the stored form of the state, used as values of the trees and in [`crate::Change`]s.
//!
//! The order of fields is part of the format. Fields are only added together with a new version of
//! the row; see the rows of the store.

mod account;
mod attachment;
mod conversation;
mod desk;
pub mod format_3;
mod group;
mod member;
mod msgid_set;
mod relation;
mod row;
mod send_stream;
mod unread_marker;

pub use account::{
    DeviceRecord, EpochRecord, FormerName, LinkPurpose, LinkRecord, SecretHash, UsedStream,
    UserOrigin, UserRecord, UserStatus,
};
pub use attachment::{AttachmentRecord, Upload};
pub use conversation::{ConversationRecord, KindRecord, MemberCounts};
pub use desk::{
    AgentRecord, AgentStand, AskerRecord, Attendance, DeskKeyRecord, InquiryRecord, QueueHours,
    QueueRecord, StoredVisitor, VisitorRecord,
};
pub use group::GroupRecord;
pub use member::{
    MemberChunk, MemberDetails, MemberRecord, MembershipRecord, StoredMember, StoredMentions,
};
pub use msgid_set::MsgIdSet;
pub use relation::{RelationChunk, StoredRelation};
pub use row::Row;
pub use send_stream::{CursorChunk, RecentPart, RecentSend, SendCursor};
pub use unread_marker::UnreadMarker;
