//! Deactivated users: no device, no login and no new memberships, while name, messages and
//! memberships stay.

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::limits::CONVERSATIONS_PER_PAGE_MAX;
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::desk::ReturnCause;
use cairn_proto::model::group::Role;
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::server::{DeactivateUser, ReactivateUser};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::desk::turn::Turn;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{LinkRecord, SecretHash, UserRecord, UserStatus};
use crate::state::State;

impl Handle for DeactivateUser {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<List<ConversationId>, ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { user } = self;
        let record = state.check_supervision(actor, user)?;
        if record.is_active() {
            if record.role == ServerRole::Owner && state.active_owners() <= 1 {
                return Err(ErrorCode::LastOwner);
            }
            state.audit(actor, AuditAct::Deactivated { user }, now, batch)?;
            let mut turn = Turn::new(now, batch);
            state.remove_agent(user, ReturnCause::Deactivated, &mut turn);
            state.route(&mut turn);
            state.deactivate(actor, user, now, batch);
        }
        let user = state.users.get(&user).ok_or(ErrorCode::NoSuchUser)?;
        let groups = user.conversations.iter().filter(|id| id.is_numbered());
        Ok(List(
            groups.take(CONVERSATIONS_PER_PAGE_MAX).copied().collect(),
        ))
    }
}

impl Handle for ReactivateUser {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self { user } = self;
        let record = state.check_supervision(actor, user)?;
        if !record.is_active() {
            let record = UserRecord {
                status: UserStatus::Active,
                ..record.clone()
            };
            state.audit(actor, AuditAct::Reactivated { user }, now, batch)?;
            state.make(&Change::User(user, record), batch);
            state.publish_user(user, batch);
        }
        Ok(())
    }
}

impl State {
    /// The record of a user whose account the actor may end, give back or rename.
    pub(crate) fn check_supervision(
        &self,
        actor: Actor,
        user: UserId,
    ) -> Result<&UserRecord, ErrorCode> {
        let found = self.users.get(&user).map(|user| &user.record);
        let role = found.map_or(ServerRole::Member, |record| record.role);
        self.check_on_server(actor.user, Action::Supervise(role))?;
        found.ok_or(ErrorCode::NoSuchUser)
    }

    fn deactivate(&mut self, actor: Actor, user: UserId, now: Timestamp, batch: &mut Batch) {
        let Some(found) = self.users.get(&user) else {
            return;
        };
        let record = UserRecord {
            status: UserStatus::Deactivated {
                by: actor.user,
                at: now,
            },
            ..found.record.clone()
        };
        self.make(&Change::User(user, record), batch);
        self.void_links(batch, |_, link| {
            link.maker == Some(user) || link.resets(user)
        });
        self.remove_devices(user, None, batch);
        self.publish_user(user, batch);
    }

    /// Makes links unusable, as [`State::void_link`].
    pub(crate) fn void_links(
        &mut self,
        batch: &mut Batch,
        is_void: impl Fn(&SecretHash, &LinkRecord) -> bool,
    ) {
        let void = self
            .links
            .iter()
            .filter(|(token, link)| link.uses_left > 0 && is_void(token, link));
        let mut void: Vec<_> = void.map(|(&token, &link)| (token, link)).collect();
        void.sort_unstable_by_key(|&(token, _)| token);
        for (token, link) in void {
            self.void_link(token, link, batch);
        }
    }

    pub(crate) fn active_owners(&self) -> usize {
        let is_owner = |record: &UserRecord| record.is_active() && record.role == ServerRole::Owner;
        let owners = self.users.values().filter(|user| is_owner(&user.record));
        owners.count()
    }

    pub(crate) fn is_active(&self, user: UserId) -> bool {
        self.user(user).is_some_and(|user| user.record.is_active())
    }

    /// Returns whether the actor removes deactivated users alone, as an admin of the server, who
    /// need not be a member of the group.
    pub(crate) fn tidies(&self, actor: Actor, id: ConversationId, users: &[UserId]) -> bool {
        let is_gone = |&user: &UserId| {
            self.user(user)
                .is_some_and(|found| !found.record.is_active())
        };
        id.is_numbered()
            && !users.is_empty()
            && users.iter().all(is_gone)
            && self.check_on_server(actor.user, Action::Tidy).is_ok()
    }

    /// Records that users were removed from a group by a user who [tidies](Self::tidies).
    pub(crate) fn audit_removals(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        leavers: &[(UserId, Role)],
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        self.check_audit(actor, leavers.len(), now)?;
        leavers.iter().try_for_each(|&(user, _)| {
            let act = AuditAct::MemberRemoved { user, conversation };
            self.audit(actor, act, now, batch)
        })
    }

    /// Returns whether all owners of a group were deactivated, so that an admin of the server may
    /// appoint another one.
    pub(crate) fn is_abandoned(&self, id: ConversationId) -> bool {
        let owns = |user: &&crate::state::User| user.owned.contains(&id);
        let mut owners = self.users.values().filter(owns).peekable();
        owners.peek().is_some() && owners.all(|user| !user.record.is_active())
    }
}
