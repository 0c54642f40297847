//! The audit log: what owners and admins of the server did, and what they read of others. It holds
//! no texts of messages and no secrets. Enums grow at the end only.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, DeviceId, ImportSource, LinkId, Timestamp, UserId};
use crate::model::desk::DeskAct;
use crate::model::user::ServerRole;
use crate::text::{SettingName, SettingValue, UserName};
use crate::wire::codec;

/// One record of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Consecutive from 1. Records before the oldest kept one have expired.
    pub number: u64,
    /// When it happened, by the server's clock.
    pub at: Timestamp,
    /// Who did it.
    pub actor: UserId,
    /// The actor's device.
    pub device: DeviceId,
    /// What they did.
    pub act: AuditAct,
}

/// What was done, to what, with the values before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditAct {
    /// Created an invite.
    InviteCreated {
        /// The invite.
        id: LinkId,
        /// How many users may join with it.
        uses: u32,
        /// When it expires.
        expires_at: Timestamp,
    },
    /// Revoked an invite.
    InviteRevoked {
        /// The invite.
        id: LinkId,
        /// Who had created it; `None` if that is not known.
        maker: Option<UserId>,
    },
    /// Changed a setting of the server.
    SettingSet {
        /// The setting.
        name: SettingName,
        /// Its value before.
        before: SettingValue,
        /// Its value after.
        after: SettingValue,
    },
    /// Changed a user's role on the server.
    RoleSet {
        /// The user.
        user: UserId,
        /// The role before.
        before: ServerRole,
        /// The role after.
        after: ServerRole,
    },
    /// Read why another user's count of unread messages is what it is.
    UnreadExplained {
        /// The user.
        user: UserId,
        /// The conversation.
        conversation: ConversationId,
    },
    /// Began to import messages.
    Imported {
        /// The conversation.
        conversation: ConversationId,
        /// The imported log.
        source: ImportSource,
    },
    /// Changed a user's name, possibly their own.
    Renamed {
        /// The user.
        user: UserId,
        /// The name before.
        before: UserName,
        /// The name after.
        after: UserName,
    },
    /// Said who an imported author is.
    Claimed {
        /// The imported author.
        imported: UserId,
        /// The user that they are.
        user: UserId,
    },
    /// Deactivated a user.
    Deactivated {
        /// The user.
        user: UserId,
    },
    /// Reactivated a user.
    Reactivated {
        /// The user.
        user: UserId,
    },
    /// Created a link with which a user can set a new password.
    ResetCreated {
        /// The user.
        user: UserId,
        /// The link.
        id: LinkId,
    },
    /// Removed a user from a group, as an admin of the server.
    MemberRemoved {
        /// The user.
        user: UserId,
        /// The group.
        conversation: ConversationId,
    },
    /// Made a member the owner of a group, all owners of which were deactivated.
    OwnerAppointed {
        /// The user.
        user: UserId,
        /// The group.
        conversation: ConversationId,
    },
    /// Did something with the support desk.
    Desk(DeskAct),
}

impl AuditAct {
    /// Returns the name in kebab case, as JSON shows it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::InviteCreated { .. } => "invite-created",
            Self::InviteRevoked { .. } => "invite-revoked",
            Self::SettingSet { .. } => "setting-set",
            Self::RoleSet { .. } => "role-set",
            Self::UnreadExplained { .. } => "unread-explained",
            Self::Imported { .. } => "imported",
            Self::Renamed { .. } => "renamed",
            Self::Claimed { .. } => "claimed",
            Self::Deactivated { .. } => "deactivated",
            Self::Reactivated { .. } => "reactivated",
            Self::ResetCreated { .. } => "reset-created",
            Self::MemberRemoved { .. } => "member-removed",
            Self::OwnerAppointed { .. } => "owner-appointed",
            Self::Desk(act) => act.as_str(),
        }
    }
}

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// In ascending order, without gaps; at most [`crate::limits::AUDIT_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub records: Vec<AuditRecord>,
    /// The number of the last record of the log; 0 for none.
    pub last: u64,
}
