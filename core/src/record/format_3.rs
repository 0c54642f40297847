//! Records as format 3 stored and logged them.

use cairn_proto::ids::{MsgId, Revision, Timestamp, UserId};
use cairn_proto::model::group::Role;
use cairn_proto::model::notification::{NotificationLevel, Notifications};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::UserName;
use serde::{Deserialize, Serialize};

use crate::record;

/// A user without status, origin and alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    pub name: UserName,
    pub role: ServerRole,
    pub password: Option<Box<str>>,
    pub created_at: Timestamp,
    pub reads: Reads,
}

impl From<UserRecord> for record::UserRecord {
    fn from(old: UserRecord) -> Self {
        let UserRecord {
            name,
            role,
            password,
            created_at,
            reads,
        } = old;
        Self {
            role,
            password,
            reads,
            ..Self::new(name, record::UserOrigin::Unknown, created_at)
        }
    }
}

/// An invite without a maker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRecord {
    pub uses_left: u32,
    pub expires_at: Timestamp,
    pub role: ServerRole,
}

impl From<InviteRecord> for record::LinkRecord {
    fn from(old: InviteRecord) -> Self {
        let InviteRecord {
            uses_left,
            expires_at,
            role,
        } = old;
        Self {
            maker: None,
            uses_left,
            expires_at,
            purpose: record::LinkPurpose::Join(role),
        }
    }
}

/// A member's details with a switch for all notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDetails {
    pub floor: MsgId,
    pub muted_until: Timestamp,
    pub muted: bool,
    pub favourite: bool,
    pub hidden_at: Option<MsgId>,
}

impl From<MemberDetails> for record::MemberDetails {
    fn from(old: MemberDetails) -> Self {
        let MemberDetails {
            floor,
            muted_until,
            muted,
            favourite,
            hidden_at,
        } = old;
        let level = if muted {
            NotificationLevel::Nothing
        } else {
            NotificationLevel::All
        };
        Self {
            floor,
            muted_until,
            notifications: Notifications { level, until: None },
            favourite,
            hidden_at,
        }
    }
}

/// A member with the details of format 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMember {
    user: UserId,
    role: Role,
    joined: MsgId,
    read: MsgId,
    details: MemberDetails,
    marker: Option<Box<record::UnreadMarker>>,
    changed: Revision,
    delivered: Vec<(cairn_proto::ids::DeviceId, MsgId)>,
}

impl From<StoredMember> for record::StoredMember {
    fn from(old: StoredMember) -> Self {
        let StoredMember {
            user,
            role,
            joined,
            read,
            details,
            marker,
            changed,
            delivered,
        } = old;
        Self {
            user,
            record: record::MemberRecord {
                role,
                joined,
                read,
                details: details.into(),
                marker,
                changed,
            },
            delivered,
        }
    }
}
