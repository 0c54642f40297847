//! Conversations and members of the model.

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Grant, GrantRead};
use cairn_core::api::update::Update;
use cairn_core::limits::CLOCK_STEP_MS_MAX;
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{
    ConversationId, DeviceId, MsgId, Revision, SendStreamId, Timestamp, UserId,
};
use cairn_proto::model::audit::AuditAct;
use cairn_proto::model::conversation::{self, MemberPage};
use cairn_proto::model::group::{GroupSettings, Role};
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::error::ErrorCode;

use super::{Conversation, LogEntry, Member, Naive};

impl Naive {
    /// Returns a conversation, for its members only.
    pub(in crate::model) fn inside(
        &self,
        user: UserId,
        id: ConversationId,
    ) -> Result<&Conversation, ErrorCode> {
        self.conversations
            .get(&id)
            .filter(|found| found.members.contains_key(&user))
            .ok_or(ErrorCode::NotFound)
    }

    pub(in crate::model) fn grant_read(&self, command: GrantRead) -> Result<Grant, ErrorCode> {
        let GrantRead {
            actor,
            conversation,
        } = command;
        self.check_actor(actor)?;
        let floor = self.inside(actor.user, conversation)?.floor_of(actor.user);
        Ok(Grant {
            conversation,
            floor,
            is_member: true,
        })
    }

    pub(in crate::model) fn push(
        &mut self,
        id: ConversationId,
        sender: UserId,
        now: Timestamp,
        body: Body,
    ) -> MsgId {
        let found = self.conversations.get_mut(&id).unwrap();
        // A clock that goes back by more than an hour was wrong before.
        let last = found.last_sent_at();
        let sent_at = if last.get() > now.get() + CLOCK_STEP_MS_MAX {
            now
        } else {
            now.max(last)
        };
        let (extras, mentioned) = (Extras::NONE, BTreeSet::new());
        found.log.push(LogEntry {
            sender,
            sent_at,
            body,
            extras,
            mentioned,
            imported: false,
        });
        found.head()
    }

    fn join_conversation(&mut self, id: ConversationId, user: UserId, role: Role, joined: MsgId) {
        let found = self.conversations.get_mut(&id).unwrap();
        found
            .members
            .insert(user, Member::new(role, joined, found.settings.history));
    }

    /// Records that a user joined, with the summary that they receive.
    fn joined(&mut self, id: ConversationId, user: UserId) {
        let actor = of_device(user, DeviceId::new(0));
        let position = self.feed(actor, id).unwrap().position;
        let summary = Box::new(self.summary(actor, id).unwrap());
        self.updates.push(Update::Joined {
            user,
            position,
            summary,
        });
    }

    /// Records a change of a member's role or settings, for each of their devices.
    pub(in crate::model) fn changed(&mut self, id: ConversationId, user: UserId) {
        let devices: Vec<DeviceId> = self.users[&user].devices.keys().copied().collect();
        for device in devices {
            let summary = Box::new(self.summary(of_device(user, device), id).unwrap());
            self.updates.push(Update::Changed {
                user,
                device,
                summary,
            });
        }
    }

    pub(in crate::model) fn may_open_direct(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Result<(), ErrorCode> {
        let (low, high) = id.direct_users().ok_or(ErrorCode::NotFound)?;
        if (actor.user != low && actor.user != high)
            || !self.may_see(actor.user, low)
            || !self.may_see(actor.user, high)
        {
            return Err(ErrorCode::NotFound);
        }
        Ok(())
    }

    pub(in crate::model) fn open_direct(&mut self, id: ConversationId, now: Timestamp) {
        let (low, high) = id.direct_users().unwrap();
        self.create(id, None, now);
        self.join_conversation(id, low, Role::Member, MsgId::new(1));
        self.join_conversation(id, high, Role::Member, MsgId::new(1));
    }

    /// Records that both users of a new direct chat joined, the lower id first.
    pub(in crate::model) fn opened_direct(&mut self, id: ConversationId) {
        let (low, high) = id.direct_users().unwrap();
        self.joined(id, low);
        self.joined(id, high);
    }

    fn create(&mut self, id: ConversationId, name: Option<GroupName>, now: Timestamp) {
        let found = Conversation {
            name,
            topic: Topic::none(),
            settings: GroupSettings::default(),
            banned: BTreeSet::new(),
            left_muted: BTreeMap::new(),
            created_at: now,
            log: Vec::new(),
            members: BTreeMap::new(),
            pins: BTreeSet::new(),
            imports: BTreeMap::new(),
            retention: None,
            floor: MsgId::ZERO,
        };
        self.conversations.insert(id, found);
    }

    pub(super) fn create_group(
        &mut self,
        actor: Actor,
        name: &GroupName,
        members: &[UserId],
        now: Timestamp,
    ) -> Result<ConversationId, ErrorCode> {
        self.check_seen(actor.user, members)?;
        let others: BTreeSet<UserId> = members
            .iter()
            .copied()
            .filter(|&user| user != actor.user)
            .collect();
        self.check_blocks(actor.user, &others)?;
        self.check_owned(actor.user)?;
        others
            .iter()
            .chain([&actor.user])
            .try_for_each(|&user| self.check_membership_quota(user))?;
        let groups = self
            .conversations
            .keys()
            .filter(|id| id.is_numbered())
            .count();
        let id = ConversationId::new(groups as u64 + 1);
        self.create(id, Some(name.clone()), now);
        self.join_conversation(id, actor.user, Role::Owner, MsgId::new(1));
        self.push(
            id,
            actor.user,
            now,
            Body::System(SystemEntry::Created { name: name.clone() }),
        );
        self.joined(id, actor.user);
        self.put_members(actor.user, id, members, now);
        Ok(id)
    }

    pub(in crate::model) fn check_seen(
        &self,
        by: UserId,
        users: &[UserId],
    ) -> Result<(), ErrorCode> {
        users
            .iter()
            .all(|&user| self.may_see(by, user))
            .then_some(())
            .ok_or(ErrorCode::NoSuchUser)
    }

    /// Adds users who are not members yet. Returns their number.
    pub(in crate::model) fn put_members(
        &mut self,
        by: UserId,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> u32 {
        let found = &self.conversations[&id];
        let new: BTreeSet<UserId> = users
            .iter()
            .copied()
            .filter(|user| !found.members.contains_key(user))
            .collect();
        if new.is_empty() {
            return 0;
        }
        let joined = found.head().next();
        new.iter()
            .for_each(|&user| self.join_conversation(id, user, Role::Member, joined));
        let mutes = self.mute_again(id, &new, now);
        self.push(
            id,
            by,
            now,
            Body::System(SystemEntry::Added {
                users: new.iter().copied().collect(),
            }),
        );
        for (user, until) in mutes {
            self.push(
                id,
                by,
                now,
                Body::System(SystemEntry::Muted { user, until }),
            );
        }
        new.iter().for_each(|&user| self.joined(id, user));
        new.len() as u32
    }

    pub(super) fn add_members(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u32, ErrorCode> {
        let least = self.inside(actor.user, id)?.settings.invite;
        let found = self.heard(actor.user, id, least, now)?;
        self.check_seen(actor.user, users)?;
        let new: BTreeSet<UserId> = users
            .iter()
            .copied()
            .filter(|user| !found.members.contains_key(user))
            .collect();
        self.check_blocks(actor.user, &new)?;
        if users.iter().any(|user| found.banned.contains(user)) {
            return Err(ErrorCode::Banned);
        }
        new.iter()
            .try_for_each(|&user| self.check_membership_quota(user))?;
        Ok(self.put_members(actor.user, id, users, now))
    }

    pub(super) fn remove_members(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u32, ErrorCode> {
        let tidies = self.tidies(actor.user, id, users);
        let found = match tidies {
            true => self.conversations.get(&id).ok_or(ErrorCode::NotFound)?,
            false => self.inside(actor.user, id)?,
        };
        let own = found.members.get(&actor.user).map(|member| member.role);
        let leavers: BTreeSet<UserId> = users
            .iter()
            .copied()
            .filter(|user| found.members.contains_key(user))
            .collect();
        let may = |user: &UserId| {
            let role = found.members[user].role;
            *user == actor.user || tidies || own == Some(Role::Owner) || own > Some(role)
        };
        if found.name.is_none() || !leavers.iter().all(may) {
            return Err(ErrorCode::Forbidden);
        }
        let is_owner = |user: &UserId| found.members[user].role == Role::Owner;
        if leavers.iter().any(is_owner)
            && !found
                .members
                .keys()
                .any(|user| is_owner(user) && !leavers.contains(user))
        {
            return Err(ErrorCode::LastOwner);
        }
        if leavers.is_empty() {
            return Ok(0);
        }
        if tidies {
            for &user in &leavers {
                let act = AuditAct::MemberRemoved {
                    user,
                    conversation: id,
                };
                self.audited(actor, act, now);
            }
        }
        self.name_sender(id, actor.user);
        let last = self.push(
            id,
            actor.user,
            now,
            Body::System(SystemEntry::Removed {
                users: leavers.iter().copied().collect(),
            }),
        );
        self.remember_mutes(id, &leavers, now);
        for &user in &leavers {
            self.conversations
                .get_mut(&id)
                .unwrap()
                .members
                .remove(&user);
            self.updates.push(Update::Left {
                user,
                conversation: id,
                last,
            });
        }
        Ok(leavers.len() as u32)
    }

    pub(super) fn members(
        &self,
        actor: Actor,
        id: ConversationId,
        after: Option<UserId>,
    ) -> Result<MemberPage, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        let item = |(&user, member): (&UserId, &Member)| conversation::Member {
            user: self.info(user).unwrap(),
            role: member.role,
            joined: member.joined,
            read: if self.shows_reads(id, actor.user, user) {
                member.told
            } else {
                MsgId::ZERO
            },
            muted_until: member.muted_until,
        };
        let items = found
            .members
            .iter()
            .filter(|&(&user, _)| Some(user) > after)
            .map(item)
            .collect();
        Ok(MemberPage {
            items,
            next_after: None,
        })
    }
}

pub(super) const fn of_device(user: UserId, device: DeviceId) -> Actor {
    Actor {
        user,
        device,
        stream: SendStreamId::new(0),
        stream_began: Revision::MAX,
    }
}
