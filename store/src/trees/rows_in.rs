//! From rows to the state machine: what is always in memory, at the start, and what a command
//! loads, when it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::content::message::{Entry, Message, unpack_entry};
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, Revision, SendStreamId, UserId};
use cairn_proto::model::retention::Retention;
use cairn_proto::text::{GroupName, SettingValue};
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::request::PullRange;
use serde::de::DeserializeOwned;

use crate::blocks::run::RunLimits;
use crate::timeline::history::{History, HistoryError};
use crate::timeline::{Timeline, Timelines};
use crate::trees::db::{Trees, TreesError};
use crate::trees::rows::{RowDamage, RowError};
use crate::trees::{MetaKey, RowKey, RowPrefix, Tree, parse};
use cairn_core::State;
use cairn_core::limits::REFS_DROPPED_MAX;
use cairn_core::prefetch::Load;
use cairn_core::record::AttachmentRecord;
use cairn_core::record::MsgIdSet;
use cairn_core::record::StoredRelation;
use cairn_core::record::{
    ConversationRecord, DeviceRecord, GroupRecord, InviteRecord, MemberChunk, MembershipRecord,
    RecentSend, SendCursor, StoredMember, StoredMentions, UserRecord,
};

/// Loads parts of the state from the trees.
#[derive(Clone, Debug)]
pub struct Loader {
    trees: Trees,
    history: History,
    timelines: Arc<Timelines>,
}

/// Why a part of the state cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The trees.
    #[error(transparent)]
    Trees(#[from] TreesError),
    /// An entry cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// An entry is not what was written.
    #[error("an entry does not decode: {0}")]
    Entry(#[from] DecodeError),
}

/// The greatest id that the server gives to a conversation.
const LAST_NUMBERED: ConversationId = ConversationId::new(u32::MAX as u64);

impl Loader {
    /// Loads from these trees. Each conversation that is loaded gets its timeline.
    #[must_use]
    pub fn new(trees: Trees, timelines: Arc<Timelines>) -> Self {
        Self {
            history: History::new(trees.clone()),
            trees,
            timelines,
        }
    }

    /// The state that is always in memory: settings, users, devices, invites, who is a member of
    /// what, and the names of open groups.
    ///
    /// # Errors
    /// When rows are damaged.
    pub fn load_base(&self) -> Result<State, TreesError> {
        let mut state = State::default();
        self.each(&RowPrefix::all(Tree::Users), |key, record: UserRecord| {
            if let Some(user) = parse::user(key.bytes()) {
                state.install_user(user, record);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::Devices),
            |key, record: DeviceRecord| {
                if let Some((user, device)) = parse::device(key.bytes()) {
                    state.install_device(user, device, record);
                }
            },
        )?;
        self.each(
            &RowPrefix::all(Tree::Invites),
            |key, record: InviteRecord| {
                if let Some(token) = parse::invite(key.bytes()) {
                    state.install_invite(token, record);
                }
            },
        )?;
        self.each(
            &RowPrefix::all(Tree::Memberships),
            |key, record: MembershipRecord| {
                if let Some((user, conversation)) = parse::membership(key.bytes()) {
                    state.install_membership(user, conversation, record);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::OpenGroups), |key, name: GroupName| {
            if let Some(conversation) = parse::conversation(key.bytes()) {
                state.install_open_group(conversation, name);
            }
        })?;
        self.each(
            &RowPrefix::all(Tree::Settings),
            |key, value: SettingValue| {
                if let Some(name) = parse::setting(key.bytes()) {
                    state.install_setting(&name, &value);
                }
            },
        )?;
        self.revisions(&mut state)?;
        self.each(&RowPrefix::all(Tree::AttachmentBytes), |key, bytes: u64| {
            if let Some(user) = parse::user(key.bytes()) {
                state.attachments.install_bytes(user, bytes);
            }
        })?;
        self.each(&RowPrefix::all(Tree::Unused), |key, (): ()| {
            if let Some(hash) = parse::attachment(key.bytes()) {
                state.attachments.install_unused(hash);
            }
        })?;
        let last = self.trees.last_value(
            &RowPrefix::all(Tree::Conversations),
            &RowKey::conversation(LAST_NUMBERED),
        )?;
        if let Some(id) = last.and_then(|(key, _)| parse::conversation(key.bytes())) {
            state.install_last_numbered(id);
        }
        Ok(state)
    }

    /// When what last changed. Nothing is kept of the conversations and memberships but that.
    fn revisions(&self, state: &mut State) -> Result<(), TreesError> {
        self.each(
            &RowPrefix::all(Tree::Conversations),
            |key, record: ConversationRecord| {
                if let Some(id) = parse::conversation(key.bytes()) {
                    state.install_conversation_revision(id, record.changed);
                }
            },
        )?;
        self.each(
            &RowPrefix::all(Tree::Members),
            |key, members: Vec<StoredMember>| {
                let Some((id, _)) = parse::members(key.bytes()) else {
                    return;
                };
                for StoredMember { user, record, .. } in members {
                    state.install_membership_revision(user, id, record.changed);
                }
            },
        )?;
        self.each(&RowPrefix::all(Tree::Ended), |key, at: Revision| {
            if let Some((user, id)) = parse::membership(key.bytes()) {
                state.install_ended(user, id, at);
            }
        })?;
        state.install_epochs(
            self.trees
                .read(&RowKey::meta(MetaKey::Epochs))?
                .unwrap_or_default(),
        );
        Ok(())
    }

    /// Loads one part. What is not stored is left out: it does not exist.
    ///
    /// # Errors
    /// When rows are damaged.
    pub fn load(&self, state: &mut State, need: Load) -> Result<(), LoadError> {
        match need {
            Load::Conversation(conversation) => {
                Ok(self.conversation(state, conversation).map(drop)?)
            }
            Load::Member(conversation, user) => {
                let is_there = self.conversation(state, conversation)?;
                let is_known = state
                    .conversation(conversation)
                    .is_some_and(|found| found.knows(user));
                if is_there && !is_known {
                    Ok(self.chunk(state, conversation, MemberChunk::of(user))?)
                } else {
                    Ok(())
                }
            }
            Load::Members(conversation) => Ok(self.members(state, conversation)?),
            Load::Entry(conversation, msgid) => self.entry(state, conversation, msgid),
            Load::Entries(conversation, first, last) => {
                self.entries(state, conversation, first, last)
            }
            Load::Stream(device, stream) => Ok(self.stream(state, device, stream)?),
            Load::Relations(user) => Ok(self.relations(state, user)?),
            Load::Profile(user) => {
                state.install_profile(user, self.trees.read(&RowKey::profile(user))?);
                Ok(())
            }
            Load::Attachment(hash) => Ok(self.attachment(state, hash)?),
            Load::Attached(conversation, msgid) => Ok(self.attached(state, conversation, msgid)?),
            Load::FirstAttached(conversation) => Ok(self.first_attached(state, conversation)?),
        }
    }

    /// A durable entry of a conversation in memory.
    fn entry(
        &self,
        state: &mut State,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<(), LoadError> {
        let Some(timeline) = self
            .timelines
            .get(conversation)
            .filter(|_| state.conversation(conversation).is_some())
        else {
            return Ok(());
        };
        let run =
            self.history
                .read(&timeline, PullRange::From(msgid), RunLimits::of_messages(1))?;
        if run.first == msgid && run.count == 1 {
            state.install_entry(conversation, msgid, unpack_entry(&run.entries)?);
        }
        Ok(())
    }

    /// The durable entries of a conversation in memory, from the first to the last of these.
    fn entries(
        &self,
        state: &mut State,
        conversation: ConversationId,
        first: MsgId,
        last: MsgId,
    ) -> Result<(), LoadError> {
        let Some(timeline) = self
            .timelines
            .get(conversation)
            .filter(|_| state.conversation(conversation).is_some())
        else {
            return Ok(());
        };
        let last = last.min(timeline.head());
        let mut next = first;
        while next <= last {
            let wanted = u32::try_from(last.above(next) + 1).unwrap_or(u32::MAX);
            let run = self.history.read(
                &timeline,
                PullRange::From(next),
                RunLimits::of_messages(wanted),
            )?;
            if run.count == 0 {
                break;
            }
            next = run.last().next();
            for message in run.messages()? {
                let Message {
                    msgid,
                    sender,
                    sent_at,
                    body,
                    extras,
                    ..
                } = message;
                state.install_entry(
                    conversation,
                    msgid,
                    Entry {
                        sender,
                        sent_at,
                        body,
                        extras,
                    },
                );
            }
        }
        Ok(())
    }

    /// Whether there is such a conversation, in memory at last.
    fn conversation(&self, state: &mut State, id: ConversationId) -> Result<bool, TreesError> {
        if state.conversation(id).is_some() {
            return Ok(true);
        }
        let Some(record) = self
            .trees
            .read::<ConversationRecord>(&RowKey::conversation(id))?
        else {
            return Ok(false);
        };
        // Everything is read before anything is installed: a conversation that is damaged in part
        // must not count as loaded.
        let mut uncounted = MsgIdSet::default();
        let mut damaged = None;
        self.each(&RowPrefix::uncounted_of(id), |key, bytes: Vec<u8>| {
            let chunk = parse::uncounted(key.bytes()).map(|(_, chunk)| chunk);
            if chunk
                .and_then(|chunk| uncounted.install(chunk, &bytes))
                .is_none()
            {
                damaged = Some(*key);
            }
        })?;
        if let Some(key) = damaged {
            return Err(malformed(key));
        }
        let mentions_of_all = self.mentions(&RowPrefix::mentions_of_user(id, UserId::SERVER))?;
        let pins = self.trees.read::<Vec<MsgId>>(&RowKey::pins(id))?;
        let retention = self.trees.read::<Retention>(&RowKey::retention(id))?;
        let mut imports = Vec::new();
        self.each(&RowPrefix::imports_of(id), |key, cursor: u64| {
            imports.extend(parse::import(key.bytes()).map(|(_, source)| (source, cursor)));
        })?;
        let group = self
            .trees
            .read::<GroupRecord>(&RowKey::group(id))?
            .unwrap_or_default();
        self.timelines
            .get_or_insert_with(id, || Timeline::new(id, record.floor, record.head));
        let conversation = state.install_conversation(id, record);
        conversation.install_mentions(mentions_of_all);
        conversation.uncounted = uncounted;
        conversation.pins = pins.unwrap_or_default();
        conversation.group = group;
        conversation.retention = retention;
        conversation.imports.extend(imports);
        Ok(true)
    }

    fn chunk(
        &self,
        state: &mut State,
        conversation: ConversationId,
        chunk: MemberChunk,
    ) -> Result<(), TreesError> {
        let members = self
            .trees
            .read::<Vec<StoredMember>>(&RowKey::members(conversation, chunk))?;
        let mentions = self.mentions(&RowPrefix::mentions_of_chunk(conversation, chunk))?;
        state.install_members(conversation, chunk, members.unwrap_or_default(), mentions);
        Ok(())
    }

    /// The sets of the users whose rows begin with `prefix`.
    fn mentions(&self, prefix: &RowPrefix) -> Result<Vec<StoredMentions>, TreesError> {
        let mut found: Vec<StoredMentions> = Vec::new();
        self.trees.each(prefix, |key, bytes: Vec<u8>| {
            let (_, user, chunk) = parse::mentions(key.bytes()).ok_or_else(|| malformed(*key))?;
            if found.last().is_none_or(|last| last.user != user) {
                found.push(StoredMentions {
                    user,
                    mentions: MsgIdSet::default(),
                });
            }
            let installed = found
                .last_mut()
                .and_then(|last| last.mentions.install(chunk, &bytes));
            installed.ok_or_else(|| malformed(*key))
        })?;
        Ok(found)
    }

    fn members(&self, state: &mut State, conversation: ConversationId) -> Result<(), TreesError> {
        if !self.conversation(state, conversation)? {
            return Ok(());
        }
        let mut members: BTreeMap<MemberChunk, Vec<StoredMember>> = BTreeMap::new();
        self.each(
            &RowPrefix::members_of(conversation),
            |key, stored: Vec<StoredMember>| {
                members.extend(parse::members(key.bytes()).map(|(_, chunk)| (chunk, stored)));
            },
        )?;
        let mut mentions: BTreeMap<MemberChunk, Vec<StoredMentions>> = BTreeMap::new();
        for of_user in self.mentions(&RowPrefix::mentions_of(conversation))? {
            mentions
                .entry(MemberChunk::of(of_user.user))
                .or_default()
                .push(of_user);
        }
        // Who was a member once may have mentions and no membership.
        let chunks: BTreeSet<MemberChunk> =
            members.keys().chain(mentions.keys()).copied().collect();
        for chunk in chunks {
            let of_chunk = (
                members.remove(&chunk).unwrap_or_default(),
                mentions.remove(&chunk).unwrap_or_default(),
            );
            state.install_members(conversation, chunk, of_chunk.0, of_chunk.1);
        }
        state.install_members_complete(conversation);
        Ok(())
    }

    fn stream(
        &self,
        state: &mut State,
        device: DeviceId,
        stream: SendStreamId,
    ) -> Result<(), TreesError> {
        let (mut cursors, mut recent) = (Vec::new(), Vec::new());
        self.each(
            &RowPrefix::cursors_of(device, stream),
            |_, chunk: Vec<SendCursor>| cursors.extend(chunk),
        )?;
        self.each(
            &RowPrefix::recent_of(device, stream),
            |_, part: Vec<RecentSend>| recent.extend(part),
        )?;
        state.install_stream(device, stream, cursors, recent);
        Ok(())
    }

    fn relations(&self, state: &mut State, user: UserId) -> Result<(), TreesError> {
        let mut relations = Vec::new();
        self.each(
            &RowPrefix::relations_of(user),
            |_, chunk: Vec<StoredRelation>| relations.extend(chunk),
        )?;
        state.install_relations(user, relations);
        Ok(())
    }

    fn attachment(&self, state: &mut State, hash: AttachmentHash) -> Result<(), TreesError> {
        let record = self
            .trees
            .read::<AttachmentRecord>(&RowKey::attachment(hash))?;
        state.attachments.install_record(hash, record);
        Ok(())
    }

    /// What a message names, and that attachment.
    fn attached(
        &self,
        state: &mut State,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<(), TreesError> {
        let stored = self
            .trees
            .read::<AttachmentHash>(&RowKey::attached(conversation, msgid))?;
        state.attachments.install_ref(conversation, msgid, stored);
        // What is in memory may be newer.
        state
            .attachments
            .attachment_of(conversation, msgid)
            .map_or(Ok(()), |hash| self.attachment(state, hash))
    }

    /// What the first messages above the floor of a conversation name that name anything, and those
    /// attachments. Of what went before, the trees may still hold rows.
    fn first_attached(
        &self,
        state: &mut State,
        conversation: ConversationId,
    ) -> Result<(), TreesError> {
        let mut last = state
            .conversation(conversation)
            .map_or(MsgId::ZERO, |found| found.record.floor);
        let after = RowKey::attached(conversation, last);
        let stored = self.trees.scan::<AttachmentHash>(
            &RowPrefix::attached_in(conversation),
            Some(&after),
            REFS_DROPPED_MAX,
        )?;
        let is_all = stored.len() < REFS_DROPPED_MAX;
        for (key, hash) in stored {
            let Some((_, msgid)) = parse::attached(key.bytes()) else {
                continue;
            };
            state
                .attachments
                .install_ref(conversation, msgid, Some(hash));
            last = msgid;
        }
        let known = if is_all { MsgId::new(u64::MAX) } else { last };
        state.attachments.install_known_through(conversation, known);
        for hash in state.attachments.hashes_through(conversation, known) {
            if !state.attachments.knows(hash) {
                self.attachment(state, hash)?;
            }
        }
        Ok(())
    }

    fn each<T: DeserializeOwned>(
        &self,
        prefix: &RowPrefix,
        mut take: impl FnMut(&RowKey, T),
    ) -> Result<(), TreesError> {
        self.trees.each(prefix, |key, record| {
            take(key, record);
            Ok(())
        })
    }
}

fn malformed(key: RowKey) -> TreesError {
    TreesError::Row(RowError {
        key,
        what: RowDamage::Decode(DecodeError::Malformed),
    })
}
