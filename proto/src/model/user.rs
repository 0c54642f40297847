//! Users and their devices, as the server describes them to clients.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, LinkId, Timestamp, UserId};
use crate::text::{DeviceName, UserName};
use crate::wire::codec;

/// A user's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The user's id.
    pub id: UserId,
    /// Unique on the server, compared by [`UserName::folded`].
    pub name: UserName,
    /// The user's role on the server.
    pub role: ServerRole,
    /// Whether anyone uses the account.
    pub state: UserState,
}

/// Whether anyone uses an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserState {
    /// It belongs to a user.
    #[default]
    Active,
    /// It was deactivated: no device can log in.
    Deactivated,
    /// It was created by an import, for the author of messages. No device can log in.
    Imported,
    /// As imported, and the author is this user.
    AliasOf(UserId),
}

impl UserState {
    /// Returns the name in kebab case, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Imported => "imported",
            Self::AliasOf(_) => "alias",
        }
    }
}

/// A user's role on the server. Each role includes the permissions of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerRole {
    /// Takes part in conversations.
    Member,
    /// Creates invites and imports logs.
    Admin,
    /// Changes settings and roles, and reads metrics.
    Owner,
}

impl ServerRole {
    /// Returns the lower-case name, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A device of the requesting user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its id.
    pub id: DeviceId,
    /// Chosen by the user.
    pub name: DeviceName,
    /// The time of its first login.
    pub created_at: Timestamp,
    /// Whether it is the requesting device.
    pub current: bool,
    /// Whether it has a session at present.
    pub online: bool,
}

/// An invite that has not expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteInfo {
    /// Names the invite.
    pub id: LinkId,
    /// The role of users who join with it.
    pub role: ServerRole,
    /// Who made it; `None` for the server, and for invites older than these records.
    pub maker: Option<UserId>,
    /// How many users can still join with it; 0 once it is used up or revoked.
    pub uses_left: u32,
    /// The end of its life.
    pub expires_at: Timestamp,
    /// How many users joined with it, since such records are kept.
    pub uses: u32,
    /// These users, the first [`crate::limits::INVITED_SHOWN_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub used_by: Vec<UserId>,
}

/// A page of the server's invites, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitePage {
    /// At most [`crate::limits::INVITES_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<InviteInfo>,
    /// Where the next page starts; `None` on the last one.
    pub next_after: Option<LinkId>,
}
