//! Users of a server and their devices, as the server describes them to a client.

use serde::{Deserialize, Serialize};

use crate::ids::{DeviceId, Timestamp, UserId};
use crate::text::{DeviceName, UserName};

/// Who a user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub name: UserName,
    /// The user's role on the server.
    pub role: ServerRole,
}

/// What a user may do on the server as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerRole {
    /// Chats.
    Member,
    /// Invites and imports as well.
    Admin,
    /// Everything.
    Owner,
}

impl ServerRole {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A device of the asker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its id.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: DeviceName,
    /// When it first logged in.
    pub created_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Whether it has a session now.
    pub online: bool,
}
