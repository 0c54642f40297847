//! The store as the state machine sees it: rows by key, and loads of them.

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::State;
use cairn_core::prefetch::Load;
use cairn_core::record::MsgIdSet;
use cairn_core::record::{
    ConversationRecord, CursorChunk, DeviceRecord, EpochRecord, GroupRecord, LinkRecord,
    MemberChunk, MembershipRecord, RecentPart, RecentSend, Row, SecretHash, SendCursor,
    StoredMember, StoredMentions, UserRecord,
};
use cairn_core::record::{RelationChunk, StoredRelation};
use cairn_proto::ids::{
    ConversationId, DeviceId, ImportSource, MsgId, Revision, SendStreamId, UserId,
};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::people::Profile;
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{GroupName, SettingName, SettingValue};
use cairn_store::trees::Tree;

use super::attachments::AttachmentTrees;

/// The trees. A row may consist of a write to several trees, so a crash may keep only part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trees {
    pub(super) users: BTreeMap<UserId, UserRecord>,
    pub(super) devices: BTreeMap<(UserId, DeviceId), DeviceRecord>,
    pub(super) links: BTreeMap<SecretHash, LinkRecord>,
    pub(super) conversations: BTreeMap<ConversationId, ConversationRecord>,
    pub(super) members: BTreeMap<(ConversationId, MemberChunk), Vec<StoredMember>>,
    pub(super) memberships: BTreeMap<(UserId, ConversationId), MembershipRecord>,
    pub(super) uncounted: BTreeMap<(ConversationId, u64), Vec<u8>>,
    pub(super) mentions: BTreeMap<(ConversationId, UserId, u64), Vec<u8>>,
    pub(super) attachments: AttachmentTrees,
    pub(super) pins: BTreeMap<ConversationId, Vec<MsgId>>,
    pub(super) retention: BTreeMap<ConversationId, Retention>,
    pub(super) imports: BTreeMap<(ConversationId, ImportSource), u64>,
    pub(super) cursors: BTreeMap<(DeviceId, SendStreamId, CursorChunk), Vec<SendCursor>>,
    pub(super) recent: BTreeMap<(DeviceId, SendStreamId, RecentPart), Vec<RecentSend>>,
    pub(super) groups: BTreeMap<ConversationId, GroupRecord>,
    pub(super) open_groups: BTreeMap<ConversationId, GroupName>,
    pub(super) relations: BTreeMap<(UserId, RelationChunk), Vec<StoredRelation>>,
    pub(super) profiles: BTreeMap<UserId, Profile>,
    pub(super) settings: BTreeMap<SettingName, SettingValue>,
    pub(super) ended: BTreeMap<(UserId, ConversationId), Revision>,
    pub(super) epochs: BTreeMap<(), Vec<EpochRecord>>,
    pub(super) audit: BTreeMap<u64, AuditRecord>,
}

fn set<K: Ord, V>(tree: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(tree.insert(key, value)),
        None => drop(tree.remove(&key)),
    }
}

impl Trees {
    pub(super) fn put(&mut self, row: Row) {
        match row {
            Row::User(user, record) => set(&mut self.users, user, Some(record)),
            Row::Device(user, device, record) => set(&mut self.devices, (user, device), record),
            Row::Link(token, record) => set(&mut self.links, token, record),
            Row::Conversation(id, record) => set(&mut self.conversations, id, Some(record)),
            Row::Group(id, record) => set(&mut self.groups, id, record),
            Row::OpenGroup(id, name) => set(&mut self.open_groups, id, name),
            Row::Members(id, chunk, members) => set(
                &mut self.members,
                (id, chunk),
                (!members.is_empty()).then_some(members),
            ),
            Row::Membership(user, id, exists) => set(&mut self.memberships, (user, id), exists),
            Row::Ended(user, id, at) => set(&mut self.ended, (user, id), at),
            Row::Epochs(epochs) => set(&mut self.epochs, (), Some(epochs)),
            // The clock of the model stands still, and is not logged.
            Row::Clock(_) => {}
            Row::Uncounted(id, chunk, bytes) => set(&mut self.uncounted, (id, chunk), Some(bytes)),
            Row::Mentions(id, user, chunk, bytes) => {
                set(&mut self.mentions, (id, user, chunk), bytes)
            }
            row @ (Row::Attachment(..) | Row::Attached(..) | Row::AttachmentBytes(..)) => {
                self.attachments.put(row)
            }
            Row::Pins(id, pins) => set(&mut self.pins, id, (!pins.is_empty()).then_some(pins)),
            Row::Retention(id, retention) => set(&mut self.retention, id, retention),
            Row::Import(id, source, cursor) => set(&mut self.imports, (id, source), Some(cursor)),
            Row::SendCursors(device, stream, chunk, cursors) => {
                set(&mut self.cursors, (device, stream, chunk), Some(cursors))
            }
            Row::RecentSends(device, stream, part, sends) => {
                set(&mut self.recent, (device, stream, part), Some(sends))
            }
            Row::Relations(user, chunk, stored) => set(
                &mut self.relations,
                (user, chunk),
                (!stored.is_empty()).then_some(stored),
            ),
            Row::Audit(number, record) => set(&mut self.audit, number, record),
            // The desk has a model of its own, in core/tests/desk.
            Row::Queue(..)
            | Row::QueueHours(..)
            | Row::Agent(..)
            | Row::Inquiry(..)
            | Row::OpenInquiry(..)
            | Row::ClosedInquiry(..)
            | Row::Asker(..)
            | Row::Visitor(..)
            | Row::DeskKey(..)
            | Row::Canned(..)
            | Row::RouteRules(_) => {}
            Row::Profile(user, profile) => set(&mut self.profiles, user, profile),
            Row::Setting(name, value) => set(&mut self.settings, name, Some(value)),
            Row::StreamRemoved(device, stream) => {
                self.cursors
                    .retain(|key, _| (key.0, key.1) != (device, stream));
                self.recent
                    .retain(|key, _| (key.0, key.1) != (device, stream));
            }
        }
    }

    /// The state after a start, with everything that is always in memory.
    pub(super) fn open(&self) -> State {
        let mut state = State::default();
        for (&id, record) in &self.users {
            state.install_user(id, record.clone());
        }
        for (&(user, id), record) in &self.devices {
            state.install_device(user, id, record.clone());
        }
        for (&token, record) in &self.links {
            state.install_link(token, *record);
        }
        for (&(user, id), &record) in &self.memberships {
            state.install_membership(user, id, record);
        }
        for (&id, name) in &self.open_groups {
            state.install_open_group(id, name.clone());
        }
        for record in self.audit.values() {
            state.install_audit(record);
        }
        for (name, value) in &self.settings {
            state.install_setting(name, value);
        }
        for (&(user, _), stored) in &self.relations {
            state.install_blocks(user, stored);
        }
        for (&id, record) in &self.conversations {
            state.install_last_numbered(id);
            state.install_conversation_revision(id, record.changed);
        }
        for (&(id, _), members) in &self.members {
            members.iter().for_each(|member| {
                state.install_membership_revision(member.user, id, member.record.changed)
            });
        }
        for (&(user, id), &at) in &self.ended {
            state.install_ended(user, id, at);
        }
        state.install_epochs(self.epochs.get(&()).cloned().unwrap_or_default());
        self.attachments.open(&mut state);
        state
    }

    /// Loads what the state requires.
    pub(super) fn load(&self, state: &mut State, need: Load) {
        match need {
            Load::Conversation(id) => self.load_conversation(state, id),
            Load::Member(id, user) => {
                self.load_conversation(state, id);
                let chunk = MemberChunk::of(user);
                let mentions =
                    self.mentions_where(|of, user| of == id && MemberChunk::of(user) == chunk);
                state.install_members(
                    id,
                    chunk,
                    self.members.get(&(id, chunk)).cloned().unwrap_or_default(),
                    mentions,
                );
            }
            Load::Members(id) => {
                self.load_conversation(state, id);
                let mentioned = self
                    .mentions
                    .keys()
                    .filter(|key| key.0 == id)
                    .map(|key| MemberChunk::of(key.1));
                let chunks: BTreeSet<_> = self
                    .members
                    .keys()
                    .filter(|key| key.0 == id)
                    .map(|key| key.1)
                    .chain(mentioned)
                    .collect();
                for chunk in chunks {
                    let mentions =
                        self.mentions_where(|of, user| of == id && MemberChunk::of(user) == chunk);
                    state.install_members(
                        id,
                        chunk,
                        self.members.get(&(id, chunk)).cloned().unwrap_or_default(),
                        mentions,
                    );
                }
                state.install_members_complete(id);
            }
            // Entries are not rows; the log provides them.
            Load::Entry(..) | Load::Entries(..) => {}
            Load::Attachment(_) | Load::Attached(..) | Load::FirstAttached(_) => {
                self.attachments.load(state, need)
            }
            Load::Stream(device, stream) => {
                let cursors = self
                    .cursors
                    .iter()
                    .filter(|(key, _)| (key.0, key.1) == (device, stream));
                let recent = self
                    .recent
                    .iter()
                    .filter(|(key, _)| (key.0, key.1) == (device, stream));
                let (cursors, recent) = (
                    cursors.flat_map(|(_, chunk)| chunk.clone()),
                    recent.flat_map(|(_, part)| part.clone()),
                );
                state.install_stream(device, stream, cursors.collect(), recent.collect());
            }
            Load::Inquiry(_) | Load::Visitor(_) | Load::ClosedInquiries(_) => {}
            Load::Audit(first, last) => {
                let records = self.audit.range(first..=last);
                records.for_each(|(_, record)| state.install_audit_record(record.clone()));
            }
            Load::Profile(user) => state.install_profile(user, self.profiles.get(&user).cloned()),
            Load::Relations(user) => {
                let stored = self.relations.iter().filter(|(key, _)| key.0 == user);
                state
                    .install_relations(user, stored.flat_map(|(_, chunk)| chunk.clone()).collect());
            }
        }
    }

    fn load_conversation(&self, state: &mut State, id: ConversationId) {
        let Some(record) = self
            .conversations
            .get(&id)
            .filter(|_| state.conversation(id).is_none())
        else {
            return;
        };
        let found = state.install_conversation(id, record.clone());
        found.pins = self.pins.get(&id).cloned().unwrap_or_default();
        found.install_mentions(self.mentions_where(|of, user| of == id && user == UserId::SERVER));
        found.retention = self.retention.get(&id).copied();
        found.group = self.groups.get(&id).cloned().unwrap_or_default();
        for (&(_, chunk), bytes) in self.uncounted.iter().filter(|(key, _)| key.0 == id) {
            found.uncounted.install(chunk, bytes).unwrap();
        }
        for (&(_, source), &cursor) in self.imports.iter().filter(|(key, _)| key.0 == id) {
            state.install_import(id, source, cursor);
        }
    }

    fn mentions_where(
        &self,
        mut is_wanted: impl FnMut(ConversationId, UserId) -> bool,
    ) -> Vec<StoredMentions> {
        let mut sets = BTreeMap::<UserId, MsgIdSet>::new();
        for (&(_, user, chunk), bytes) in self
            .mentions
            .iter()
            .filter(|(key, _)| is_wanted(key.0, key.1))
        {
            sets.entry(user).or_default().install(chunk, bytes).unwrap();
        }
        sets.into_iter()
            .map(|(user, mentions)| StoredMentions { user, mentions })
            .collect()
    }

    /// Removes the unreachable rows of revoked devices.
    pub(super) fn sweep(&mut self) {
        let alive: BTreeSet<DeviceId> = self.devices.keys().map(|key| key.1).collect();
        self.cursors.retain(|key, _| alive.contains(&key.0));
        self.recent.retain(|key, _| alive.contains(&key.0));
    }

    /// The members as loaded, without cursors of revoked devices.
    pub(super) fn living_members(
        &self,
    ) -> BTreeMap<(ConversationId, MemberChunk), Vec<StoredMember>> {
        let alive: BTreeSet<DeviceId> = self.devices.keys().map(|key| key.1).collect();
        let mut members = self.members.clone();
        for member in members.values_mut().flatten() {
            member
                .delivered
                .retain(|(device, _)| alive.contains(device));
            member.delivered.sort_unstable();
            member.record.changed = Revision::default();
        }
        members
    }

    /// The trees after a crash during a checkpoint: for each key, the older or the newer value.
    pub(super) fn mixed(
        older: &Self,
        newer: &Self,
        mut is_older: impl FnMut(Tree) -> bool,
    ) -> Self {
        let pick = &mut is_older;
        Self {
            users: mix(&older.users, &newer.users, || pick(Tree::Users)),
            devices: mix(&older.devices, &newer.devices, || pick(Tree::Devices)),
            links: mix(&older.links, &newer.links, || pick(Tree::Links)),
            conversations: mix(&older.conversations, &newer.conversations, || {
                pick(Tree::Conversations)
            }),
            members: mix(&older.members, &newer.members, || pick(Tree::Members)),
            memberships: mix(&older.memberships, &newer.memberships, || {
                pick(Tree::Memberships)
            }),
            uncounted: mix(&older.uncounted, &newer.uncounted, || pick(Tree::Uncounted)),
            mentions: mix(&older.mentions, &newer.mentions, || pick(Tree::Mentions)),
            attachments: AttachmentTrees::mixed(&older.attachments, &newer.attachments, pick),
            pins: mix(&older.pins, &newer.pins, || pick(Tree::Pins)),
            retention: mix(&older.retention, &newer.retention, || pick(Tree::Retention)),
            imports: mix(&older.imports, &newer.imports, || pick(Tree::Imports)),
            cursors: mix(&older.cursors, &newer.cursors, || pick(Tree::Cursors)),
            recent: mix(&older.recent, &newer.recent, || pick(Tree::Recent)),
            groups: mix(&older.groups, &newer.groups, || pick(Tree::Groups)),
            ended: mix(&older.ended, &newer.ended, || pick(Tree::Ended)),
            epochs: mix(&older.epochs, &newer.epochs, || pick(Tree::Meta)),
            open_groups: mix(&older.open_groups, &newer.open_groups, || {
                pick(Tree::OpenGroups)
            }),
            relations: mix(&older.relations, &newer.relations, || pick(Tree::Relations)),
            profiles: mix(&older.profiles, &newer.profiles, || pick(Tree::Profiles)),
            settings: mix(&older.settings, &newer.settings, || pick(Tree::Settings)),
            audit: mix(&older.audit, &newer.audit, || pick(Tree::Audit)),
        }
    }
}

pub(super) fn mix<K: Ord + Clone, V: Clone>(
    older: &BTreeMap<K, V>,
    newer: &BTreeMap<K, V>,
    mut is_older: impl FnMut() -> bool,
) -> BTreeMap<K, V> {
    let keys: BTreeSet<K> = older.keys().chain(newer.keys()).cloned().collect();
    let pick = |key: K| {
        (if is_older() {
            older.get(&key)
        } else {
            newer.get(&key)
        })
        .cloned()
        .map(|value| (key, value))
    };
    keys.into_iter().filter_map(pick).collect()
}

#[derive(Clone, Debug)]
pub(super) struct Coin(pub(super) u64);

impl Coin {
    pub(super) fn toss(&mut self) -> bool {
        // splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 63 == 1
    }
}
