//! Groups: members, roles, settings and moderation.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::conversation::Member;
use cairn_proto::model::group::{GroupDetails, GroupSettings, MemberSettings, OpenGroup, Role};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
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
        ask!(
            self,
            Request::CreateGroup { name, members },
            Response::Created { conversation } => conversation
        )
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
        ask!(
            self,
            Request::AddMembers { conversation, users },
            Response::Changed { users } => users
        )
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
        ask!(
            self,
            Request::RemoveMembers { conversation, users },
            Response::Changed { users } => users
        )
    }

    /// Returns all members of a conversation, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn members(&self, conversation: ConversationId) -> Result<Vec<Member>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = ask!(
                self,
                Request::Members { conversation, after },
                Response::Members(page) => page
            )?;
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
        ask!(self, Request::Group { conversation }, Response::Group(details) => details)
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
        ask!(self, Request::RenameGroup { conversation, name }, Response::Done => ())
    }

    /// Sets a group's topic; an empty one removes it.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn set_topic(&self, conversation: ConversationId, topic: Topic) -> Result<(), Error> {
        ask!(self, Request::SetTopic { conversation, topic }, Response::Done => ())
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
        ask!(self, Request::SetGroupSettings { conversation, settings }, Response::Done => ())
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
        ask!(self, Request::SetRole { conversation, user, role }, Response::Done => ())
    }

    /// Transfers the user's ownership to another member. The user becomes an admin.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `NoMember`; [`Error::Disconnected`], after which to
    /// check [`Client::members`] before trying again; or a [terminal error](Error#terminal-errors).
    pub async fn hand_over(&self, conversation: ConversationId, user: UserId) -> Result<(), Error> {
        ask!(self, Request::HandOver { conversation, user }, Response::Done => ())
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
        ask!(self, Request::Ban { conversation, users }, Response::Changed { users } => users)
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
        ask!(self, Request::Unban { conversation, users }, Response::Changed { users } => users)
    }

    /// Returns a group's banned users, ordered by id.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, or a [terminal error](Error#terminal-errors).
    pub async fn banned_users(&self, conversation: ConversationId) -> Result<Vec<UserInfo>, Error> {
        let users =
            ask!(self, Request::BannedUsers { conversation }, Response::Users(users) => users)?;
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
        ask!(self, Request::MuteMember { conversation, user, until }, Response::Done => ())
    }

    /// Joins an open group.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` or `Banned`; [`Error::Disconnected`], after which to
    /// check [`Client::conversations`], since repeating the request could undo a removal; or a
    /// [terminal error](Error#terminal-errors).
    pub async fn join_group(&self, conversation: ConversationId) -> Result<(), Error> {
        ask!(self, Request::JoinGroup { conversation }, Response::Done => ())
    }

    /// Returns up to [`cairn_proto::limits::GROUPS_FOUND_MAX`] open groups, ordered by name.
    /// `prefix` filters by a case-insensitive prefix of the name.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn find_groups(&self, prefix: Option<GroupName>) -> Result<Vec<OpenGroup>, Error> {
        ask!(self, Request::FindGroups { prefix }, Response::Groups(groups) => groups)
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
        ask!(self, Request::SetMemberSettings { conversation, settings }, Response::Done => ())
    }
}
