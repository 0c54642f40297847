//! Group settings: name, topic, permissions and roles. Every change is an entry in the group's log.

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::group::{Access, GroupDetails, GroupSettings, Role};
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::effect::Effect;
use crate::permission::Action;
use crate::record::{GroupRecord, KindRecord, MemberCounts};
use crate::state::State;
use crate::state::conversation::Member;

impl State {
    pub(crate) fn group_details(
        &self,
        actor: Actor,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Inspect, now)?;
        let GroupRecord {
            topic, settings, ..
        } = &found.group;
        Ok(Response::Group(GroupDetails {
            topic: topic.clone(),
            settings: *settings,
            members: found.record.counts.members,
        }))
    }

    pub(crate) fn rename_group(
        &mut self,
        actor: Actor,
        id: ConversationId,
        name: GroupName,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Rename, now)?;
        if !matches!(&found.record.kind, KindRecord::Group { name: old } if *old == name) {
            self.make(&Change::Renamed(id, name.clone()), batch);
            self.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::Renamed { name }),
                batch,
            );
        }
        Ok(Response::Done)
    }

    pub(crate) fn set_topic(
        &mut self,
        actor: Actor,
        id: ConversationId,
        topic: Topic,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Rename, now)?;
        if found.group.topic != topic {
            let group = GroupRecord {
                topic: topic.clone(),
                ..found.group.clone()
            };
            self.make(&Change::Group(id, group), batch);
            self.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::TopicSet { topic }),
                batch,
            );
        }
        Ok(Response::Done)
    }

    pub(crate) fn set_group_settings(
        &mut self,
        actor: Actor,
        id: ConversationId,
        settings: GroupSettings,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Configure, now)?;
        if found.group.settings != settings {
            let group = GroupRecord {
                settings,
                ..found.group.clone()
            };
            self.make(&Change::Group(id, group), batch);
            self.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::SettingsSet { settings }),
                batch,
            );
        }
        Ok(Response::Done)
    }

    pub(crate) fn set_role(
        &mut self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        role: Role,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Appoint, now)?;
        let old = found.member(user).ok_or(ErrorCode::NoMember)?.record.role;
        if old == Role::Owner && role != Role::Owner && found.record.counts.owners <= 1 {
            return Err(ErrorCode::LastOwner);
        }
        if old != Role::Owner && role == Role::Owner {
            self.check_owned(user)?;
        }
        if old != role {
            self.change_role(id, user, role, batch);
            self.append_system(
                id,
                actor.user,
                now,
                &Body::System(SystemEntry::RoleSet { user, role }),
                batch,
            );
        }
        Ok(Response::Done)
    }

    pub(crate) fn hand_over(
        &mut self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        let (found, _) = self.permit(actor.user, id, Action::Appoint, now)?;
        let role = found.member(user).ok_or(ErrorCode::NoMember)?.record.role;
        if user == actor.user {
            return Err(ErrorCode::BadRequest);
        }
        if role != Role::Owner {
            self.check_owned(user)?;
        }
        self.change_role(id, user, Role::Owner, batch);
        self.change_role(id, actor.user, Role::Admin, batch);
        self.append_system(
            id,
            actor.user,
            now,
            &Body::System(SystemEntry::HandedOver { user }),
            batch,
        );
        Ok(Response::Done)
    }

    /// Changes a member's role and notifies the member's sessions.
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
        batch.effect(Effect::Changed {
            conversation: id,
            user,
        });
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
            KindRecord::Group { .. } | KindRecord::Direct => None,
        };
        self.open_groups.set(id, name);
        self.dirty.open_groups.insert(id);
    }
}
