//! Deactivated users of the model.

use cairn_core::api::actor::Actor;
use cairn_core::record::{LinkPurpose, UserStatus};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::group::Role;
use cairn_proto::model::user::ServerRole;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;

use super::super::Naive;

impl Naive {
    pub(in crate::model) fn is_active(&self, user: UserId) -> bool {
        self.users
            .get(&user)
            .is_some_and(|user| user.status == UserStatus::Active)
    }

    /// Owners may supervise everyone, and admins members.
    pub(in crate::model) fn check_supervision(
        &self,
        actor: Actor,
        user: UserId,
    ) -> Result<(), ErrorCode> {
        let found = self.users.get(&user);
        let role = found.map_or(ServerRole::Member, |found| found.role);
        match (self.users[&actor.user].role, role) {
            (ServerRole::Owner, _) | (ServerRole::Admin, ServerRole::Member) => {
                found.map(drop).ok_or(ErrorCode::NoSuchUser)
            }
            _ => Err(ErrorCode::Forbidden),
        }
    }

    pub(in crate::model) fn deactivate(
        &mut self,
        actor: Actor,
        user: UserId,
        now: Timestamp,
    ) -> Result<List<ConversationId>, ErrorCode> {
        self.check_supervision(actor, user)?;
        if self.is_active(user) {
            let mut owners = self.users.iter().filter(|(_, found)| {
                found.role == ServerRole::Owner && found.status == UserStatus::Active
            });
            if self.users[&user].role == ServerRole::Owner && owners.all(|(&of, _)| of == user) {
                return Err(ErrorCode::LastOwner);
            }
            self.audited(actor, AuditAct::Deactivated { user }, now);
            for link in self.links.values_mut() {
                let resets =
                    matches!(link.purpose, LinkPurpose::Reset { user: of, .. } if of == user);
                if resets || link.maker == Some(user) {
                    link.uses_left = 0;
                }
            }
            self.end_devices(user, None);
            let by = actor.user;
            let status = UserStatus::Deactivated { by, at: now };
            self.users.get_mut(&user).unwrap().status = status;
            self.user_changed(user);
        }
        let groups = self.conversations_of(user).into_iter();
        Ok(List(groups.filter(|id| id.is_numbered()).collect()))
    }

    pub(in crate::model) fn reactivate(
        &mut self,
        actor: Actor,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.check_supervision(actor, user)?;
        if !self.is_active(user) {
            self.audited(actor, AuditAct::Reactivated { user }, now);
            self.users.get_mut(&user).unwrap().status = UserStatus::Active;
            self.user_changed(user);
        }
        Ok(())
    }

    /// Returns whether an admin of the server removes only deactivated users from a group.
    pub(in crate::model) fn tidies(
        &self,
        by: UserId,
        id: ConversationId,
        users: &[UserId],
    ) -> bool {
        let is_gone = |&user: &UserId| self.users.contains_key(&user) && !self.is_active(user);
        let is_admin = self.users[&by].role >= ServerRole::Admin;
        is_admin && id.is_numbered() && !users.is_empty() && users.iter().all(is_gone)
    }

    /// Returns whether an admin of the server appoints an owner where all were deactivated.
    pub(in crate::model) fn rescues(&self, by: UserId, id: ConversationId, role: Role) -> bool {
        let Some(found) = self.conversations.get(&id) else {
            return false;
        };
        let mut owners = found
            .members
            .iter()
            .filter(|(_, member)| member.role == Role::Owner);
        self.users[&by].role >= ServerRole::Admin
            && role == Role::Owner
            && id.is_numbered()
            && owners.all(|(&owner, _)| !self.is_active(owner))
    }
}
