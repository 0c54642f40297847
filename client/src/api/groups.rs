//! Groups: members, roles, settings and moderation.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::conversation::Member;
use cairn_proto::model::group::{GroupDetails, GroupSettings, MemberSettings, OpenGroup, Role};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::request::group::{
    AddMembers, Ban, CreateGroup, FindGroups, GetGroup, HandOver, JoinGroup, ListBanned,
    ListMembers, MuteMember, RemoveMembers, RenameGroup, SetGroupSettings, SetMemberSettings,
    SetRole, SetTopic, Unban,
};

use crate::api::client::Client;
use crate::error::Error;

/// Groups. Every change is recorded as an entry in the group's log. Changes to the present value
/// have no effect.
impl Client {
    /// Creates a group with the user as its owner and with up to
    /// [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] further members.
    ///
    /// # Errors
    /// [`Error::Refused`] with `LimitReached` if the user owns the maximum number of groups;
    /// [`Error::Disconnected`], after which to check [`Client::conversations`] before trying again;
    /// or a [terminal error](Error#terminal-errors).
    pub async fn create_group(
        &self,
        name: GroupName,
        members: Vec<UserId>,
    ) -> Result<ConversationId, Error> {
        self.call(CreateGroup { name, members }).await
    }

    /// Adds up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] members and returns how many were
    /// not members before. After a reconnect during the call, the number may be too low.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoSuchUser` or `Banned` among others, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn add_members(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        self.call(AddMembers {
            conversation,
            users,
        })
        .await
    }

    /// Removes up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] members and returns how many
    /// were members before. With the user's own id, leaves the group. After a reconnect during the
    /// call, the number may be too low.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `LastOwner` among others, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn remove_members(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        self.call(RemoveMembers {
            conversation,
            users,
        })
        .await
    }

    /// Returns all members of a conversation, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn members(&self, conversation: ConversationId) -> Result<Vec<Member>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self
                .call(ListMembers {
                    conversation,
                    after,
                })
                .await?;
            all.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol("pages of members do not advance"));
                }
                None => return Ok(all),
            }
        }
    }

    /// Returns a group's topic, settings and size.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn group(&self, conversation: ConversationId) -> Result<GroupDetails, Error> {
        self.call(GetGroup { conversation }).await
    }

    /// Renames a group.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn rename_group(
        &self,
        conversation: ConversationId,
        name: GroupName,
    ) -> Result<(), Error> {
        self.call(RenameGroup { conversation, name }).await
    }

    /// Sets a group's topic; an empty one removes it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn set_topic(&self, conversation: ConversationId, topic: Topic) -> Result<(), Error> {
        self.call(SetTopic {
            conversation,
            topic,
        })
        .await
    }

    /// Replaces a group's settings: permissions, access, and the history that new members may read.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn set_group_settings(
        &self,
        conversation: ConversationId,
        settings: GroupSettings,
    ) -> Result<(), Error> {
        self.call(SetGroupSettings {
            conversation,
            settings,
        })
        .await
    }

    /// Changes a member's role.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoMember` or `LastOwner`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_role(
        &self,
        conversation: ConversationId,
        user: UserId,
        role: Role,
    ) -> Result<(), Error> {
        self.call(SetRole {
            conversation,
            user,
            role,
        })
        .await
    }

    /// Transfers the user's ownership to another member. The user becomes an admin.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `NoMember`; [`Error::Disconnected`], after which to
    /// check [`Client::members`] before trying again; or a [terminal error](Error#terminal-errors).
    pub async fn hand_over(&self, conversation: ConversationId, user: UserId) -> Result<(), Error> {
        self.call(HandOver { conversation, user }).await
    }

    /// Bans up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] users, members or not, and returns
    /// how many were not banned before.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `LimitReached`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn ban(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        self.call(Ban {
            conversation,
            users,
        })
        .await
    }

    /// Lifts the bans of up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] users and returns how
    /// many were banned. Does not restore memberships.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn unban(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        self.call(Unban {
            conversation,
            users,
        })
        .await
    }

    /// Returns a group's banned users, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn banned_users(&self, conversation: ConversationId) -> Result<Vec<UserInfo>, Error> {
        let users = self.call(ListBanned { conversation }).await?.0;
        self.cache_users(users.iter());
        Ok(users)
    }

    /// Mutes a member until a time by the server's clock. A time in the past unmutes.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `NoMember`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn mute_member(
        &self,
        conversation: ConversationId,
        user: UserId,
        until: Timestamp,
    ) -> Result<(), Error> {
        self.call(MuteMember {
            conversation,
            user,
            until,
        })
        .await
    }

    /// Joins an open group.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` or `Banned`; [`Error::Disconnected`], after which to
    /// check [`Client::conversations`], since repeating the request could undo a removal; or a
    /// [terminal error](Error#terminal-errors).
    pub async fn join_group(&self, conversation: ConversationId) -> Result<(), Error> {
        self.call(JoinGroup { conversation }).await
    }

    /// Returns up to [`cairn_proto::limits::GROUPS_FOUND_MAX`] open groups, ordered by name.
    /// `prefix` filters by a case-insensitive prefix of the name.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn find_groups(&self, prefix: Option<GroupName>) -> Result<Vec<OpenGroup>, Error> {
        self.call(FindGroups { prefix }).await.map(|list| list.0)
    }

    /// Replaces the user's own settings for a conversation, on all devices. Other devices receive
    /// [`crate::Event::Conversation`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn set_member_settings(
        &self,
        conversation: ConversationId,
        settings: MemberSettings,
    ) -> Result<(), Error> {
        self.call(SetMemberSettings {
            conversation,
            settings,
        })
        .await
    }
}
