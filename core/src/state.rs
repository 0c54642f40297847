//! The state in memory. `state::apply` is the only way it moves.
//!
//! Users, devices and invites are always in memory; conversations, members and send streams only
//! while in use.

pub(crate) mod apply;
pub(crate) mod attachments;
pub(crate) mod conversation;
pub(crate) mod desk;
pub(crate) mod dirty;
pub(crate) mod make;
pub(crate) mod open_group_index;
pub(crate) mod relations;
pub(crate) mod revisions;
pub(crate) mod send_stream;
pub mod settings;
pub(crate) mod stamp;
pub(crate) mod table;

use std::collections::{BTreeMap, BTreeSet};

use cairn_proto::content::message::Entry;
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, UserId, VisitorId,
};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::people::Profile;
use cairn_proto::model::user::UserInfo;
use cairn_proto::text::{GroupName, SettingName, SettingValue};
use hashbrown::{HashMap, HashSet};

use crate::audit_log::AuditLog;
use crate::clock::Clock;
use crate::people::names::NameIndex;
use crate::record::{
    ConversationRecord, DeviceRecord, FormerName, LinkRecord, MemberChunk, MembershipRecord,
    RecentSend, RelationChunk, SecretHash, SendCursor, StoredMember, StoredMentions, UsedStream,
    UserRecord,
};
use crate::state::attachments::Attachments;
use crate::state::conversation::{Conversation, Member, MembershipSlots};
use crate::state::desk::Desk;
use crate::state::open_group_index::OpenGroupIndex;
use crate::state::relations::{Blockers, FoundByName, Relations};
use crate::state::revisions::Revisions;
use crate::state::send_stream::SendStream;
use crate::state::settings::Settings;
use crate::state::table::{Slot, Table};

#[derive(Debug, Default)]
pub struct State {
    pub(super) users: HashMap<UserId, User>,
    pub(super) names: NameIndex,
    pub(super) tokens: HashMap<SecretHash, (UserId, DeviceId)>,
    pub(super) links: HashMap<SecretHash, LinkRecord>,
    pub(super) conversations: Table<ConversationId, Conversation>,
    pub(super) streams: Table<(DeviceId, SendStreamId), SendStream>,
    pub(super) open_groups: OpenGroupIndex,
    pub(super) revisions: Revisions,
    /// Either all relations of a user, or none.
    pub(super) relations: HashMap<UserId, Relations>,
    pub(super) blockers: Blockers,
    /// Only those in use.
    pub(super) profiles: HashMap<UserId, Profile>,
    pub(super) settings: Settings,
    pub(super) found_by_name: FoundByName,
    pub(super) clock: Clock,
    pub(super) audit: AuditLog,
    pub(super) desk: Desk,
    /// References and records of attachments.
    pub attachments: Attachments,
    last_user: u32,
    last_numbered: u64,
    pub(super) dirty: Dirty,
    /// Entries loaded for the current command.
    pub(super) entries: HashMap<(ConversationId, MsgId), Entry>,
    /// Set by the caller while the disk is too full for new messages. Not persisted.
    pub(super) is_disk_low: bool,
}

#[derive(Clone, Debug)]
pub struct User {
    pub record: UserRecord,
    pub devices: BTreeMap<DeviceId, DeviceRecord>,
    pub conversations: BTreeSet<ConversationId>,
    /// Memberships as an owner.
    pub owned: BTreeSet<ConversationId>,
}

/// What differs from the trees, apart from each conversation's own flags.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) users: BTreeSet<UserId>,
    pub(super) devices: BTreeSet<(UserId, DeviceId)>,
    pub(super) links: BTreeSet<SecretHash>,
    pub(super) conversations: Vec<ConversationId>,
    pub(super) memberships: BTreeSet<(UserId, ConversationId)>,
    pub(super) open_groups: BTreeSet<ConversationId>,
    /// Memberships that ended or were renewed.
    pub(super) ended: BTreeSet<(UserId, ConversationId)>,
    pub(super) epochs: bool,
    pub(super) clock: bool,
    pub(super) streams: Vec<(DeviceId, SendStreamId)>,
    pub(super) streams_removed: BTreeSet<(DeviceId, SendStreamId)>,
    pub(super) relations: BTreeSet<(UserId, RelationChunk)>,
    pub(super) profiles: BTreeSet<UserId>,
    pub(super) settings: BTreeMap<SettingName, SettingValue>,
}

impl State {
    #[must_use]
    pub fn user(&self, user: UserId) -> Option<&User> {
        self.users.get(&user)
    }

    #[must_use]
    pub fn device_with(&self, token: &SecretHash) -> Option<(UserId, DeviceId)> {
        self.tokens.get(token).copied()
    }

    #[must_use]
    pub fn user_info(&self, id: UserId) -> Option<UserInfo> {
        let User { record, .. } = self.users.get(&id)?;
        Some(UserInfo {
            id,
            name: record.name.clone(),
            role: record.role,
            state: record.state(),
        })
    }

    /// Memberships are always in memory.
    pub(super) fn is_member(&self, user: UserId, conversation: ConversationId) -> bool {
        self.users
            .get(&user)
            .is_some_and(|found| found.conversations.contains(&conversation))
    }

    /// A conversation, if in memory.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    /// A conversation and a membership, if in memory.
    pub(super) fn membership_at(
        &self,
        slots: MembershipSlots,
        id: ConversationId,
        user: UserId,
    ) -> Option<(&Conversation, &Member)> {
        let found = self.conversations.get_at(slots.conversation, &id)?;
        Some((found, found.members.get_at(slots.member, &user)?))
    }

    /// Most recently used first.
    pub(super) fn streams_of(&self, user: UserId, device: DeviceId) -> &[UsedStream] {
        if user == UserId::VISITOR {
            return self.desk.streams_of(VisitorId::new(device.get()));
        }
        self.users
            .get(&user)
            .and_then(|found| found.devices.get(&device))
            .map_or(&[], |device| &device.streams)
    }

    #[must_use]
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    #[must_use]
    pub fn has_owner(&self) -> bool {
        self.users
            .values()
            .any(|user| user.record.role == cairn_proto::model::user::ServerRole::Owner)
    }

    /// Returns whether no user and no invite was ever committed: a server keeps an invite for its
    /// owner until that user joins, and no user is ever removed.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.users.is_empty() && self.links.is_empty()
    }

    pub(super) const fn has_users_above(&self, user: UserId) -> bool {
        self.last_user > user.get()
    }

    /// Every possible user id after this one.
    pub(super) fn ids_after(&self, user: Option<UserId>) -> impl Iterator<Item = UserId> + use<> {
        let behind = user.unwrap_or(UserId::SERVER).get().checked_add(1);
        behind
            .into_iter()
            .flat_map({
                let last = self.last_user;
                move |first| first..=last
            })
            .map(UserId::new)
    }

    pub(super) fn next_user(&self) -> Option<UserId> {
        self.last_user.checked_add(1).map(UserId::new)
    }

    pub(super) fn next_numbered(&self) -> ConversationId {
        ConversationId::new(self.last_numbered + 1)
    }

    /// Returns the conversation and marks it as dirty.
    pub(super) fn touch(&mut self, id: ConversationId) -> Option<&mut Conversation> {
        self.touch_at(None, id)
    }

    /// As [`State::touch`], with the slot of the conversation if it is known.
    pub(super) fn touch_at(
        &mut self,
        slot: Option<Slot>,
        id: ConversationId,
    ) -> Option<&mut Conversation> {
        let found = self.conversations.get_mut_at(slot, &id)?;
        if !std::mem::replace(&mut found.dirty.listed, true) {
            self.dirty.conversations.push(id);
        }
        Some(found)
    }

    pub(super) fn note_numbered(&mut self, id: ConversationId) {
        if id.is_numbered() {
            self.last_numbered = self.last_numbered.max(id.get());
        }
    }
}

/// Installing what was stored. Called at the start, and for what a command prefetches.
impl State {
    pub fn install_user(&mut self, id: UserId, record: UserRecord) {
        self.last_user = self.last_user.max(id.get());
        let known = self.users.get(&id).map(|user| &user.record.name);
        if known != Some(&record.name) {
            if let Some(known) = known {
                self.names.remove(known, id);
            }
            self.names.insert(&record.name, id);
        }
        let former = self.users.get(&id).map(|user| &user.record.former_names);
        if former.is_none_or(|former| *former != record.former_names) {
            for FormerName { name, .. } in former.into_iter().flatten() {
                self.names.remove_former(name, id);
            }
            for FormerName { name, .. } in &record.former_names {
                self.names.insert_former(name, id);
            }
        }
        let user = self.users.entry(id).or_insert_with(|| User {
            record: record.clone(),
            devices: BTreeMap::new(),
            conversations: BTreeSet::new(),
            owned: BTreeSet::new(),
        });
        user.record = record;
    }

    pub fn install_device(&mut self, user: UserId, id: DeviceId, record: DeviceRecord) {
        let Some(found) = self.users.get_mut(&user) else {
            return;
        };
        self.tokens.insert(record.token, (user, id));
        found.devices.insert(id, record);
    }

    /// Makes the state refuse new messages because the disk is too full. Retries of accepted ones
    /// still succeed.
    pub const fn set_disk_low(&mut self, is_disk_low: bool) {
        self.is_disk_low = is_disk_low;
    }

    pub fn install_link(&mut self, token: SecretHash, record: LinkRecord) {
        self.links.insert(token, record);
    }

    pub fn install_membership(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        record: MembershipRecord,
    ) {
        if let Some(found) = self.users.get_mut(&user) {
            found.conversations.insert(conversation);
            match record.owns {
                true => found.owned.insert(conversation),
                false => found.owned.remove(&conversation),
            };
        }
    }

    pub fn install_open_group(&mut self, id: ConversationId, name: GroupName) {
        self.open_groups.set(id, Some(name));
    }

    /// Installs a stored record of the audit log. Its content is loaded when it is read.
    pub fn install_audit(&mut self, record: &AuditRecord) {
        self.audit.install(record);
    }

    /// Installs a record of the audit log that was loaded to be read.
    pub fn install_audit_record(&mut self, record: AuditRecord) {
        self.audit.load(record);
    }

    /// Installs the greatest id that the server gave to a conversation.
    pub fn install_last_numbered(&mut self, id: ConversationId) {
        self.note_numbered(id);
    }

    /// Without its members.
    pub fn install_conversation(
        &mut self,
        id: ConversationId,
        record: ConversationRecord,
    ) -> &mut Conversation {
        self.conversations
            .get_or_insert_with(id, || Conversation::new(record))
    }

    /// Installs a chunk of members and the mentions of its users. A chunk that is already in memory
    /// stays, because it may be newer. Members whose membership has ended, and cursors of removed
    /// devices, are skipped.
    pub fn install_members(
        &mut self,
        conversation: ConversationId,
        chunk: MemberChunk,
        stored: Vec<StoredMember>,
        mentions: Vec<StoredMentions>,
    ) {
        let Some(found) = self.conversations.get_mut(&conversation) else {
            return;
        };
        if found.members_complete || !found.chunks.insert(chunk) {
            return;
        }
        found.install_mentions(mentions);
        for StoredMember {
            user,
            record,
            mut delivered,
        } in stored
        {
            // A visitor is a member of an inquiry, and no user.
            if user != UserId::VISITOR {
                let Some(known) = self
                    .users
                    .get(&user)
                    .filter(|known| known.conversations.contains(&conversation))
                else {
                    continue;
                };
                delivered.retain(|(device, _)| known.devices.contains_key(device));
            }
            found
                .members
                .get_or_insert_with(user, || Member { record, delivered });
        }
    }

    /// Call after the last chunk of a conversation.
    pub fn install_members_complete(&mut self, conversation: ConversationId) {
        if let Some(found) = self.conversations.get_mut(&conversation) {
            found.members_complete = true;
            found.chunks = HashSet::new();
        }
    }

    pub fn install_import(
        &mut self,
        conversation: ConversationId,
        source: ImportSource,
        cursor: u64,
    ) {
        if let Some(found) = self.conversations.get_mut(&conversation) {
            found.imports.entry(source).or_insert(cursor);
        }
    }

    pub fn install_stream(
        &mut self,
        device: DeviceId,
        stream: SendStreamId,
        cursors: Vec<SendCursor>,
        recent: Vec<RecentSend>,
    ) {
        self.streams.get_or_insert_with((device, stream), || {
            SendStream::from_stored(cursors, recent)
        });
    }
}
