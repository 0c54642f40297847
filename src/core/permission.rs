//! Who may do what in a conversation: the only place that decides it. `tests/permissions/table.txt` shows the outcome, request by request.

use cairn_proto::error::ErrorCode;
use cairn_proto::group::{Access, GroupSettings};
use cairn_proto::hello::ServerRole;
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::response::Role;

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
    /// Send a message, or change one's own.
    Post,
    /// Ask all members to notice a message.
    MentionAll,
    /// React to a message.
    React,
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
    /// A direct chat.
    Direct,
    /// A group where this is agreed on.
    Group(GroupSettings),
}

/// What somebody is to the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
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
pub fn decide(action: Action, place: Place, relation: Relation, on_server: ServerRole) -> Result<(), ErrorCode> {
    match (place, relation) {
        (Place::Nowhere, _) => Err(ErrorCode::NotFound),
        // Those who look after the server look after its counts, wherever they are.
        _ if action == Action::ExplainOthers && on_server >= ServerRole::Admin => Ok(()),
        (Place::Group(GroupSettings { access: Access::Open, .. }), Relation::Stranger) if action == Action::Join => Ok(()),
        (Place::Group(GroupSettings { access: Access::Open, .. }), Relation::Banned) if action == Action::Join => Err(ErrorCode::Banned),
        (_, Relation::Stranger | Relation::Banned) => Err(ErrorCode::NotFound),
        (Place::Direct, Relation::Member { .. }) => allow(match action {
            Action::Read | Action::Post | Action::React | Action::Pin | Action::Explain => true,
            Action::Import => on_server >= ServerRole::Admin,
            _ => false,
        }),
        (Place::Group(settings), Relation::Member { role, is_muted }) => {
            allow(match action {
                Action::Read | Action::Inspect | Action::React | Action::Join | Action::Leave | Action::Explain => true,
                Action::ExplainOthers => false,
                Action::MentionAll | Action::RecallAny => role >= Role::Admin,
                Action::Post => role >= settings.post,
                Action::Pin => role >= settings.pin,
                Action::Invite => role >= settings.invite,
                Action::Rename => role >= settings.rename,
                Action::Configure | Action::Appoint => role == Role::Owner,
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
        let on_server = self.users.get(&user).map_or(ServerRole::Member, |user| user.record.role);
        let found = self.conversations.get(&id);
        let place = match found.map(|found| (&found.record.kind, found.group.settings)) {
            None => Place::Nowhere,
            Some((KindRecord::Direct, _)) => Place::Direct,
            Some((KindRecord::Group { .. }, settings)) => Place::Group(settings),
        };
        let relation = found.map_or(Relation::Stranger, |found| match found.member(user) {
            Some(Member { record, .. }) => Relation::Member { role: record.role, is_muted: record.terms.muted_until > now },
            None if found.group.bans(user) => Relation::Banned,
            None => Relation::Stranger,
        });
        decide(action, place, relation, on_server)?;
        found.ok_or(ErrorCode::NotFound)
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
