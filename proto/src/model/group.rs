//! What is agreed on in a group, and what each member settles for himself. Enums here only grow at
//! the end.

use serde::{Deserialize, Serialize};

use crate::ids::ConversationId;
use crate::text::{GroupName, Topic};

/// What a member may do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and sends.
    Member,
    /// Keeps order as well: adds, removes, bans and mutes those below.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
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

/// Who may do what in a group, and who may come in. Where a role stands, members of that role or a
/// higher one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupSettings {
    /// Who may come in without being added.
    pub access: Access,
    /// What those who come in see of what was said before.
    pub history: JoinerHistory,
    /// Who may add members.
    pub invite: Role,
    /// Who may send messages.
    pub post: Role,
    /// Who may pin messages.
    pub pin: Role,
    /// Who may change name and topic.
    pub rename: Role,
}

impl Default for GroupSettings {
    /// Those of a new group: everybody posts and pins; admins add members and rename.
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

/// Who may come in without being added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Nobody. Whoever is no member cannot tell that there is such a group.
    InviteOnly,
    /// Any user of the server, who finds the group by its name.
    Open,
}

impl Access {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InviteOnly => "invite-only",
            Self::Open => "open",
        }
    }
}

/// What new members see of what was said before they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JoinerHistory {
    /// Everything.
    All,
    /// Nothing: the entry that made them members is the first they see, for as long as the
    /// membership lasts.
    FromJoin,
}

impl JoinerHistory {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::FromJoin => "from-join",
        }
    }
}

/// What members are told of their group beside its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetails {
    /// What it is about; may be empty.
    pub topic: Topic,
    /// What is agreed on.
    pub settings: GroupSettings,
    /// How many members there are.
    pub members: u32,
}

/// An open group, as any user of the server finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenGroup {
    /// Its id.
    pub conversation: ConversationId,
    /// Its name. Other groups may have the same.
    pub name: GroupName,
    /// What it is about; may be empty.
    pub topic: Topic,
    /// How many members there are.
    pub members: u32,
}

/// What a member settles for himself in a conversation, the same on all of his devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemberSettings {
    /// News of it shall not ring.
    pub muted: bool,
    /// It stands before others.
    pub favourite: bool,
    /// It is not shown until there is a message that was not there when it was hidden.
    pub hidden: bool,
}
