//! The model's conversations: members, messages and cursors.

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Feed, Grant, Reply};
use cairn_core::api::effect::Effect;
use cairn_core::limits::CLOCK_STEP_MS_MAX;
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_proto::model::conversation::{self, ConversationKind, Explained, MemberPage};
use cairn_proto::model::group::{GroupSettings, Role};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{GroupName, Topic};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::{ImportEntry, Request};
use cairn_proto::wire::response::Response;

use std::collections::{BTreeMap, BTreeSet};

use super::{Conversation, LogEntry, Member, Naive};

impl Naive {
    #[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
    pub(in crate::model) fn ask(
        &mut self,
        actor: Actor,
        request: &Request,
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        match request {
            Request::Send(draft) => self.send(actor, draft, now),
            &Request::Forward(forward) => self.forward(actor, forward, now),
            Request::Ack {
                conversation,
                msgid,
            } => self.ack(actor, *conversation, *msgid),
            Request::Read {
                conversation,
                msgid,
            } => self.read(actor, *conversation, *msgid),
            Request::Receipts {
                conversation,
                msgid,
                after,
            } => self.receipts(actor, *conversation, *msgid, *after),
            Request::OwnReads => Ok(Response::OwnReads(self.users[&actor.user].reads)),
            Request::SetOwnReads(reads) => Ok(self.set_own_reads(actor, *reads)),
            Request::MarkUnread { conversation, from } => {
                self.mark_unread(actor, *conversation, *from)
            }
            Request::Conversations { since, after } => Ok(Response::Conversations(
                self.overview(actor, *since, *after),
            )),
            Request::FindUsers { names } => Ok(Response::Users(
                names
                    .iter()
                    .filter_map(|name| self.named(name))
                    .filter_map(|id| self.info(id))
                    .collect(),
            )),
            Request::Users { ids } => Ok(Response::Users(
                ids.iter().filter_map(|&id| self.info(id)).collect(),
            )),
            Request::CreateGroup { name, members } => self.create_group(actor, name, members, now),
            Request::AddMembers {
                conversation,
                users,
            } => self.add_members(actor, *conversation, users, now),
            Request::RemoveMembers {
                conversation,
                users,
            } => self.remove_members(actor, *conversation, users, now),
            Request::Members {
                conversation,
                after,
            } => self.members(actor, *conversation, *after),
            Request::Devices => Ok(self.devices(actor)),
            Request::RevokeDevice(device) => self.revoke(actor, *device),
            Request::Import {
                conversation,
                source,
                first,
                entries,
            } => self.import(actor, *conversation, *source, *first, entries, now),
            Request::ImportCursor {
                conversation,
                source,
            } => Ok(Response::ImportCursor {
                cursor: self.import_cursor(actor, *conversation, *source)?,
            }),
            Request::Explain { conversation, user } => self.explain(actor, *conversation, *user),
            Request::Edit {
                conversation,
                msgid,
                text,
            } => self.edit(actor, *conversation, *msgid, text, now),
            Request::Recall {
                conversation,
                msgid,
            } => self.recall(actor, *conversation, *msgid, now),
            Request::React {
                conversation,
                msgid,
                emoji,
            } => self.react(actor, *conversation, *msgid, emoji, now),
            Request::Unreact {
                conversation,
                msgid,
                emoji,
            } => self.unreact(actor, *conversation, *msgid, emoji, now),
            Request::Pin {
                conversation,
                msgid,
            } => self.pin(actor, *conversation, *msgid, now),
            Request::Unpin {
                conversation,
                msgid,
            } => self.unpin(actor, *conversation, *msgid, now),
            Request::Pins { conversation } => self.pins(actor, *conversation),
            Request::Settings => Ok(Response::Settings(self.told_settings())),
            Request::SetSetting { name, value } => self.set(actor, name, value),
            Request::Relate { user, act } => self.relate(actor, *user, *act),
            Request::Contacts { after } => Ok(self.contacts(actor, *after)),
            Request::SearchUsers { prefix, after } => self.search(actor, prefix, *after),
            Request::Profiles { users } => Ok(self.profiles(users)),
            Request::SetServerRole { user, role } => self.set_server_role(actor, *user, *role),
            Request::SetProfile(profile) => Ok(self.set_profile(actor, profile.clone())),
            Request::Focus { conversation } => self.look(actor, *conversation),
            Request::Watch { users } => Ok(self.watch(actor, users)),
            Request::CreateInvite { .. }
            | Request::Pull { .. }
            | Request::Metrics
            | Request::SetPresence(_) => Err(ErrorCode::Unsupported),
            &Request::SetRetention {
                conversation,
                retention,
            } => self.set_retention(actor, conversation, retention, now),
            Request::Retention { conversation } => self.retention(actor, *conversation),
            _ => self.ask_group(actor, request, now),
        }
    }

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

    pub(in crate::model) fn grant(
        &self,
        actor: Actor,
        conversation: ConversationId,
    ) -> Result<Reply, ErrorCode> {
        self.check_actor(actor)?;
        let floor = self.inside(actor.user, conversation)?.floor_of(actor.user);
        Ok(Reply::Grant(Grant {
            conversation,
            floor,
        }))
    }

    pub(in crate::model) fn push(
        &mut self,
        id: ConversationId,
        sender: UserId,
        now: Timestamp,
        body: Body,
    ) -> MsgId {
        let found = self.conversations.get_mut(&id).unwrap();
        // If the clock goes back by more than an hour, it was wrong before.
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
        self.effects.push(Effect::Joined {
            conversation: id,
            user,
        });
    }

    pub(in crate::model) fn may_open_direct(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Result<(), ErrorCode> {
        let (low, high) = id.direct_users().ok_or(ErrorCode::NotFound)?;
        if (actor.user != low && actor.user != high)
            || !self.users.contains_key(&low)
            || !self.users.contains_key(&high)
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

    fn create_group(
        &mut self,
        actor: Actor,
        name: &GroupName,
        members: &[UserId],
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        self.check_exist(members)?;
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
        self.put_members(actor.user, id, members, now);
        Ok(Response::Created { conversation: id })
    }

    pub(in crate::model) fn check_exist(&self, users: &[UserId]) -> Result<(), ErrorCode> {
        users
            .iter()
            .all(|user| self.users.contains_key(user))
            .then_some(())
            .ok_or(ErrorCode::NoSuchUser)
    }

    /// Adds those who are not members yet; returns their number.
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
        new.len() as u32
    }

    fn add_members(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        let least = self.inside(actor.user, id)?.settings.invite;
        let found = self.heard(actor.user, id, least, now)?;
        self.check_exist(users)?;
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
        Ok(Response::Changed {
            users: self.put_members(actor.user, id, users, now),
        })
    }

    fn remove_members(
        &mut self,
        actor: Actor,
        id: ConversationId,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        let own = found.members[&actor.user].role;
        let leavers: BTreeSet<UserId> = users
            .iter()
            .copied()
            .filter(|user| found.members.contains_key(user))
            .collect();
        let may = |user: &UserId| {
            *user == actor.user || own == Role::Owner || own > found.members[user].role
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
            return Ok(Response::Changed { users: 0 });
        }
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
            self.effects.push(Effect::Left {
                conversation: id,
                user,
                last,
            });
        }
        Ok(Response::Changed {
            users: leavers.len() as u32,
        })
    }

    fn members(
        &self,
        actor: Actor,
        id: ConversationId,
        after: Option<UserId>,
    ) -> Result<Response, ErrorCode> {
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
        Ok(Response::Members(MemberPage {
            items,
            next_after: None,
        }))
    }

    fn ack(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
    ) -> Result<Response, ErrorCode> {
        if msgid > self.inside(actor.user, id)?.head() {
            return Err(ErrorCode::BadCursor);
        }
        let member = self
            .conversations
            .get_mut(&id)
            .unwrap()
            .members
            .get_mut(&actor.user)
            .unwrap();
        let cursor = member.delivered.entry(actor.device).or_insert(MsgId::ZERO);
        if msgid > *cursor {
            *cursor = msgid;
            self.effects.push(Effect::Moved {
                conversation: id,
                user: actor.user,
            });
        }
        Ok(Response::Done)
    }

    fn read(
        &mut self,
        actor: Actor,
        id: ConversationId,
        msgid: MsgId,
    ) -> Result<Response, ErrorCode> {
        if msgid > self.inside(actor.user, id)?.head() {
            return Err(ErrorCode::BadCursor);
        }
        let member = self
            .conversations
            .get_mut(&id)
            .unwrap()
            .members
            .get_mut(&actor.user)
            .unwrap();
        if msgid > member.read {
            member.read_to(msgid);
            self.effects.push(Effect::Read {
                conversation: id,
                user: actor.user,
            });
            self.effects.push(Effect::Moved {
                conversation: id,
                user: actor.user,
            });
        }
        Ok(Response::Done)
    }

    fn import(
        &mut self,
        actor: Actor,
        id: ConversationId,
        source: ImportSource,
        first: u64,
        entries: &[ImportEntry],
        now: Timestamp,
    ) -> Result<Response, ErrorCode> {
        let mut cursor = self.import_cursor(actor, id, source)?;
        if entries
            .iter()
            .any(|entry| !matches!(entry.body, Body::Text(_) | Body::Emote(_) | Body::Emoji(_)))
        {
            return Err(ErrorCode::BadRequest);
        }
        if first > cursor {
            return Err(ErrorCode::ImportGap);
        }
        let (mut added, mut users) = (0, 0);
        for (at, entry) in (first..).zip(entries) {
            if at < cursor {
                continue;
            }
            let sender = self.named(&entry.sender).unwrap_or_else(|| {
                users += 1;
                self.add_user(&entry.sender, ServerRole::Member, None, now)
            });
            let (extras, mentioned) = (Extras::NONE, BTreeSet::new());
            let imported = LogEntry {
                sender,
                sent_at: entry.sent_at.min(now),
                body: entry.body.clone(),
                extras,
                mentioned,
                imported: true,
            };
            let found = self.conversations.get_mut(&id).unwrap();
            found.log.push(imported);
            let head = found.head();
            if let Some(member) = found.members.get_mut(&sender) {
                member.read_to(head);
            }
            added += 1;
            cursor += 1;
            found.imports.insert(source, cursor);
        }
        Ok(Response::Imported {
            added,
            users,
            cursor,
        })
    }

    fn import_cursor(
        &self,
        actor: Actor,
        id: ConversationId,
        source: ImportSource,
    ) -> Result<u64, ErrorCode> {
        let found = self.inside(actor.user, id)?;
        if self.users[&actor.user].role == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        Ok(found.imports.get(&source).copied().unwrap_or(0))
    }

    fn explain(
        &self,
        actor: Actor,
        id: ConversationId,
        whose: UserId,
    ) -> Result<Response, ErrorCode> {
        if self.users[&actor.user].role == ServerRole::Member {
            self.inside(actor.user, id)?;
            if whose != actor.user {
                return Err(ErrorCode::Forbidden);
            }
        }
        let found = self.inside(whose, id)?;
        let Member { joined, read, .. } = found.members[&whose].clone();
        let (uncounted, unread, mentions) = (
            found.uncounted_of(whose),
            found.unread(whose),
            found.mentions(whose),
        );
        Ok(Response::Explained(Explained {
            head: found.head(),
            floor: found.floor,
            joined,
            read,
            uncounted,
            unread,
            mentions,
        }))
    }

    pub(in crate::model) fn summary(
        &self,
        actor: Actor,
        id: ConversationId,
    ) -> Option<conversation::Conversation> {
        let found = self.inside(actor.user, id).ok()?;
        let member = &found.members[&actor.user];
        let kind = match &found.name {
            Some(name) => ConversationKind::Group { name: name.clone() },
            None => ConversationKind::Direct {
                peer: self.info(*found.members.keys().find(|&&user| user != actor.user)?)?,
            },
        };
        Some(conversation::Conversation {
            id,
            kind,
            role: member.role,
            head: found.head(),
            floor: found.floor_of(actor.user),
            read: member.read,
            delivered: member
                .delivered
                .get(&actor.device)
                .copied()
                .unwrap_or(MsgId::ZERO),
            unread: found.unread(actor.user),
            mentions: found.mentions(actor.user),
            last: None,
            settings: found.settings_of(actor.user),
        })
    }

    pub(in crate::model) fn feed(
        &self,
        actor: Actor,
        conversation: ConversationId,
    ) -> Option<Feed> {
        let found = self.inside(actor.user, conversation).ok()?;
        let member = &found.members[&actor.user];
        let delivered = member
            .delivered
            .get(&actor.device)
            .copied()
            .unwrap_or(MsgId::ZERO);
        let position = delivered
            .max(MsgId::new(member.joined.get() - 1))
            .max(found.floor);
        Some(Feed {
            conversation,
            position,
            floor: found.floor_of(actor.user),
        })
    }
}
