//! What is agreed on in groups, and what a user settles for himself.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::conversation::Member;
use cairn_proto::model::group::{GroupDetails, GroupSettings, MemberSettings, OpenGroup, Role};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// Groups
impl Client {
    /// Makes a group. The user is its owner; `members`, at most [`cairn_proto::limits::USERS_PER_REQUEST_MAX`], are in
    /// it from the beginning.
    ///
    /// # Errors
    /// See above, among them `LimitReached` when he owns as many groups as the server allows, and
    /// [`Error::Disconnected`]: then focus into [`Client::conversations`] before trying again.
    pub async fn create_group(
        &self,
        name: GroupName,
        members: Vec<UserId>,
    ) -> Result<ConversationId, Error> {
        ask!(self, Request::CreateGroup { name, members }, Response::Created { conversation } => conversation)
    }

    /// Makes users, at most [`cairn_proto::limits::USERS_PER_REQUEST_MAX`], members of a group. Gives how many were not
    /// members before; after a reconnect in between, that may be fewer than this call added.
    ///
    /// # Errors
    /// See above.
    pub async fn add_members(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        ask!(self, Request::AddMembers { conversation, users }, Response::Changed { users } => users)
    }

    /// Ends memberships of users, at most [`cairn_proto::limits::USERS_PER_REQUEST_MAX`]; with oneself, leaves. Gives
    /// how many were members, as [`Client::add_members`] does: 0 when the user was found to have
    /// left after a reconnect in between.
    ///
    /// # Errors
    /// See above.
    pub async fn remove_members(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        ask!(self, Request::RemoveMembers { conversation, users }, Response::Changed { users } => users)
    }

    /// All members of a conversation, in the order of their ids.
    ///
    /// # Errors
    /// See above.
    pub async fn members(&self, conversation: ConversationId) -> Result<Vec<Member>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = ask!(self, Request::Members { conversation, after }, Response::Members(page) => page)?;
            all.extend(page.items);
            match page.next_after {
                Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
                Some(_) => {
                    return Err(Error::Protocol(
                        "the pages of the members go round in circles",
                    ));
                }
                None => return Ok(all),
            }
        }
    }

    /// What is agreed on in a group.
    ///
    /// # Errors
    /// See above.
    pub async fn group(&self, conversation: ConversationId) -> Result<GroupDetails, Error> {
        ask!(self, Request::Group { conversation }, Response::Group(details) => details)
    }

    /// Gives a group another name.
    ///
    /// # Errors
    /// See above.
    pub async fn rename_group(
        &self,
        conversation: ConversationId,
        name: GroupName,
    ) -> Result<(), Error> {
        ask!(self, Request::RenameGroup { conversation, name }, Response::Done => ())
    }

    /// Says what a group is about.
    ///
    /// # Errors
    /// See above.
    pub async fn set_topic(&self, conversation: ConversationId, topic: Topic) -> Result<(), Error> {
        ask!(self, Request::SetTopic { conversation, topic }, Response::Done => ())
    }

    /// Agrees on something else: who may do what, who may come in, and what those see of what was
    /// said before.
    ///
    /// # Errors
    /// See above.
    pub async fn set_group_settings(
        &self,
        conversation: ConversationId,
        settings: GroupSettings,
    ) -> Result<(), Error> {
        ask!(self, Request::SetGroupSettings { conversation, settings }, Response::Done => ())
    }

    /// Gives a member another role. The last owner stays one.
    ///
    /// # Errors
    /// See above.
    pub async fn set_role(
        &self,
        conversation: ConversationId,
        user: UserId,
        role: Role,
    ) -> Result<(), Error> {
        ask!(self, Request::SetRole { conversation, user, role }, Response::Done => ())
    }

    /// Makes a member an owner in the user's own place; the user is an admin from then on.
    ///
    /// # Errors
    /// See above, and [`Error::Disconnected`]: then look into [`Client::members`] before trying
    /// again.
    pub async fn hand_over(&self, conversation: ConversationId, user: UserId) -> Result<(), Error> {
        ask!(self, Request::HandOver { conversation, user }, Response::Done => ())
    }

    /// Ends memberships of users, at most [`cairn_proto::limits::USERS_PER_REQUEST_MAX`], and keeps
    /// them out, members or not. Gives how many were not kept out before.
    ///
    /// # Errors
    /// See above.
    pub async fn ban(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        ask!(self, Request::Ban { conversation, users }, Response::Changed { users } => users)
    }

    /// Lets users, at most [`cairn_proto::limits::USERS_PER_REQUEST_MAX`], become members again.
    /// Gives how many were kept out.
    ///
    /// # Errors
    /// See above.
    pub async fn unban(
        &self,
        conversation: ConversationId,
        users: Vec<UserId>,
    ) -> Result<u32, Error> {
        ask!(self, Request::Unban { conversation, users }, Response::Changed { users } => users)
    }

    /// Who is kept out of a group.
    ///
    /// # Errors
    /// See above.
    pub async fn banned_users(&self, conversation: ConversationId) -> Result<Vec<UserInfo>, Error> {
        let users =
            ask!(self, Request::BannedUsers { conversation }, Response::Users(users) => users)?;
        self.remember(users.iter());
        Ok(users)
    }

    /// Lets a member say nothing until a time by the server's clock; a time that is over lets the
    /// member speak again.
    ///
    /// # Errors
    /// See above.
    pub async fn mute_member(
        &self,
        conversation: ConversationId,
        user: UserId,
        until: Timestamp,
    ) -> Result<(), Error> {
        ask!(self, Request::MuteMember { conversation, user, until }, Response::Done => ())
    }

    /// Makes the user a member of an open group.
    ///
    /// # Errors
    /// See above, and [`Error::Disconnected`]: then look into [`Client::conversations`] before
    /// trying again, since the user may have been removed meanwhile.
    pub async fn join_group(&self, conversation: ConversationId) -> Result<(), Error> {
        ask!(self, Request::JoinGroup { conversation }, Response::Done => ())
    }

    /// Open groups whose names begin like this, in any case, or any; at most
    /// [`cairn_proto::limits::GROUPS_FOUND_MAX`], in the order of their names.
    ///
    /// # Errors
    /// See above.
    pub async fn find_groups(&self, prefix: Option<GroupName>) -> Result<Vec<OpenGroup>, Error> {
        ask!(self, Request::FindGroups { prefix }, Response::Groups(groups) => groups)
    }

    /// Settles something for the user alone, on all devices. The others learn of it by
    /// [`crate::Event::Conversation`].
    ///
    /// # Errors
    /// See above.
    pub async fn set_member_settings(
        &self,
        conversation: ConversationId,
        settings: MemberSettings,
    ) -> Result<(), Error> {
        ask!(self, Request::SetMemberSettings { conversation, settings }, Response::Done => ())
    }
}
