//! Requests about groups, their members, and the settings of conversations.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, Timestamp, UserId};
use crate::model::conversation::MemberPage;
use crate::model::group::{GroupDetails, GroupSettings, MemberSettings, OpenGroup, Role};
use crate::model::retention::{Retention, RetentionInfo};
use crate::model::user::UserInfo;
use crate::text::{GroupName, Topic};
use crate::wire::codec;
use crate::wire::request::domain::requests;
use crate::wire::request::list::List;

requests! {
    /// A request about groups, their members, and the settings of conversations.
    GroupRequest {
        /// Creates a group.
        CreateGroup(CreateGroup) -> ConversationId,
        /// Adds members. Answered with the number of users who were added.
        AddMembers(AddMembers) -> u32,
        /// Removes members. Answered with the number of users who were removed.
        RemoveMembers(RemoveMembers) -> u32,
        /// Reads a page of members.
        ListMembers(ListMembers) -> MemberPage,
        /// Reads a group's topic, settings and size.
        GetGroup(GetGroup) -> GroupDetails,
        /// Renames a group.
        RenameGroup(RenameGroup) -> (),
        /// Changes a group's topic.
        SetTopic(SetTopic) -> (),
        /// Replaces a group's settings.
        SetGroupSettings(SetGroupSettings) -> (),
        /// Changes a member's role.
        SetRole(SetRole) -> (),
        /// Transfers ownership.
        HandOver(HandOver) -> (),
        /// Bans users. Answered with the number of users who were not banned before.
        Ban(Ban) -> u32,
        /// Lifts bans. Answered with the number of users who were banned.
        Unban(Unban) -> u32,
        /// Lists banned users, ordered by id.
        ListBanned(ListBanned) -> List<UserInfo>,
        /// Mutes a member.
        MuteMember(MuteMember) -> (),
        /// Joins an open group.
        JoinGroup(JoinGroup) -> (),
        /// Searches open groups: ordered by name, at most [`crate::limits::GROUPS_FOUND_MAX`]. A
        /// longer prefix narrows the search.
        FindGroups(FindGroups) -> List<OpenGroup>,
        /// Replaces the user's own settings for a conversation.
        SetMemberSettings(SetMemberSettings) -> (),
        /// Sets a conversation's retention policy.
        SetRetention(SetRetention) -> (),
        /// Reads a conversation's retention policy.
        GetRetention(GetRetention) -> RetentionInfo,
    }
}

/// Creates a group with the user as its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup {
    /// Need not be unique.
    #[serde(deserialize_with = "crate::text::new_name")]
    pub name: GroupName,
    /// Initial members besides the owner; at most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub members: Vec<UserId>,
}

/// Adds members. Existing members keep their roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddMembers {
    /// The group.
    pub conversation: ConversationId,
    /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// Removes members. With the user alone in the list, leaves the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMembers {
    /// The group.
    pub conversation: ConversationId,
    /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// Reads a page of a conversation's members, ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMembers {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last member of the previous page.
    pub after: Option<UserId>,
}

/// Reads a group's topic, settings and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetGroup {
    /// The group.
    pub conversation: ConversationId,
}

/// Renames a group. Subject to [`GroupSettings::rename`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameGroup {
    /// The group.
    pub conversation: ConversationId,
    /// The new name.
    #[serde(deserialize_with = "crate::text::new_name")]
    pub name: GroupName,
}

/// Changes a group's topic. Subject to [`GroupSettings::rename`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTopic {
    /// The group.
    pub conversation: ConversationId,
    /// The new topic.
    pub topic: Topic,
}

/// Replaces a group's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetGroupSettings {
    /// The group.
    pub conversation: ConversationId,
    /// All settings after the change.
    pub settings: GroupSettings,
}

/// Changes a member's role. The last owner cannot be demoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRole {
    /// The group.
    pub conversation: ConversationId,
    /// The member.
    pub user: UserId,
    /// The new role.
    pub role: Role,
}

/// Transfers ownership to another member. The user becomes an admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// The group.
    pub conversation: ConversationId,
    /// The new owner.
    pub user: UserId,
}

/// Bans users and ends their memberships, if any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// The group.
    pub conversation: ConversationId,
    /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// Lifts bans. Does not restore memberships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unban {
    /// The group.
    pub conversation: ConversationId,
    /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// Lists a group's banned users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListBanned {
    /// The group.
    pub conversation: ConversationId,
}

/// Mutes a member until a time. A time in the past unmutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuteMember {
    /// The group.
    pub conversation: ConversationId,
    /// The member.
    pub user: UserId,
    /// The end of the mute.
    pub until: Timestamp,
}

/// Joins an open group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinGroup {
    /// The group.
    pub conversation: ConversationId,
}

/// Searches open groups by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindGroups {
    /// A case-insensitive prefix of the name; `None` for all.
    pub prefix: Option<GroupName>,
}

/// Replaces the user's own settings for a conversation, on all devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetMemberSettings {
    /// The conversation.
    pub conversation: ConversationId,
    /// All settings after the change.
    pub settings: MemberSettings,
}

/// Sets a conversation's retention policy. For owners of a group, and for both users of a direct
/// chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRetention {
    /// The conversation.
    pub conversation: ConversationId,
    /// The policy; `None` for the server's default.
    pub retention: Option<Retention>,
}

/// Reads a conversation's retention policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRetention {
    /// The conversation.
    pub conversation: ConversationId,
}
