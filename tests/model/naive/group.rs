//! Groups of the model: settings, bans, mutes, and members' own settings.

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::api::actor::Actor;
use cairn_core::api::update::Update;
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::group::{
    Access, GroupDetails, GroupSettings, MemberSettings, OpenGroup, Role,
};
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;

use super::{Conversation, Member, Naive};

impl Naive {
    pub(super) fn group_details(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Result<GroupDetails, ErrorCode> {
        let found = self.ranked(actor.user, id, Role::Member)?;
        Ok(GroupDetails {
            topic: found.topic.clone(),
            settings: found.settings,
            members: found.members.len() as u32,
        })
    }

    pub(super) fn rename(
        &mut self,
        actor: Actor,
        id: ConversationId,
        name: &GroupName,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_rename(actor.user, id, now)?;
        let found = self.conversations.get_mut(&id).unwrap();
        if found.name.replace(name.clone()).as_ref() != Some(name) {
            let name = name.clone();
            let renamed = Body::System(SystemEntry::Renamed { name });
            self.push(id, actor.user, now, renamed);
        }
        Ok(())
    }

    pub(super) fn set_topic(
        &mut self,
        actor: Actor,
        id: ConversationId,
        topic: &Topic,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.may_rename(actor.user, id, now)?;
        let found = self.conversations.get_mut(&id).unwrap();
        if std::mem::replace(&mut found.topic, topic.clone()) != *topic {
            let topic = topic.clone();
            let set = Body::System(SystemEntry::TopicSet { topic });
            self.push(id, actor.user, now, set);
        }
        Ok(())
    }

    pub(super) fn set_group_settings(
        &mut self,
        actor: Actor,
        id: ConversationId,
        settings: GroupSettings,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        self.ranked(actor.user, id, Role::Owner)?;
        let found = self.conversations.get_mut(&id).unwrap();
        if std::mem::replace(&mut found.settings, settings) != settings {
            let set = Body::System(SystemEntry::SettingsSet { settings });
            self.push(id, actor.user, now, set);
        }
        Ok(())
    }

    pub(super) fn banned(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Result<List<UserInfo>, ErrorCode> {
        let found = self.ranked(actor.user, id, Role::Admin)?;
        let banned = found.banned.iter().filter_map(|&user| self.info(user));
        Ok(List(banned.collect()))
    }

    /// Returns a group, for members of at least this role.
    pub(in crate::model) fn ranked(
        &self,
        user: UserId,
        id: ConversationId,
        least: Role,
    ) -> Result<&Conversation, ErrorCode> {
        let found = self.inside(user, id)?;
        if found.name.is_none() || found.members[&user].role < least {
            Err(ErrorCode::Forbidden)
        } else {
            Ok(found)
        }
    }

    /// The same, for members who are not muted.
    pub(in crate::model) fn heard(
        &self,
        user: UserId,
        id: ConversationId,
        least: Role,
        now: Timestamp,
    ) -> Result<&Conversation, ErrorCode> {
        let found = self.ranked(user, id, least)?;
        if found.members[&user].muted_until > now {
            Err(ErrorCode::Muted)
        } else {
            Ok(found)
        }
    }

    fn may_rename(
        &self,
        user: UserId,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let least = self.inside(user, id)?.settings.rename;
        self.heard(user, id, least, now).map(drop)
    }

    fn member_mut(&mut self, id: ConversationId, user: UserId) -> &mut Member {
        self.conversations
            .get_mut(&id)
            .unwrap()
            .members
            .get_mut(&user)
            .unwrap()
    }

    pub(super) fn set_role(
        &mut self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let rescues = self.rescues(actor.user, id, role);
        let found = match rescues {
            true => &self.conversations[&id],
            false => self.ranked(actor.user, id, Role::Owner)?,
        };
        let old = found.members.get(&user).ok_or(ErrorCode::NoMember)?.role;
        let owners = found
            .members
            .values()
            .filter(|member| member.role == Role::Owner)
            .count();
        if old == Role::Owner && role != old && owners == 1 {
            return Err(ErrorCode::LastOwner);
        }
        if role > old && !self.is_active(user) {
            return Err(ErrorCode::Deactivated);
        }
        if old != Role::Owner && role == Role::Owner {
            self.check_owned(user)?;
        }
        if role != old {
            if rescues {
                let act = AuditAct::OwnerAppointed {
                    user,
                    conversation: id,
                };
                self.audited(actor, act, now);
            }
            self.name_sender(id, actor.user);
            self.member_mut(id, user).role = role;
            self.push(
                id,
                actor.user,
                now,
                Body::System(SystemEntry::RoleSet { user, role }),
            );
            self.changed(id, user);
        }
        Ok(())
    }

    pub(super) fn hand_over(
        &mut self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let found = self.ranked(actor.user, id, Role::Owner)?;
        let old = found.members.get(&user).ok_or(ErrorCode::NoMember)?.role;
        if user == actor.user {
            return Err(ErrorCode::BadRequest);
        }
        if !self.is_active(user) {
            return Err(ErrorCode::Deactivated);
        }
        if old != Role::Owner {
            self.check_owned(user)?;
        }
        self.member_mut(id, user).role = Role::Owner;
        self.member_mut(id, actor.user).role = Role::Admin;
        self.push(
            id,
            actor.user,
            now,
            Body::System(SystemEntry::HandedOver { user }),
        );
        if old != Role::Owner {
            self.changed(id, user);
        }
        self.changed(id, actor.user);
        Ok(())
    }

    pub(super) fn ban(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u32, ErrorCode> {
        let found = self.ranked(actor.user, id, Role::Admin)?;
        self.check_seen(actor.user, users)?;
        let own = found.members[&actor.user].role;
        let new: BTreeSet<UserId> = users
            .iter()
            .copied()
            .filter(|user| !found.banned.contains(user))
            .collect();
        let may = |user: &UserId| {
            let role = found
                .members
                .get(user)
                .map_or(Role::Member, |member| member.role);
            *user != actor.user && (own == Role::Owner || own > role)
        };
        if !new.iter().all(may) {
            return Err(ErrorCode::Forbidden);
        }
        if new.is_empty() {
            return Ok(0);
        }
        let last = self.push(
            id,
            actor.user,
            now,
            Body::System(SystemEntry::Banned {
                users: new.iter().copied().collect(),
            }),
        );
        self.remember_mutes(id, &new, now);
        for &user in &new {
            let found = self.conversations.get_mut(&id).unwrap();
            found.banned.insert(user);
            if found.members.remove(&user).is_some() {
                self.updates.push(Update::Left {
                    user,
                    conversation: id,
                    last,
                });
            }
        }
        Ok(new.len() as u32)
    }

    pub(super) fn unban(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u32, ErrorCode> {
        self.ranked(actor.user, id, Role::Admin)?;
        let banned = &mut self.conversations.get_mut(&id).unwrap().banned;
        let free: BTreeSet<UserId> = users
            .iter()
            .copied()
            .filter(|user| banned.remove(user))
            .collect();
        let users: Vec<UserId> = free.into_iter().collect();
        let changed = users.len() as u32;
        if changed > 0 {
            self.push(
                id,
                actor.user,
                now,
                Body::System(SystemEntry::Unbanned { users }),
            );
        }
        Ok(changed)
    }

    pub(super) fn mute(
        &mut self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let found = self.ranked(actor.user, id, Role::Admin)?;
        let own = found.members[&actor.user].role;
        let member = found.members.get(&user).ok_or(ErrorCode::NoMember)?;
        if user == actor.user || !(own == Role::Owner || own > member.role) {
            return Err(ErrorCode::Forbidden);
        }
        let until = if until > now {
            until
        } else {
            Timestamp::new(0)
        };
        let is_muted = member.muted_until > now;
        let is_same = if is_muted {
            member.muted_until == until
        } else {
            until.get() == 0
        };
        if !is_same {
            self.member_mut(id, user).muted_until = until;
            self.push(
                id,
                actor.user,
                now,
                Body::System(SystemEntry::Muted { user, until }),
            );
        }
        Ok(())
    }

    /// Keeps the mute of a member who leaves. Expired mutes are dropped whenever a member joins or
    /// leaves.
    pub(in crate::model) fn remember_mutes(
        &mut self,
        id: ConversationId,
        leavers: &BTreeSet<UserId>,
        now: Timestamp,
    ) {
        let found = self.conversations.get_mut(&id).unwrap();
        let mutes = leavers
            .iter()
            .filter_map(|user| Some((*user, found.members.get(user)?.muted_until)));
        let running: Vec<_> = mutes.filter(|&(_, until)| until > now).collect();
        if !running.is_empty() {
            found.left_muted.retain(|_, until| *until > now);
            found.left_muted.extend(running);
        }
    }

    pub(in crate::model) fn mute_again(
        &mut self,
        id: ConversationId,
        joiners: &BTreeSet<UserId>,
        now: Timestamp,
    ) -> Vec<(UserId, Timestamp)> {
        let found = self.conversations.get_mut(&id).unwrap();
        let (back, mut away): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut found.left_muted)
                .into_iter()
                .partition(|(user, _)| joiners.contains(user));
        if !back.is_empty() {
            away.retain(|_, until| *until > now);
        }
        found.left_muted = away;
        let back: Vec<_> = back.into_iter().filter(|&(_, until)| until > now).collect();
        for &(user, until) in &back {
            found.members.get_mut(&user).unwrap().muted_until = until;
        }
        back
    }

    pub(super) fn join_group(
        &mut self,
        actor: Actor,
        id: ConversationId,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let found = self.conversations.get(&id).ok_or(ErrorCode::NotFound)?;
        match (
            found.members.contains_key(&actor.user),
            &found.name,
            found.settings.access,
        ) {
            (true, None, _) => Err(ErrorCode::Forbidden),
            (true, Some(_), _) => Ok(()),
            (false, Some(_), Access::Open) if found.banned.contains(&actor.user) => {
                Err(ErrorCode::Banned)
            }
            (false, Some(_), Access::Open) => {
                self.check_membership_quota(actor.user)?;
                self.put_members(actor.user, id, &[actor.user], now);
                Ok(())
            }
            (false, ..) => Err(ErrorCode::NotFound),
        }
    }

    pub(super) fn find_groups(&self, prefix: Option<&GroupName>) -> List<OpenGroup> {
        let prefix = prefix.map(GroupName::folded).unwrap_or_default();
        let mut groups = Vec::new();
        for (&conversation, found) in self
            .conversations
            .iter()
            .filter(|(_, found)| found.settings.access == Access::Open)
        {
            let Some(name) = found
                .name
                .clone()
                .filter(|name| name.folded().starts_with(&prefix))
            else {
                continue;
            };
            groups.push(OpenGroup {
                conversation,
                name,
                topic: found.topic.clone(),
                members: found.members.len() as u32,
            });
        }
        groups.sort_by_key(|group| (group.name.folded(), group.conversation));
        List(groups)
    }

    pub(super) fn settle(
        &mut self,
        actor: Actor,
        conversation: ConversationId,
        settings: MemberSettings,
    ) -> Result<(), ErrorCode> {
        let user = actor.user;
        let found = self.inside(user, conversation)?;
        let (old, head) = (found.settings_of(user), found.head());
        if old != settings {
            let member = self.member_mut(conversation, user);
            member.notifications = settings.notifications;
            member.favourite = settings.favourite;
            member.hidden_at = match (settings.hidden, old.hidden) {
                (true, true) => member.hidden_at,
                (true, false) => Some(head),
                (false, _) => None,
            };
            self.changed(conversation, user);
        }
        Ok(())
    }
}

impl Conversation {
    pub(in crate::model) fn settings_of(&self, user: UserId) -> MemberSettings {
        let Member {
            notifications,
            favourite,
            hidden_at,
            ..
        } = self.members[&user];
        MemberSettings {
            notifications,
            favourite,
            hidden: hidden_at.is_some_and(|at| self.last_message() <= at),
        }
    }
}
