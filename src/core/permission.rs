//! Who may do what in a conversation: the only place that decides it. `tests/permissions/table.txt` shows the outcome, request by request.

use cairn_proto::error::ErrorCode;
use cairn_proto::group::{Access, GroupSettings};
use cairn_proto::hello::ServerRole;
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::response::Role;

use super::contacts::other_of;
use super::conversation::{Conversation, Member};
use super::record::KindRecord;
use super::state::State;

/// What somebody wants to do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the log, move one's own cursors, see who is a member, settle something for oneself.
    Read,
    /// See what is agreed on in a group.
    Inspect,
    /// Begin a direct chat with its first message.
    Begin,
    /// Send a message, or change one's own.
    Post,
    /// Ask all members to notice a message.
    MentionAll,
    /// React to a message.
    React,
    /// Be told who types, and tell it.
    Look,
    /// Take somebody else's message back, or one's own at any time.
    RecallAny,
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
    /// Remove, ban or mute somebody of this role. Who is no member counts as one of the lowest role.
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
}

/// Where somebody wants to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// There is no such conversation.
    Nowhere,
    /// A direct chat of the asker's that nobody has begun.
    Unbegun(Between),
    /// A direct chat.
    Direct(Between),
    /// A group where this is agreed on.
    Group(GroupSettings),
}

/// What keeps the asker from saying something in a direct chat, by what the two are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing.
    Free,
    /// The asker has blocked the other one.
    BlockedByAsker,
    /// The other one has blocked the asker, who must not be able to tell it from a chat with nobody.
    BlockedByOther,
    /// They are no friends, and only friends begin a chat here. That comes first, so that a block is not told.
    NoFriends {
        /// Whether the other one has blocked the asker.
        is_blocked: bool,
    },
}

impl Between {
    const fn may_begin(self) -> Result<(), ErrorCode> {
        match self {
            Self::NoFriends { .. } => Err(ErrorCode::FriendsOnly),
            Self::Free | Self::BlockedByAsker | Self::BlockedByOther => self.may_say(),
        }
    }

    const fn may_say(self) -> Result<(), ErrorCode> {
        match self {
            Self::Free | Self::NoFriends { is_blocked: false } => Ok(()),
            Self::BlockedByAsker => Err(ErrorCode::Blocked),
            Self::BlockedByOther | Self::NoFriends { is_blocked: true } => Err(ErrorCode::NotFound),
        }
    }
}

/// What somebody is to the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
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

/// Whether somebody with this role on the server may do it. Whoever may not see a conversation is told what he would be told if there
/// were none.
///
/// # Errors
/// Why not.
pub fn decide(action: Action, place: Place, standing: Standing, on_server: ServerRole) -> Result<(), ErrorCode> {
    match (place, standing) {
        (Place::Nowhere, _) => Err(ErrorCode::NotFound),
        // Those who look after the server look after its counts, wherever they are.
        _ if action == Action::ExplainOthers && on_server >= ServerRole::Admin => Ok(()),
        (Place::Group(GroupSettings { access: Access::Open, .. }), Standing::Stranger) if action == Action::Join => Ok(()),
        (Place::Group(GroupSettings { access: Access::Open, .. }), Standing::Banned) if action == Action::Join => Err(ErrorCode::Banned),
        (Place::Unbegun(between), _) if action == Action::Begin => between.may_begin(),
        (Place::Unbegun(_), _) | (_, Standing::Stranger | Standing::Banned) => Err(ErrorCode::NotFound),
        (Place::Direct(between), Standing::Member { .. }) => match action {
            Action::Read | Action::Explain => Ok(()),
            Action::Post | Action::React | Action::Look | Action::Pin | Action::Retain => between.may_say(),
            Action::Import => allow(on_server >= ServerRole::Admin),
            _ => Err(ErrorCode::Forbidden),
        },
        (Place::Group(settings), Standing::Member { role, is_muted }) => {
            allow(match action {
                Action::Read | Action::Inspect | Action::React | Action::Look | Action::Join | Action::Leave | Action::Explain => true,
                Action::Begin | Action::ExplainOthers => false,
                Action::MentionAll | Action::RecallAny => role >= Role::Admin,
                Action::Post => role >= settings.post,
                Action::Pin => role >= settings.pin,
                Action::Invite => role >= settings.invite,
                Action::Rename => role >= settings.rename,
                Action::Configure | Action::Retain | Action::Appoint => role == Role::Owner,
                Action::Moderate(other) => role == Role::Owner || role > other,
                Action::Import => on_server >= ServerRole::Admin,
            })?;
            let is_heard = matches!(action, Action::Post | Action::React | Action::Pin | Action::Invite | Action::Rename);
            if is_muted && is_heard { Err(ErrorCode::Muted) } else { Ok(()) }
        }
    }
}

const fn allow(may: bool) -> Result<(), ErrorCode> {
    if may { Ok(()) } else { Err(ErrorCode::Forbidden) }
}

impl State {
    /// Whether the user may do it now. What [`State::missing`] names must have been loaded.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(&self, user: UserId, id: ConversationId, action: Action, now: Timestamp) -> Result<&Conversation, ErrorCode> {
        let found = self.conversations.get(&id);
        let standing = found.map_or(Standing::Stranger, |found| found.standing(user, now));
        decide(action, self.place(user, id, found), standing, self.server_role(user))?;
        found.ok_or(ErrorCode::NotFound)
    }

    /// Whether the user may begin a direct chat.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check_begin(&self, user: UserId, id: ConversationId) -> Result<(), ErrorCode> {
        decide(Action::Begin, self.place(user, id, self.conversations.get(&id)), Standing::Stranger, self.server_role(user))
    }

    fn server_role(&self, user: UserId) -> ServerRole {
        self.users.get(&user).map_or(ServerRole::Member, |user| user.record.role)
    }

    fn place(&self, user: UserId, id: ConversationId, found: Option<&Conversation>) -> Place {
        let other = other_of(id, user).filter(|other| self.users.contains_key(other));
        let between = other.map(|other| self.between(user, other));
        match found.map(|found| (&found.record.kind, found.group.settings)) {
            None => between.map_or(Place::Nowhere, Place::Unbegun),
            Some((KindRecord::Direct, _)) => Place::Direct(between.unwrap_or(Between::Free)),
            Some((KindRecord::Group { .. }, settings)) => Place::Group(settings),
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

    /// The conversation and the membership of a user who may read it. Whether there is no such conversation or he is no member is not
    /// told. Nobody is muted when he only reads, so it does not matter when that is.
    pub(super) fn membership(&self, user: UserId, id: ConversationId) -> Result<(&Conversation, &Member), ErrorCode> {
        self.permit(user, id, Action::Read, Timestamp::new(u64::MAX))
    }
}

impl Conversation {
    /// What a user is to it at present.
    fn standing(&self, user: UserId, now: Timestamp) -> Standing {
        match self.member(user) {
            Some(Member { record, .. }) => Standing::Member { role: record.role, is_muted: record.terms.muted_until > now },
            None if self.group.bans(user) => Standing::Banned,
            None => Standing::Stranger,
        }
    }
}
