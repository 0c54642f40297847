//! Group settings: name, topic, permissions and roles. Every change is an entry in the group's log.

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::group::{Access, GroupDetails, Role};
use cairn_proto::text::GroupName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::group::{
    GetGroup, HandOver, RenameGroup, SetGroupSettings, SetRole, SetTopic,
};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{GroupRecord, KindRecord, MemberCounts};
use crate::state::State;
use crate::state::conversation::Member;

impl Handle for GetGroup {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<GroupDetails, ErrorCode> {
        let Context { actor, now, .. } = context;
        let Self { conversation: id } = self;
        let (found, _) = state.permit(actor.user, id, Action::Inspect, now)?;
        let GroupRecord {
            topic, settings, ..
        } = &found.group;
        Ok(GroupDetails {
            topic: topic.clone(),
            settings: *settings,
            members: found.record.counts.members,
        })
    }
}

impl Handle for RenameGroup {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            name,
        } = self;
        let (found, _) = state.permit(actor.user, id, Action::Rename, now)?;
        if !matches!(&found.record.kind, KindRecord::Group { name: old } if *old == name) {
            state.make(&Change::Renamed(id, name.clone()), batch);
            state.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::Renamed { name }),
                batch,
            );
        }
        Ok(())
    }
}

impl Handle for SetTopic {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            topic,
        } = self;
        let (found, _) = state.permit(actor.user, id, Action::Rename, now)?;
        if found.group.topic != topic {
            let group = GroupRecord {
                topic: topic.clone(),
                ..found.group.clone()
            };
            state.make(&Change::Group(id, group), batch);
            state.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::TopicSet { topic }),
                batch,
            );
        }
        Ok(())
    }
}

impl Handle for SetGroupSettings {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.own_membership(self.conversation, actor.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            settings,
        } = self;
        let (found, _) = state.permit(actor.user, id, Action::Configure, now)?;
        if found.group.settings != settings {
            let group = GroupRecord {
                settings,
                ..found.group.clone()
            };
            state.make(&Change::Group(id, group), batch);
            state.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::SettingsSet { settings }),
                batch,
            );
        }
        Ok(())
    }
}

impl Handle for SetRole {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        if state.rescues(actor, self) {
            state.memberships_of(self.conversation, &[self.user], loads);
        } else {
            state.member_named(self.conversation, actor.user, self.user, loads);
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let rescues = state.rescues(actor, &self);
        let Self {
            conversation: id,
            user,
            role,
        } = self;
        let found = if rescues {
            state.conversation(id).ok_or(ErrorCode::NotFound)?
        } else {
            state.permit(actor.user, id, Action::Appoint, now)?.0
        };
        let old = found.member(user).ok_or(ErrorCode::NoMember)?.record.role;
        if old == Role::Owner && role != Role::Owner && found.record.counts.owners <= 1 {
            return Err(ErrorCode::LastOwner);
        }
        if role > old && !state.is_active(user) {
            return Err(ErrorCode::Deactivated);
        }
        if old != Role::Owner && role == Role::Owner {
            state.check_owned(user)?;
        }
        if old != role {
            if rescues {
                let act = AuditAct::OwnerAppointed {
                    user,
                    conversation: id,
                };
                state.audit(actor, act, now, batch)?;
            }
            state.note_named(id, actor.user, batch);
            state.change_role(id, user, role, batch);
            state.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::RoleSet { user, role }),
                batch,
            );
            state.publish_changed(id, user, batch);
        }
        Ok(())
    }
}

impl Handle for HandOver {
    type Found = ();

    fn prefetch(&self, actor: Actor, state: &State, loads: &mut Vec<Load>) {
        state.member_named(self.conversation, actor.user, self.user, loads);
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let Context {
            actor, now, batch, ..
        } = context;
        let Self {
            conversation: id,
            user,
        } = self;
        let (found, _) = state.permit(actor.user, id, Action::Appoint, now)?;
        let role = found.member(user).ok_or(ErrorCode::NoMember)?.record.role;
        if user == actor.user {
            return Err(ErrorCode::BadRequest);
        }
        if !state.is_active(user) {
            return Err(ErrorCode::Deactivated);
        }
        if role != Role::Owner {
            state.check_owned(user)?;
        }
        state.change_role(id, user, Role::Owner, batch);
        state.change_role(id, actor.user, Role::Admin, batch);
        state.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::HandedOver { user }),
            batch,
        );
        if role != Role::Owner {
            state.publish_changed(id, user, batch);
        }
        state.publish_changed(id, actor.user, batch);
        Ok(())
    }
}

impl State {
    /// Returns whether an admin of the server appoints an owner of a group that has only
    /// deactivated ones.
    fn rescues(&self, actor: Actor, request: &SetRole) -> bool {
        let SetRole {
            conversation, role, ..
        } = *request;
        conversation.is_numbered()
            && role == Role::Owner
            && self.check_on_server(actor.user, Action::Tidy).is_ok()
            && self.is_abandoned(conversation)
    }

    /// Changes a member's role.
    fn change_role(&mut self, id: ConversationId, user: UserId, role: Role, batch: &mut Batch) {
        let Some(found) = self.conversations.get(&id) else {
            return;
        };
        let Some(Member { record, .. }) = found
            .member(user)
            .filter(|member| member.record.role != role)
        else {
            return;
        };
        let MemberCounts { members, owners } = found.record.counts;
        let owners =
            owners - u32::from(record.role == Role::Owner) + u32::from(role == Role::Owner);
        let (joined, counts) = (record.joined, MemberCounts { members, owners });
        self.make(
            &Change::Member {
                conversation: id,
                user,
                role,
                joined,
                counts,
            },
            batch,
        );
    }
}

/// Applying changes.
impl State {
    pub(crate) fn apply_renamed(&mut self, id: ConversationId, name: &GroupName) {
        let Some(found) = self.touch(id) else { return };
        found.record.kind = KindRecord::Group { name: name.clone() };
        self.note_open(id);
    }

    pub(crate) fn apply_group(&mut self, id: ConversationId, record: &GroupRecord) {
        let Some(found) = self.touch(id) else { return };
        found.group = record.clone();
        found.dirty.group = true;
        self.note_open(id);
    }

    /// Updates the index of open groups.
    fn note_open(&mut self, id: ConversationId) {
        let Some(found) = self.conversations.get(&id) else {
            return;
        };
        let name = match &found.record.kind {
            KindRecord::Group { name } if found.group.settings.access == Access::Open => {
                Some(name.clone())
            }
            _ => None,
        };
        self.open_groups.set(id, name);
        self.dirty.open_groups.insert(id);
    }
}
