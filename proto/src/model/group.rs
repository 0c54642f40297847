//! Groups: roles, settings shared by all members, and settings of a single member. Enums grow at
//! the end only.

use serde::{Deserialize, Serialize};

use crate::ids::ConversationId;
use crate::model::notification::Notifications;
use crate::text::{GroupName, Topic};

/// A member's role in a conversation. Each role includes the permissions of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, sends, and does what the group's settings permit.
    Member,
    /// Adds, removes, bans and mutes members of a lower role.
    Admin,
    /// Changes roles and settings.
    Owner,
}

impl Role {
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

/// A group's permissions. Each [`Role`] is the minimum required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupSettings {
    /// Who may join without being added.
    pub access: Access,
    /// Which part of the history new members may read.
    pub history: JoinerHistory,
    /// May add members.
    pub invite: Role,
    /// May send messages.
    pub post: Role,
    /// May pin and unpin messages.
    pub pin: Role,
    /// May change name and topic.
    pub rename: Role,
}

impl Default for GroupSettings {
    /// Returns the settings of a new group: invite only, full history; members post and pin, admins
    /// add members and rename.
    fn default() -> Self {
        Self {
            access: Access::InviteOnly,
            history: JoinerHistory::All,
            invite: Role::Admin,
            post: Role::Member,
            pin: Role::Member,
            rename: Role::Admin,
        }
    }
}

/// Who may join a group without being added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// No one. The group's existence is hidden from non-members.
    InviteOnly,
    /// Any user of the server. The group can be found by name.
    Open,
}

impl Access {
    /// Returns the name in kebab case, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InviteOnly => "invite-only",
            Self::Open => "open",
        }
    }
}

/// Which part of a group's history new members may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinerHistory {
    /// The entire history.
    All,
    /// Nothing before the entry that started the membership, for as long as it lasts.
    FromJoin,
}

impl JoinerHistory {
    /// Returns the name in kebab case, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::FromJoin => "from-join",
        }
    }
}

/// A group's properties besides its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetails {
    /// May be empty.
    pub topic: Topic,
    /// The group's permissions.
    pub settings: GroupSettings,
    /// The number of members.
    pub members: u32,
}

/// An open group as a search result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenGroup {
    /// The group's id.
    pub conversation: ConversationId,
    /// Not unique.
    pub name: GroupName,
    /// May be empty.
    pub topic: Topic,
    /// The number of members.
    pub members: u32,
}

/// A member's own settings for a conversation, shared by all of the member's devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemberSettings {
    /// Which new messages notify the user.
    pub notifications: Notifications,
    /// Sorted before other conversations.
    pub favourite: bool,
    /// Hidden from lists until a message newer than the change arrives.
    pub hidden: bool,
}
