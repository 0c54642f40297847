//! Groups: members, roles, settings and moderation.

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::conversation::Member;
use cairn_proto::model::group::{GroupDetails, GroupSettings, MemberSettings, Role};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::request::group::{
    AddMembers, Ban, GetGroup, HandOver, JoinGroup, ListBanned, MuteMember, RemoveMembers,
    RenameGroup, SetGroupSettings, SetMemberSettings, SetRole, SetTopic, Unban,
};

use crate::error::Error;
use crate::view::conversation::Conversation;

/// Groups. Every change is recorded as an entry in the group's log. Changes to the present value
/// have no effect.
impl Conversation<'_> {
    /// Adds up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] members and returns how many were
    /// not members before. After a reconnect during the call, the number may be too low.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoSuchUser` or `Banned` among others, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn add_members(self, users: Vec<UserId>) -> Result<u32, Error> {
        self.client
            .call(AddMembers {
                conversation: self.id,
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
    pub async fn remove_members(self, users: Vec<UserId>) -> Result<u32, Error> {
        self.client
            .call(RemoveMembers {
                conversation: self.id,
                users,
            })
            .await
    }

    /// Returns all members, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn members(self) -> Result<Vec<Member>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.members_after(after).await?;
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
    pub async fn group(self) -> Result<GroupDetails, Error> {
        self.client
            .call(GetGroup {
                conversation: self.id,
            })
            .await
    }

    /// Renames a group.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn rename(self, name: GroupName) -> Result<(), Error> {
        self.client
            .call(RenameGroup {
                conversation: self.id,
                name,
            })
            .await
    }

    /// Sets a group's topic; an empty one removes it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn set_topic(self, topic: Topic) -> Result<(), Error> {
        self.client
            .call(SetTopic {
                conversation: self.id,
                topic,
            })
            .await
    }

    /// Replaces a group's settings: permissions, access, and the history that new members may read.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn set_group_settings(self, settings: GroupSettings) -> Result<(), Error> {
        self.client
            .call(SetGroupSettings {
                conversation: self.id,
                settings,
            })
            .await
    }

    /// Changes a member's role.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, `NoMember` or `LastOwner`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_role(self, user: UserId, role: Role) -> Result<(), Error> {
        self.client
            .call(SetRole {
                conversation: self.id,
                user,
                role,
            })
            .await
    }

    /// Transfers the user's ownership to another member. The user becomes an admin.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `NoMember`; [`Error::Disconnected`], after which to
    /// check [`Conversation::members`] before trying again; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn hand_over(self, user: UserId) -> Result<(), Error> {
        self.client
            .call(HandOver {
                conversation: self.id,
                user,
            })
            .await
    }

    /// Bans up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] users, members or not, and returns
    /// how many were not banned before.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `LimitReached`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn ban(self, users: Vec<UserId>) -> Result<u32, Error> {
        self.client
            .call(Ban {
                conversation: self.id,
                users,
            })
            .await
    }

    /// Lifts the bans of up to [`cairn_proto::limits::USERS_PER_REQUEST_MAX`] users and returns how
    /// many were banned. Does not restore memberships.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn unban(self, users: Vec<UserId>) -> Result<u32, Error> {
        self.client
            .call(Unban {
                conversation: self.id,
                users,
            })
            .await
    }

    /// Returns a group's banned users, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn banned_users(self) -> Result<Vec<UserInfo>, Error> {
        let users = self
            .client
            .call(ListBanned {
                conversation: self.id,
            })
            .await?
            .0;
        self.client.cache_users(users.iter());
        Ok(users)
    }

    /// Mutes a member until a time by the server's clock. A time in the past unmutes.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `NoMember`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn mute(self, user: UserId, until: Timestamp) -> Result<(), Error> {
        self.client
            .call(MuteMember {
                conversation: self.id,
                user,
                until,
            })
            .await
    }

    /// Joins an open group.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` or `Banned`; [`Error::Disconnected`], after which to
    /// check [`crate::view::Conversations::list`], since repeating the request could undo a
    /// removal; or a [terminal error](Error#terminal-errors).
    pub async fn join(self) -> Result<(), Error> {
        self.client
            .call(JoinGroup {
                conversation: self.id,
            })
            .await
    }

    /// Replaces the user's own settings for the conversation, on all devices. Other devices receive
    /// [`crate::Update::Conversation`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn set_member_settings(self, settings: MemberSettings) -> Result<(), Error> {
        self.client
            .call(SetMemberSettings {
                conversation: self.id,
                settings,
            })
            .await
    }
}
