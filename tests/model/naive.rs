//! The model: the specified behaviour in its simplest form. It keeps everything, and searches all
//! of it each time.

mod accounts;
pub(super) mod amend;
mod answers;
mod cursors;
pub(super) mod group;
pub(super) mod overview;
pub(super) mod people;
pub(super) mod receipts;
pub(super) mod retention;
pub(super) mod send;
pub(super) mod talk;
mod visibility;

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::By;
use cairn_core::api::command::{BeginEpoch, FindAccount, FindOrphans, GetRetained, GrantMetrics};
use cairn_core::api::update::Update;
use cairn_core::record::{FormerName, LinkRecord, SecretHash, UserOrigin, UserStatus};
use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, Timestamp, UserId,
};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::group::{GroupSettings, JoinerHistory, Role};
use cairn_proto::model::notification::Notifications;
use cairn_proto::model::people::Profile;
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{
    DeviceName, GroupName, Keyword, SettingName, SettingValue, Topic, UserName,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Request;

use self::overview::Changes;
use self::people::Facts;
use super::attachments::Stored;
use super::commands::{Command, Reply};

/// The complete history, except for what was removed.
#[derive(Clone, Debug, Default)]
pub(super) struct Naive {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) links: BTreeMap<SecretHash, LinkRecord>,
    pub(super) conversations: BTreeMap<ConversationId, Conversation>,
    /// The accepted sends of all existing send streams, oldest first.
    pub(super) sends: Vec<Send>,
    pub(super) facts: Facts,
    pub(super) profiles: BTreeMap<UserId, Profile>,
    /// Settings that differ from their defaults.
    pub(super) settings: BTreeMap<SettingName, SettingValue>,
    pub(super) attachments: BTreeMap<AttachmentHash, Stored>,
    pub(super) audit: Vec<AuditRecord>,
    pub(super) updates: Vec<Update>,
    pub(super) changes: Changes,
    /// Users whom others found by name while `user-search` was off.
    pub(super) found_by_name: BTreeSet<(UserId, UserId)>,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: UserName,
    pub(super) role: ServerRole,
    pub(super) password: Option<Box<str>>,
    pub(super) created_at: Timestamp,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) reads: Reads,
    pub(super) status: UserStatus,
    pub(super) origin: UserOrigin,
    pub(super) alias_of: Option<UserId>,
    pub(super) keywords: Vec<Keyword>,
    pub(super) former_names: Vec<FormerName>,
}

#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) name: DeviceName,
    pub(super) token: SecretHash,
    pub(super) created_at: Timestamp,
    /// Most recently used first, with the batch of that use.
    pub(super) streams: Vec<(SendStreamId, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    /// `None` for a direct chat.
    pub(super) name: Option<GroupName>,
    pub(super) topic: Topic,
    pub(super) settings: GroupSettings,
    pub(super) banned: BTreeSet<UserId>,
    /// Mutes of members who left while they were muted.
    pub(super) left_muted: BTreeMap<UserId, Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) log: Vec<LogEntry>,
    pub(super) members: BTreeMap<UserId, Member>,
    pub(super) pins: BTreeSet<MsgId>,
    pub(super) imports: BTreeMap<ImportSource, u64>,
    pub(super) retention: Option<Retention>,
    /// The model keeps the entries up to the floor, but must not return them.
    pub(super) floor: MsgId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogEntry {
    pub(super) sender: UserId,
    pub(super) sent_at: Timestamp,
    pub(super) body: Body,
    pub(super) extras: Extras,
    /// Members mentioned when the message was sent. If everyone is mentioned, the server, and the
    /// members who had blocked the sender.
    pub(super) mentioned: BTreeSet<UserId>,
    pub(super) imported: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) joined: MsgId,
    pub(super) read: MsgId,
    /// The highest read cursor, which other members see.
    pub(super) told: MsgId,
    /// The member's own entries among those last marked as unread.
    pub(super) marked_own: BTreeSet<MsgId>,
    pub(super) delivered: BTreeMap<DeviceId, MsgId>,
    /// Entries up to here are hidden from the member.
    pub(super) floor: MsgId,
    pub(super) muted_until: Timestamp,
    pub(super) notifications: Notifications,
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
    /// Executes a command, and records its updates.
    pub(super) fn execute(
        &mut self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Reply, ErrorCode> {
        self.updates.clear();
        let answer = self.decide(command, now);
        self.note_changes();
        answer
    }

    fn decide(&mut self, command: &Command, now: Timestamp) -> Result<Reply, ErrorCode> {
        match command {
            Command::OwnerInvite(command) => {
                self.owner_invite(command, now).map(Reply::OwnerInvite)
            }
            Command::Invite(command) => self.invite(command, now).map(Reply::Invite),
            Command::Join(command) => self.join(command, now).map(Reply::Join),
            Command::AllowReset(command) => self.allow_reset(command, now).map(Reply::AllowReset),
            Command::Reset(command) => self.reset(command, now).map(Reply::Reset),
            Command::ReplacePassword(command) => {
                self.replace_password(command).map(Reply::ReplacePassword)
            }
            Command::FindAccount(FindAccount(name)) => {
                Ok(Reply::FindAccount(self.find_account(name)))
            }
            Command::AddDevice(command) => self
                .add_device(command.user, &command.device, now)
                .map(Reply::AddDevice),
            Command::Login(command) => self.login(command, now).map(Reply::Login),
            Command::BeginEpoch(BeginEpoch(epoch)) => {
                self.begin_epoch(*epoch);
                Ok(Reply::BeginEpoch(()))
            }
            Command::GrantRead(command) => self.grant_read(*command).map(Reply::GrantRead),
            Command::GrantFocus(command) => self.grant_focus(*command).map(Reply::GrantFocus),
            Command::GrantMetrics(GrantMetrics(actor)) => {
                self.grant_metrics(*actor).map(Reply::GrantMetrics)
            }
            Command::KeepsByDefault(_) => Ok(Reply::KeepsByDefault(self.keeps_by_default())),
            Command::GetRetained(GetRetained(id)) => self.retained(*id).map(Reply::GetRetained),
            Command::Expire(command) => self.expire(*command).map(Reply::Expire),
            Command::BeginUpload(command) => {
                self.begin_upload(*command, now).map(Reply::BeginUpload)
            }
            Command::EndUpload(command) => self.end_upload(*command, now).map(Reply::EndUpload),
            Command::GrantDownload(command) => {
                self.grant_download(*command).map(Reply::GrantDownload)
            }
            Command::CollectAttachments(_) => Ok(Reply::CollectAttachments(self.collect(now))),
            Command::FindOrphans(FindOrphans(hashes)) => {
                Ok(Reply::FindOrphans(self.find_orphans(hashes)))
            }
            Command::Ask(By(actor, asked)) => {
                self.check_actor(*actor)?;
                self.answer(*actor, asked, now).map(Reply::Ask)
            }
            Command::ListConversations(By(actor, call)) => {
                self.check_actor(*actor)?;
                let page = self.overview(*actor, call.since, call.after);
                Ok(Reply::ListConversations(page))
            }
            Command::ListDevices(By(actor, _)) => {
                self.check_actor(*actor)?;
                Ok(Reply::ListDevices(self.devices(*actor)))
            }
            Command::Watch(By(actor, call)) => {
                self.check_actor(*actor)?;
                Ok(Reply::Watch(self.watch(*actor, &call.users)))
            }
        }
    }

    pub(super) fn check_membership_quota(&self, user: UserId) -> Result<(), ErrorCode> {
        let max = self.number_set("conversations-per-user", 20_000);
        if self.conversations_of(user).len() as u64 >= max {
            Err(ErrorCode::LimitReached)
        } else {
            Ok(())
        }
    }

    /// Returns whether the user may own another group.
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

    pub(super) fn unread(&self, user: UserId) -> u64 {
        let is_unread = |entry: &LogEntry| entry.body.is_message() && entry.sender != user;
        self.above(self.base(user))
            .filter(|(_, entry)| is_unread(entry))
            .count() as u64
    }

    pub(super) fn mentions(&self, user: UserId) -> u64 {
        let is_meant = |entry: &LogEntry| {
            entry.body.is_message()
                && entry.sender != user
                && entry.mentioned.contains(&user) != entry.mentioned.contains(&UserId::SERVER)
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

    /// The last message, including recalled ones.
    pub(super) fn last_message(&self) -> MsgId {
        let said = self.above(MsgId::ZERO).filter(|(_, entry)| {
            entry.body.is_message() || matches!(entry.body, Body::Recalled { .. })
        });
        said.map(|(msgid, _)| msgid).last().unwrap_or_default()
    }

    /// The time of the last activity, without imports.
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
            notifications: Notifications::default(),
            favourite: false,
            hidden_at: None,
        }
    }

    pub(super) fn read_to(&mut self, msgid: MsgId) {
        self.read = msgid.max(self.read);
        self.told = msgid.max(self.told);
    }

    /// What the member has read, or does not have to.
    pub(super) fn base(&self) -> MsgId {
        self.read.max(MsgId::new(self.joined.get() - 1))
    }
}
