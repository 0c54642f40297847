//! Users and their devices, as the server describes them to clients.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, Timestamp, UserId};
use crate::text::{DeviceName, UserName};

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
