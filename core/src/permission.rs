//! Permissions, in a conversation and on the server: the only place that decides them.
//! `tests/permissions/table.txt` lists the outcome of every request.
//!
//! Rules that do not depend on the requester live elsewhere: that a group keeps an owner, that
//! users cannot ban or mute themselves, quotas, uploads, disabled receipts, and the steps between
//! relations.

pub(crate) mod desk;

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::group::{Access, GroupSettings, Role};
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;

use crate::api::actor::Actor;
use crate::record::KindRecord;
use crate::state::State;
use crate::state::conversation::{Conversation, Member, MembershipSlots};
use crate::state::relations::other_of;
use crate::state::settings::values::Switch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Read the log, move one's own cursors, list members, change personal settings.
    Read,
    /// See a group's settings.
    Inspect,
    /// Start a direct chat with its first message.
    Begin,
    Post,
    Edit(Authorship),
    /// Delete a message for everyone.
    Recall(Authorship),
    MentionAll,
    React,
    /// Send and receive typing indicators.
    Focus,
    Pin,
    Invite,
    /// Change the name or topic.
    Rename,
    Configure,
    Retain,
    /// Change roles, or transfer ownership.
    Appoint,
    /// Remove, ban or mute a user with this role. A user who is not a member has the lowest role.
    Moderate(Role),
    /// Join without being added.
    Join,
    Leave,
    Import,
    /// Explain one's own unread count.
    Explain,
    /// Explain another user's unread count.
    ExplainOthers,
    Watch,
    CreateInvite,
    SetSetting,
    SetServerRole,
    ReadMetrics,
    ReadAudit,
    /// Say who an imported author is.
    Claim,
    SearchUsers,
    /// Deactivate, reactivate or rename a user with this role.
    Supervise(ServerRole),
    /// Reset the password of a user with this role.
    Reset(ServerRole),
    ListInvites,
    RevokeInvite(Making),
    /// Set up the support desk.
    SetUpDesk,
    /// Remove deactivated users from groups, and appoint owners where all were deactivated.
    Tidy,
}

/// Authorship of a message, as seen by a user who wants to change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorship {
    /// Their own, within the time to amend.
    Own,
    /// Their own, too old to amend.
    OwnExpired,
    /// Another user's.
    Others,
}

/// Whether the requester made an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Making {
    Own,
    Others,
}

impl Authorship {
    const fn may_change(self) -> Result<(), ErrorCode> {
        match self {
            Self::Own => Ok(()),
            Self::OwnExpired => Err(ErrorCode::TooLate),
            Self::Others => Err(ErrorCode::Forbidden),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Missing,
    /// A direct chat without messages.
    NotStarted(DirectChatBlock),
    Direct(DirectChatBlock),
    Group(GroupSettings),
    /// The log of a queue of the support desk.
    Queue,
    Inquiry,
    /// The notes about an inquiry.
    Back,
    /// The server, outside any conversation.
    Server {
        /// Whether members may search users.
        search: Switch,
    },
    /// With another user, or oneself.
    User(Relationship),
}

/// How a user is connected to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relationship {
    /// Not connected, or no such user.
    None,
    /// A shared conversation, following, friendship, or the same user.
    Known,
    /// Either has blocked the other.
    Blocked,
}

/// What prevents the requester from writing in a direct chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectChatBlock {
    None,
    BlockedByAsker,
    /// The requester must not be able to distinguish this from an unknown user.
    BlockedByOther,
    /// The other user's account was deactivated.
    Deactivated,
    /// Not friends, where only friends may start a chat. Checked first, so that a block stays
    /// secret.
    NoFriends {
        /// Whether the other user has blocked the requester.
        is_blocked: bool,
    },
}

impl DirectChatBlock {
    const fn may_begin(self) -> Result<(), ErrorCode> {
        match self {
            Self::NoFriends { .. } => Err(ErrorCode::FriendsOnly),
            Self::None | Self::BlockedByAsker | Self::BlockedByOther | Self::Deactivated => {
                self.may_send()
            }
        }
    }

    const fn may_send(self) -> Result<(), ErrorCode> {
        match self {
            Self::None | Self::NoFriends { is_blocked: false } => Ok(()),
            Self::BlockedByAsker => Err(ErrorCode::Blocked),
            Self::Deactivated => Err(ErrorCode::Deactivated),
            Self::BlockedByOther | Self::NoFriends { is_blocked: true } => Err(ErrorCode::NotFound),
        }
    }
}

/// What a user is to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MembershipStatus {
    Stranger,
    Banned,
    Member {
        role: Role,
        /// Whether a mute is in force.
        is_muted: bool,
    },
}

/// Decides an action. A user who may not see a conversation gets the same error as if it did not
/// exist.
///
/// # Errors
/// Why the action is not permitted.
pub(crate) fn decide(
    action: Action,
    scope: Scope,
    status: MembershipStatus,
    on_server: ServerRole,
) -> Result<(), ErrorCode> {
    match (scope, status) {
        (Scope::Missing, _) => Err(ErrorCode::NotFound),
        (Scope::Server { search }, _) => decide_on_server(action, search, on_server),
        (Scope::User(relationship), _) => {
            allow(action == Action::Watch && relationship == Relationship::Known)
        }
        // Admins of the server may explain any count, member or not.
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
        (Scope::NotStarted(block), _) if action == Action::Begin => block.may_begin(),
        (Scope::NotStarted(_), _) | (_, MembershipStatus::Stranger | MembershipStatus::Banned) => {
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
        (Scope::Queue, MembershipStatus::Member { .. }) => match action {
            Action::Read | Action::Explain | Action::Focus => Ok(()),
            _ => Err(ErrorCode::Forbidden),
        },
        (Scope::Inquiry | Scope::Back, MembershipStatus::Member { .. }) => match action {
            Action::Read | Action::Explain | Action::Focus | Action::Post => Ok(()),
            Action::Edit(authorship) | Action::Recall(authorship) => authorship.may_change(),
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
        | Action::ReadAudit
        | Action::Claim
        | Action::SearchUsers
        | Action::Supervise(_)
        | Action::Reset(_)
        | Action::ListInvites
        | Action::RevokeInvite(_)
        | Action::SetUpDesk
        | Action::Tidy => false,
    })?;
    let is_silenced = matches!(
        action,
        Action::Post
            | Action::Edit(_)
            | Action::React
            | Action::Pin
            | Action::Invite
            | Action::Rename
    );
    match action {
        _ if is_muted && is_silenced => Err(ErrorCode::Muted),
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
        Action::CreateInvite
        | Action::Claim
        | Action::ListInvites
        | Action::SetUpDesk
        | Action::RevokeInvite(Making::Others)
        | Action::Tidy => allow(on_server >= ServerRole::Admin),
        Action::RevokeInvite(Making::Own) => Ok(()),
        Action::Reset(other) => allow(on_server > other),
        Action::Supervise(other) => allow(
            on_server == ServerRole::Owner
                || (on_server == ServerRole::Admin && other == ServerRole::Member),
        ),
        Action::SetSetting | Action::SetServerRole | Action::ReadMetrics | Action::ReadAudit => {
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
    /// Checks an action in a conversation. What the command prefetches must be loaded.
    pub(super) fn check(
        &self,
        user: UserId,
        id: ConversationId,
        action: Action,
        now: Timestamp,
    ) -> Result<&Conversation, ErrorCode> {
        self.checked(MembershipSlots::default(), user, id, action, now)
            .map(|(found, _)| found)
    }

    /// As [`State::check`], with the membership if there is one.
    fn checked(
        &self,
        slots: MembershipSlots,
        user: UserId,
        id: ConversationId,
        action: Action,
        now: Timestamp,
    ) -> Result<(&Conversation, Option<&Member>), ErrorCode> {
        let found = self.conversations.get_at(slots.conversation, &id);
        let member = found.and_then(|found| found.members.get_at(slots.member, &user));
        let status = match (found, member) {
            (_, Some(Member { record, .. })) => MembershipStatus::Member {
                role: record.role,
                is_muted: record.details.muted_until > now,
            },
            (Some(found), None) if found.group.bans(user) => MembershipStatus::Banned,
            (_, None) => MembershipStatus::Stranger,
        };
        decide(
            action,
            self.scope(user, id, found),
            status,
            self.server_role(user),
        )?;
        Ok((found.ok_or(ErrorCode::NotFound)?, member))
    }

    /// Checks that the user may start a direct chat.
    pub(super) fn check_begin(&self, user: UserId, id: ConversationId) -> Result<(), ErrorCode> {
        decide(
            Action::Begin,
            self.scope(user, id, self.conversations.get(&id)),
            MembershipStatus::Stranger,
            self.server_role(user),
        )
    }

    /// Checks an action on the server.
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

    /// Returns whether the user may watch another one's presence.
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
        let other = other_of(id, user).filter(|&other| self.may_see(user, other));
        let block = other.map(|other| self.direct_chat_block(user, other));
        match found.map(|found| (&found.record.kind, found.group.settings)) {
            None => block.map_or(Scope::Missing, Scope::NotStarted),
            Some((KindRecord::Direct, _)) => Scope::Direct(block.unwrap_or(DirectChatBlock::None)),
            Some((KindRecord::Group { .. }, settings)) => Scope::Group(settings),
            Some((KindRecord::Queue, _)) => Scope::Queue,
            Some((KindRecord::Inquiry, _)) => Scope::Inquiry,
            Some((KindRecord::Back { .. }, _)) => Scope::Back,
        }
    }

    /// Like [`State::check`], and returns the membership. Refuses users who are not members.
    pub(super) fn permit(
        &self,
        user: UserId,
        id: ConversationId,
        action: Action,
        now: Timestamp,
    ) -> Result<(&Conversation, &Member), ErrorCode> {
        self.permit_at(MembershipSlots::default(), user, id, action, now)
    }

    /// As [`State::permit`], with the slots that are known.
    pub(super) fn permit_at(
        &self,
        slots: MembershipSlots,
        user: UserId,
        id: ConversationId,
        action: Action,
        now: Timestamp,
    ) -> Result<(&Conversation, &Member), ErrorCode> {
        let (found, member) = self.checked(slots, user, id, action, now)?;
        Ok((found, member.ok_or(ErrorCode::NotFound)?))
    }

    /// Checks that the device still exists. A session may outlive its device by the commands that
    /// were already queued.
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

    /// The conversation and membership of a user who may read it. A missing conversation and a
    /// missing membership are the same error. Time is irrelevant, because mutes do not affect
    /// reading.
    pub(super) fn membership(
        &self,
        user: UserId,
        id: ConversationId,
    ) -> Result<(&Conversation, &Member), ErrorCode> {
        self.membership_of(MembershipSlots::default(), user, id)
    }

    /// As [`State::membership`], with the slots that are known.
    pub(super) fn membership_of(
        &self,
        slots: MembershipSlots,
        user: UserId,
        id: ConversationId,
    ) -> Result<(&Conversation, &Member), ErrorCode> {
        self.permit_at(slots, user, id, Action::Read, Timestamp::new(u64::MAX))
    }
}
