//! Who may do what, in a conversation and on the server: the only place that decides it.
//! `tests/permissions/table.txt` shows the outcome, request by request.
//!
//! Decided elsewhere is what holds whoever asks: that a group keeps an owner, that nobody bans or
//! mutes himself, that there is room, that a file was uploaded, that receipts are turned on, which
//! step leads from one relation to another.

use crate::api::actor::Actor;
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::group::{Access, GroupSettings, Role};
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;

use crate::record::KindRecord;
use crate::state::State;
use crate::state::conversation::{Conversation, Member};
use crate::state::relations::other_of;
use crate::state::setting_values::Switch;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Read the log, move one's own cursors, see who is a member, settle something for oneself.
    Read,
    /// See what is agreed on in a group.
    Inspect,
    /// Begin a direct chat with its first message.
    Begin,
    /// Send a message.
    Post,
    /// Say something else in the place of a text.
    Edit(Authorship),
    /// Take a message back.
    Recall(Authorship),
    /// Ask all members to notice a message.
    MentionAll,
    /// React to a message.
    React,
    /// Be told who types, and tell it.
    Focus,
    /// Pin a message, or take a pin back.
    Pin,
    /// Add members.
    Invite,
    /// Change the name or the topic.
    Rename,
    /// Agree on something else.
    Configure,
    /// Say how long messages stay.
    Retain,
    /// Give roles, or hand a group over.
    Appoint,
    /// Remove, ban or mute somebody of this role. Who is no member counts as one of the lowest
    /// role.
    Moderate(Role),
    /// Become a member without being added.
    Join,
    /// Be a member no more.
    Leave,
    /// Take over what was said elsewhere.
    Import,
    /// Learn what one's own unread count is made of.
    Explain,
    /// Learn what somebody else's is made of.
    ExplainOthers,
    /// Be told where somebody is.
    Watch,
    /// Let others come onto the server.
    CreateInvite,
    /// Change a setting of the server.
    SetSetting,
    /// Give users roles on the server.
    SetServerRole,
    /// See how the server works.
    ReadMetrics,
    /// Find users by the beginning of a name.
    SearchUsers,
}

/// Whose words a message has, for somebody who wants to change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorship {
    /// His own, and the time to change them is not over.
    Own,
    /// His own, and it is.
    OwnOfOld,
    /// Somebody else's.
    Others,
}

impl Authorship {
    const fn may_change(self) -> Result<(), ErrorCode> {
        match self {
            Self::Own => Ok(()),
            Self::OwnOfOld => Err(ErrorCode::TooLate),
            Self::Others => Err(ErrorCode::Forbidden),
        }
    }
}

/// Where somebody wants to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// There is no such conversation.
    Nowhere,
    /// A direct chat of the asker's that nobody has begun.
    Unbegun(DirectChatBlock),
    /// A direct chat.
    Direct(DirectChatBlock),
    /// A group where this is agreed on.
    Group(GroupSettings),
    /// No conversation but the server.
    Server {
        /// Whether members find each other by the beginning of a name.
        search: Switch,
    },
    /// With another user, or with himself.
    User(Relationship),
}

/// Whether somebody has to do with another user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relationship {
    /// He has not, or there is no such user.
    None,
    /// They share a conversation, he follows the other or is his friend, or he is the other.
    Known,
    /// One of them has blocked the other.
    Blocked,
}

/// What keeps the asker from saying something in a direct chat, by what the two are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectChatBlock {
    /// Nothing.
    Free,
    /// The asker has blocked the other one.
    BlockedByAsker,
    /// The other one has blocked the asker, who must not be able to tell it from a chat with
    /// nobody.
    BlockedByOther,
    /// They are no friends, and only friends begin a chat here. That comes first, so that a block
    /// is not told.
    NoFriends {
        /// Whether the other one has blocked the asker.
        is_blocked: bool,
    },
}

impl DirectChatBlock {
    const fn may_begin(self) -> Result<(), ErrorCode> {
        match self {
            Self::NoFriends { .. } => Err(ErrorCode::FriendsOnly),
            Self::Free | Self::BlockedByAsker | Self::BlockedByOther => self.may_send(),
        }
    }

    const fn may_send(self) -> Result<(), ErrorCode> {
        match self {
            Self::Free | Self::NoFriends { is_blocked: false } => Ok(()),
            Self::BlockedByAsker => Err(ErrorCode::Blocked),
            Self::BlockedByOther | Self::NoFriends { is_blocked: true } => Err(ErrorCode::NotFound),
        }
    }
}

/// What somebody is to the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MembershipStatus {
    /// Nothing.
    Stranger,
    /// Kept out of it.
    Banned,
    /// A member.
    Member {
        /// Of this role.
        role: Role,
        /// Who is not to be heard at present.
        is_muted: bool,
    },
}

/// Whether somebody with this role on the server may do it. Whoever may not see a conversation is
/// told what he would be told if there were none.
///
/// # Errors
/// Why not.
pub(crate) fn decide(
    action: Action,
    scope: Scope,
    status: MembershipStatus,
    on_server: ServerRole,
) -> Result<(), ErrorCode> {
    match (scope, status) {
        (Scope::Nowhere, _) => Err(ErrorCode::NotFound),
        (Scope::Server { search }, _) => decide_on_server(action, search, on_server),
        (Scope::User(relationship), _) => {
            allow(action == Action::Watch && relationship == Relationship::Known)
        }
        // Those who look after the server look after its counts, wherever they are.
        _ if action == Action::ExplainOthers && on_server >= ServerRole::Admin => Ok(()),
        (
            Scope::Group(GroupSettings {
                access: Access::Open,
                ..
            }),
            MembershipStatus::Stranger,
        ) if action == Action::Join => Ok(()),
        (
            Scope::Group(GroupSettings {
                access: Access::Open,
                ..
            }),
            MembershipStatus::Banned,
        ) if action == Action::Join => Err(ErrorCode::Banned),
        (Scope::Unbegun(block), _) if action == Action::Begin => block.may_begin(),
        (Scope::Unbegun(_), _) | (_, MembershipStatus::Stranger | MembershipStatus::Banned) => {
            Err(ErrorCode::NotFound)
        }
        (Scope::Direct(block), MembershipStatus::Member { .. }) => match action {
            Action::Read | Action::Explain => Ok(()),
            Action::Post | Action::React | Action::Focus | Action::Pin | Action::Retain => {
                block.may_send()
            }
            Action::Edit(authorship) => block.may_send().and(authorship.may_change()),
            Action::Recall(authorship) => authorship.may_change(),
            Action::Import => allow(on_server >= ServerRole::Admin),
            _ => Err(ErrorCode::Forbidden),
        },
        (Scope::Group(settings), MembershipStatus::Member { role, is_muted }) => {
            decide_in_group(action, settings, role, is_muted, on_server)
        }
    }
}

fn decide_in_group(
    action: Action,
    settings: GroupSettings,
    role: Role,
    is_muted: bool,
    on_server: ServerRole,
) -> Result<(), ErrorCode> {
    allow(match action {
        Action::Read
        | Action::Inspect
        | Action::React
        | Action::Focus
        | Action::Join
        | Action::Leave
        | Action::Explain => true,
        Action::MentionAll => role >= Role::Admin,
        Action::Post | Action::Edit(_) => role >= settings.post,
        Action::Recall(authorship) => {
            return if role >= Role::Admin {
                Ok(())
            } else {
                authorship.may_change()
            };
        }
        Action::Pin => role >= settings.pin,
        Action::Invite => role >= settings.invite,
        Action::Rename => role >= settings.rename,
        Action::Configure | Action::Retain | Action::Appoint => role == Role::Owner,
        Action::Moderate(other) => role == Role::Owner || role > other,
        Action::Import => on_server >= ServerRole::Admin,
        Action::Begin | Action::ExplainOthers => false,
        Action::Watch
        | Action::CreateInvite
        | Action::SetSetting
        | Action::SetServerRole
        | Action::ReadMetrics
        | Action::SearchUsers => false,
    })?;
    let is_heard = matches!(
        action,
        Action::Post
            | Action::Edit(_)
            | Action::React
            | Action::Pin
            | Action::Invite
            | Action::Rename
    );
    match action {
        _ if is_muted && is_heard => Err(ErrorCode::Muted),
        Action::Edit(authorship) => authorship.may_change(),
        _ => Ok(()),
    }
}

fn decide_on_server(
    action: Action,
    search: Switch,
    on_server: ServerRole,
) -> Result<(), ErrorCode> {
    match action {
        Action::CreateInvite => allow(on_server >= ServerRole::Admin),
        Action::SetSetting | Action::SetServerRole | Action::ReadMetrics => {
            allow(on_server == ServerRole::Owner)
        }
        Action::SearchUsers if search == Switch::Off && on_server < ServerRole::Admin => {
            Err(ErrorCode::TurnedOff)
        }
        Action::SearchUsers => Ok(()),
        _ => Err(ErrorCode::Forbidden),
    }
}

const fn allow(may: bool) -> Result<(), ErrorCode> {
    if may {
        Ok(())
    } else {
        Err(ErrorCode::Forbidden)
    }
}

impl State {
    /// Whether the user may do it now. What [`State::missing`] names must have been loaded.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(
        &self,
        user: UserId,
        id: ConversationId,
        action: Action,
        now: Timestamp,
    ) -> Result<&Conversation, ErrorCode> {
        let found = self.conversations.get(&id);
        let status = found.map_or(MembershipStatus::Stranger, |found| found.status(user, now));
        decide(
            action,
            self.scope(user, id, found),
            status,
            self.server_role(user),
        )?;
        found.ok_or(ErrorCode::NotFound)
    }

    /// Whether the user may begin a direct chat.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check_begin(&self, user: UserId, id: ConversationId) -> Result<(), ErrorCode> {
        decide(
            Action::Begin,
            self.scope(user, id, self.conversations.get(&id)),
            MembershipStatus::Stranger,
            self.server_role(user),
        )
    }

    /// Whether the user may do it on the server.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check_on_server(&self, user: UserId, action: Action) -> Result<(), ErrorCode> {
        let scope = Scope::Server {
            search: self.settings().user_search,
        };
        decide(
            action,
            scope,
            MembershipStatus::Stranger,
            self.server_role(user),
        )
    }

    /// Whether the user may be told where another one is.
    pub(super) fn may_watch(&self, user: UserId, other: UserId) -> bool {
        let scope = Scope::User(self.relationship(user, other));
        decide(
            Action::Watch,
            scope,
            MembershipStatus::Stranger,
            self.server_role(user),
        )
        .is_ok()
    }

    fn server_role(&self, user: UserId) -> ServerRole {
        self.users
            .get(&user)
            .map_or(ServerRole::Member, |user| user.record.role)
    }

    fn scope(&self, user: UserId, id: ConversationId, found: Option<&Conversation>) -> Scope {
        let other = other_of(id, user).filter(|other| self.users.contains_key(other));
        let block = other.map(|other| self.direct_chat_block(user, other));
        match found.map(|found| (&found.record.kind, found.group.settings)) {
            None => block.map_or(Scope::Nowhere, Scope::Unbegun),
            Some((KindRecord::Direct, _)) => Scope::Direct(block.unwrap_or(DirectChatBlock::Free)),
            Some((KindRecord::Group { .. }, settings)) => Scope::Group(settings),
        }
    }

    /// The conversation and the membership of a user who may do it now.
    ///
    /// # Errors
    /// Why not. Who is no member may not.
    pub(super) fn permit(
        &self,
        user: UserId,
        id: ConversationId,
        action: Action,
        now: Timestamp,
    ) -> Result<(&Conversation, &Member), ErrorCode> {
        let found = self.check(user, id, action, now)?;
        Ok((found, found.member(user).ok_or(ErrorCode::NotFound)?))
    }

    /// A session may outlive its device by the commands that are on their way.
    pub(super) fn check_actor(&self, actor: Actor) -> Result<(), ErrorCode> {
        let known = self
            .users
            .get(&actor.user)
            .is_some_and(|user| user.devices.contains_key(&actor.device));
        if known {
            Ok(())
        } else {
            Err(ErrorCode::AuthFailed)
        }
    }

    /// The conversation and the membership of a user who may read it. Whether there is no such
    /// conversation or he is no member is not told. Nobody is muted when he only reads, so it does
    /// not matter when that is.
    pub(super) fn membership(
        &self,
        user: UserId,
        id: ConversationId,
    ) -> Result<(&Conversation, &Member), ErrorCode> {
        self.permit(user, id, Action::Read, Timestamp::new(u64::MAX))
    }
}

impl Conversation {
    /// What a user is to it at present.
    fn status(&self, user: UserId, now: Timestamp) -> MembershipStatus {
        match self.member(user) {
            Some(Member { record, .. }) => MembershipStatus::Member {
                role: record.role,
                is_muted: record.details.muted_until > now,
            },
            None if self.group.bans(user) => MembershipStatus::Banned,
            None => MembershipStatus::Stranger,
        }
    }
}
