//! The model: the specified behaviour in the plainest form. It keeps everything and searches all of
//! it each time.

pub(super) mod amend;
pub(super) mod group;
pub(super) mod overview;
pub(super) mod people;
pub(super) mod receipts;
pub(super) mod retention;
pub(super) mod send;
pub(super) mod talk;

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{Command, LoggedIn, NewDevice, Reply};
use cairn_core::api::effect::Effect;
use cairn_core::limits::SEND_STREAMS_PER_DEVICE_MAX;
use cairn_core::record::SecretHash;
use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::limits;
use cairn_proto::model::group::{GroupSettings, JoinerHistory, Role};
use cairn_proto::model::people::Profile;
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::{DeviceInfo, ServerRole, UserInfo};
use cairn_proto::text::{DeviceName, GroupName, SettingName, SettingValue, Topic, UserName};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use self::people::Facts;
use cairn_proto::model::retention::Retention;

use self::overview::Changes;

use super::attachments::Stored;

/// The complete history that is still in effect.
#[derive(Clone, Debug, Default)]
pub(super) struct Naive {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) invites: BTreeMap<SecretHash, Invite>,
    pub(super) conversations: BTreeMap<ConversationId, Conversation>,
    /// The accepted sends of all existing send streams, oldest first.
    pub(super) sends: Vec<Send>,
    /// Relations between users.
    pub(super) facts: Facts,
    /// Profiles.
    pub(super) profiles: BTreeMap<UserId, Profile>,
    /// The changed settings.
    pub(super) settings: BTreeMap<SettingName, SettingValue>,
    pub(super) attachments: BTreeMap<AttachmentHash, Stored>,
    /// The effects of the last command.
    pub(super) effects: Vec<Effect>,
    /// The change stamps.
    pub(super) changes: Changes,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: UserName,
    pub(super) role: ServerRole,
    pub(super) password: Option<Box<str>>,
    pub(super) created_at: Timestamp,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) reads: Reads,
}

#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) name: DeviceName,
    pub(super) token: SecretHash,
    pub(super) created_at: Timestamp,
    /// Most recently used first.
    pub(super) streams: Vec<SendStreamId>,
}

#[derive(Clone, Debug)]
pub(super) struct Invite {
    pub(super) uses_left: u32,
    pub(super) expires_at: Timestamp,
    pub(super) role: ServerRole,
}

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// `None` for a direct chat.
    pub(super) name: Option<GroupName>,
    pub(super) topic: Topic,
    pub(super) settings: GroupSettings,
    pub(super) banned: BTreeSet<UserId>,
    /// Mutes of members who left while muted.
    pub(super) left_muted: BTreeMap<UserId, Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) log: Vec<LogEntry>,
    pub(super) members: BTreeMap<UserId, Member>,
    pub(super) pins: BTreeSet<MsgId>,
    pub(super) imports: BTreeMap<ImportSource, u64>,
    pub(super) retention: Option<Retention>,
    /// The floor. The model still has the entries up to it, and must not show them.
    pub(super) floor: MsgId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogEntry {
    pub(super) sender: UserId,
    pub(super) sent_at: Timestamp,
    pub(super) body: Body,
    pub(super) extras: Extras,
    /// The members mentioned when it was sent. For a mention of everyone, only the server knows
    /// them.
    pub(super) mentioned: BTreeSet<UserId>,
    pub(super) imported: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) joined: MsgId,
    pub(super) read: MsgId,
    /// The highest read position, as shown to others.
    pub(super) told: MsgId,
    /// The member's own entries among those last marked as unread.
    pub(super) marked_own: BTreeSet<MsgId>,
    pub(super) delivered: BTreeMap<DeviceId, MsgId>,
    /// Entries up to here are hidden from the member.
    pub(super) floor: MsgId,
    pub(super) muted_until: Timestamp,
    pub(super) muted: bool,
    pub(super) favourite: bool,
    pub(super) hidden_at: Option<MsgId>,
}

#[derive(Clone, Debug)]
pub(super) struct Send {
    pub(super) device: DeviceId,
    pub(super) stream: SendStreamId,
    pub(super) conversation: ConversationId,
    pub(super) seq: u64,
    pub(super) msgid: MsgId,
    /// A retry must equal it.
    pub(super) request: Request,
}

impl Naive {
    /// Answers a request and records its effects.
    pub(super) fn execute(
        &mut self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Reply, ErrorCode> {
        self.effects.clear();
        let answer = self.decide(command, now);
        self.note_changes();
        answer
    }

    fn decide(&mut self, command: &Command, now: Timestamp) -> Result<Reply, ErrorCode> {
        match command {
            Command::OwnerInvite { token, expires_at } => {
                self.owner_invite(*token, *expires_at, now)
            }
            Command::Invite {
                actor,
                token,
                uses,
                life_seconds,
            } => self.invite(*actor, *token, *uses, *life_seconds, now),
            Command::Join {
                invite,
                name,
                password,
                device,
            } => self.join(*invite, name, password.clone(), device, now),
            Command::Account { name } => Ok(Reply::Account(
                self.named(name)
                    .map(|user| (user, self.users[&user].password.clone())),
            )),
            Command::AddDevice { user, device } => self.add_device(*user, device, now),
            Command::Login {
                token,
                stream,
                push,
                since,
            } => {
                let (user, device) = self.device_with(*token).ok_or(ErrorCode::AuthFailed)?;
                self.begin_session(
                    Actor {
                        user,
                        device,
                        stream: *stream,
                    },
                    *push,
                    *since,
                )
            }
            Command::Begin(epoch) => Ok(self.begin_epoch(*epoch)),
            Command::Grant(actor, conversation) => self.grant(*actor, *conversation),
            Command::Attachment(command) => self.attachment(command, now),
            Command::Metrics(actor) => {
                self.check_actor(*actor)?;
                if self.users[&actor.user].role == ServerRole::Owner {
                    Ok(Reply::MetricsAllowed)
                } else {
                    Err(ErrorCode::Forbidden)
                }
            }
            Command::KeepsByDefault => Ok(self.keeps_by_default()),
            Command::Retained(id) => self.retained(*id),
            Command::Expire {
                conversation,
                policy,
                aged,
            } => self.expire(*conversation, *policy, *aged),
            Command::Ask(actor, request) => {
                self.check_actor(*actor)?;
                self.ask(*actor, request, now).map(Reply::Response)
            }
        }
    }

    fn owner_invite(
        &mut self,
        token: SecretHash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Reply, ErrorCode> {
        if self
            .users
            .values()
            .any(|user| user.role == ServerRole::Owner)
        {
            return Err(ErrorCode::Forbidden);
        }
        self.invites
            .retain(|_, invite| invite.role != ServerRole::Owner && invite.expires_at > now);
        self.invites.insert(
            token,
            Invite {
                uses_left: 1,
                expires_at,
                role: ServerRole::Owner,
            },
        );
        Ok(Reply::Done)
    }

    fn invite(
        &mut self,
        actor: Actor,
        token: SecretHash,
        uses: u32,
        life_seconds: u64,
        now: Timestamp,
    ) -> Result<Reply, ErrorCode> {
        self.check_actor(actor)?;
        if self.users[&actor.user].role == ServerRole::Member {
            return Err(ErrorCode::Forbidden);
        }
        if !(1..=limits::INVITE_USES_MAX).contains(&uses)
            || !(1..=limits::INVITE_LIFE_MAX.as_secs()).contains(&life_seconds)
        {
            return Err(ErrorCode::BadRequest);
        }
        let expires_at = Timestamp::new(now.get() + life_seconds * 1000);
        self.invites.insert(
            token,
            Invite {
                uses_left: uses,
                expires_at,
                role: ServerRole::Member,
            },
        );
        Ok(Reply::Done)
    }

    fn join(
        &mut self,
        token: SecretHash,
        name: &UserName,
        password: Option<Box<str>>,
        device: &NewDevice,
        now: Timestamp,
    ) -> Result<Reply, ErrorCode> {
        let invite = self.invites.get_mut(&token).ok_or(ErrorCode::BadInvite)?;
        if invite.expires_at <= now {
            return Err(ErrorCode::BadInvite);
        }
        if self
            .users
            .values()
            .any(|user| user.name.folded() == name.folded())
        {
            return Err(ErrorCode::NameTaken);
        }
        let role = invite.role;
        invite.uses_left -= 1;
        self.invites.retain(|_, invite| invite.uses_left > 0);
        let user = self.add_user(name, role, password, now);
        self.add_device(user, device, now)
    }

    pub(super) fn add_user(
        &mut self,
        name: &UserName,
        role: ServerRole,
        password: Option<Box<str>>,
        now: Timestamp,
    ) -> UserId {
        let id = UserId::new(self.users.len() as u32 + 1);
        self.users.insert(
            id,
            User {
                name: name.clone(),
                role,
                password,
                created_at: now,
                devices: BTreeMap::new(),
                reads: Reads::Shown,
            },
        );
        id
    }

    fn add_device(
        &mut self,
        user: UserId,
        device: &NewDevice,
        now: Timestamp,
    ) -> Result<Reply, ErrorCode> {
        let devices = &mut self
            .users
            .get_mut(&user)
            .ok_or(ErrorCode::AuthFailed)?
            .devices;
        if devices.len() == limits::DEVICES_PER_USER_MAX {
            return Err(ErrorCode::LimitReached);
        }
        let NewDevice {
            id,
            name,
            token,
            stream,
            push,
        } = device.clone();
        devices.insert(
            id,
            Device {
                name,
                token,
                created_at: now,
                streams: Vec::new(),
            },
        );
        self.begin_session(
            Actor {
                user,
                device: id,
                stream,
            },
            push,
            None,
        )
    }

    fn begin_session(
        &mut self,
        actor: Actor,
        push: bool,
        since: Option<Moment>,
    ) -> Result<Reply, ErrorCode> {
        self.use_stream(actor);
        let User { name, role, .. } = self.users[&actor.user].clone();
        let ids = self.conversations_of(actor.user);
        let feeds = if push {
            ids.iter().filter_map(|&id| self.feed(actor, id)).collect()
        } else {
            Vec::new()
        };
        Ok(Reply::LoggedIn(Box::new(LoggedIn {
            actor,
            name,
            role,
            overview: self.overview(actor, since, None),
            feeds,
        })))
    }

    /// Marks the stream as most recently used. Beyond the limit, the least recently used stream is
    /// forgotten.
    fn use_stream(&mut self, actor: Actor) {
        let Actor {
            user,
            device,
            stream,
        } = actor;
        let streams = &mut self
            .users
            .get_mut(&user)
            .unwrap()
            .devices
            .get_mut(&device)
            .unwrap()
            .streams;
        streams.retain(|&known| known != stream);
        streams.insert(0, stream);
        if streams.len() > SEND_STREAMS_PER_DEVICE_MAX {
            let forgotten = streams.pop().unwrap();
            self.sends
                .retain(|send| (send.device, send.stream) != (device, forgotten));
        }
    }

    /// A session may send on a stream that was forgotten since its start: it is a new one then.
    pub(super) fn use_stream_if_forgotten(&mut self, actor: Actor) {
        if !self.users[&actor.user].devices[&actor.device]
            .streams
            .contains(&actor.stream)
        {
            self.use_stream(actor);
        }
    }

    pub(super) fn revoke(&mut self, actor: Actor, device: DeviceId) -> Result<Response, ErrorCode> {
        let user = self.users.get_mut(&actor.user).unwrap();
        user.devices
            .remove(&device)
            .ok_or(ErrorCode::NoSuchDevice)?;
        self.sends.retain(|send| send.device != device);
        for conversation in self.conversations.values_mut() {
            conversation
                .members
                .values_mut()
                .for_each(|member| member.delivered.retain(|&known, _| known != device));
        }
        self.effects.push(Effect::Revoked {
            user: actor.user,
            device,
        });
        Ok(Response::Done)
    }

    pub(super) fn devices(&self, actor: Actor) -> Response {
        let info = |(&id, device): (&DeviceId, &Device)| {
            let current = id == actor.device;
            DeviceInfo {
                id,
                name: device.name.clone(),
                created_at: device.created_at,
                current,
                online: current,
            }
        };
        Response::Devices(self.users[&actor.user].devices.iter().map(info).collect())
    }

    pub(super) fn check_actor(&self, actor: Actor) -> Result<(), ErrorCode> {
        let is_known = self
            .users
            .get(&actor.user)
            .is_some_and(|user| user.devices.contains_key(&actor.device));
        is_known.then_some(()).ok_or(ErrorCode::AuthFailed)
    }

    pub(super) fn named(&self, name: &UserName) -> Option<UserId> {
        self.users
            .iter()
            .find(|(_, user)| user.name == *name)
            .map(|(&id, _)| id)
    }

    fn device_with(&self, token: SecretHash) -> Option<(UserId, DeviceId)> {
        let devices = self.users.iter().flat_map(|(&user, record)| {
            record
                .devices
                .iter()
                .map(move |(&id, device)| (user, id, device))
        });
        devices
            .filter(|(_, _, device)| device.token == token)
            .map(|(user, id, _)| (user, id))
            .next()
    }

    pub(super) fn info(&self, id: UserId) -> Option<UserInfo> {
        let user = self.users.get(&id)?;
        Some(UserInfo {
            id,
            name: user.name.clone(),
            role: user.role,
        })
    }

    /// Returns whether the user may be a member of one more conversation.
    pub(super) fn check_membership_quota(&self, user: UserId) -> Result<(), ErrorCode> {
        let max = self.number_set("conversations-per-user", 20_000);
        if self.conversations_of(user).len() as u64 >= max {
            Err(ErrorCode::LimitReached)
        } else {
            Ok(())
        }
    }

    /// Returns whether the user may own one more group.
    pub(super) fn check_owned(&self, user: UserId) -> Result<(), ErrorCode> {
        let owns = |found: &&Conversation| {
            found
                .members
                .get(&user)
                .is_some_and(|member| member.role == Role::Owner)
        };
        let owned = self.conversations.values().filter(owns).count() as u64;
        if owned >= self.number_set("groups-per-owner", 1_000) {
            Err(ErrorCode::LimitReached)
        } else {
            Ok(())
        }
    }

    pub(super) fn conversations_of(&self, user: UserId) -> BTreeSet<ConversationId> {
        self.conversations
            .iter()
            .filter(|(_, found)| found.members.contains_key(&user))
            .map(|(&id, _)| id)
            .collect()
    }
}

impl Conversation {
    pub(super) fn head(&self) -> MsgId {
        MsgId::new(self.log.len() as u64)
    }

    /// The entries above a message, with their ids.
    pub(super) fn above(&self, base: MsgId) -> impl Iterator<Item = (MsgId, &LogEntry)> {
        self.log
            .iter()
            .enumerate()
            .map(|(at, entry)| (MsgId::new(at as u64 + 1), entry))
            .filter(move |&(msgid, _)| msgid > base)
    }

    /// Messages of others that the member has not read.
    pub(super) fn unread(&self, user: UserId) -> u64 {
        let is_unread = |entry: &LogEntry| entry.body.is_message() && entry.sender != user;
        self.above(self.base(user))
            .filter(|(_, entry)| is_unread(entry))
            .count() as u64
    }

    /// Messages of others above the read cursor that mention the member.
    pub(super) fn mentions(&self, user: UserId) -> u64 {
        let is_meant = |entry: &LogEntry| {
            entry.body.is_message()
                && entry.sender != user
                && [user, UserId::SERVER]
                    .iter()
                    .any(|user| entry.mentioned.contains(user))
        };
        self.above(self.base(user))
            .filter(|(_, entry)| is_meant(entry))
            .count() as u64
    }

    /// Entries above the read cursor that are not messages of others.
    pub(super) fn uncounted_of(&self, user: UserId) -> u64 {
        self.above(self.base(user)).count() as u64 - self.unread(user)
    }

    /// Entries above the read cursor that are not messages.
    pub(super) fn uncounted(&self, user: UserId) -> u64 {
        self.above(self.base(user))
            .filter(|(_, entry)| !entry.body.is_message())
            .count() as u64
    }

    fn base(&self, user: UserId) -> MsgId {
        self.members[&user].base().max(self.floor)
    }

    /// The last message, even if it was recalled.
    pub(super) fn last_message(&self) -> MsgId {
        let said = self.above(MsgId::ZERO).filter(|(_, entry)| {
            entry.body.is_message() || matches!(entry.body, Body::Recalled { .. })
        });
        said.map(|(msgid, _)| msgid).last().unwrap_or_default()
    }

    /// The time of the last activity, imports excluded.
    pub(super) fn last_sent_at(&self) -> Timestamp {
        self.log
            .iter()
            .rfind(|entry| !entry.imported)
            .map_or(Timestamp::new(0), |entry| entry.sent_at)
    }
}

impl Member {
    pub(super) fn new(role: Role, joined: MsgId, history: JoinerHistory) -> Self {
        Self {
            role,
            joined,
            read: MsgId::ZERO,
            told: MsgId::ZERO,
            marked_own: BTreeSet::new(),
            delivered: BTreeMap::new(),
            floor: if history == JoinerHistory::All {
                MsgId::ZERO
            } else {
                MsgId::new(joined.get() - 1)
            },
            muted_until: Timestamp::new(0),
            muted: false,
            favourite: false,
            hidden_at: None,
        }
    }

    pub(super) fn read_to(&mut self, msgid: MsgId) {
        self.read = msgid.max(self.read);
        self.told = msgid.max(self.told);
    }

    fn base(&self) -> MsgId {
        self.read.max(MsgId::new(self.joined.get() - 1))
    }
}
