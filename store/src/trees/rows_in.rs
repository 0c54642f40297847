//! Loading the state machine's state from rows: the base at the start, the rest when a command
//! needs it.

mod attached;
mod base;
mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_proto::content::message::{Entry, Message, unpack_entry};
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, UserId};
use cairn_proto::model::audit::AuditRecord;
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::request::session::PullRange;
use serde::de::DeserializeOwned;

use crate::blocks::run::RunLimits;
use crate::timeline::history::{History, HistoryError};
use crate::timeline::{Timeline, Timelines};
use crate::trees::db::{Trees, TreesError};
use crate::trees::rows::{RowDamage, RowError};
use crate::trees::{RowKey, RowPrefix, parse};
use cairn_core::State;
use cairn_core::prefetch::Load;
use cairn_core::record::MsgIdSet;
use cairn_core::record::StoredRelation;
use cairn_core::record::{
    ConversationRecord, GroupRecord, MemberChunk, RecentSend, SendCursor, StoredMember,
    StoredMentions,
};

#[derive(Clone, Debug)]
pub(crate) struct Loader {
    trees: Trees,
    history: History,
    timelines: Arc<Timelines>,
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Trees(#[from] TreesError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("an entry does not decode: {0}")]
    Entry(#[from] DecodeError),
}

impl Loader {
    /// Each loaded conversation gets its timeline.
    #[must_use]
    pub(crate) fn new(trees: Trees, timelines: Arc<Timelines>) -> Self {
        Self {
            history: History::new(trees.clone()),
            trees,
            timelines,
        }
    }

    /// Loads one part. What is not stored does not exist, and is left out.
    pub(crate) fn load(&self, state: &mut State, load: Load) -> Result<(), LoadError> {
        match load {
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
            Load::Inquiry(id) => Ok(self.inquiry(state, id)?),
            Load::Visitor(id) => Ok(self.visitor(state, id)?),
            Load::ClosedInquiries(page) => Ok(self.closed_inquiries(state, page)?),
            Load::Attachment(hash) => Ok(self.attachment(state, hash)?),
            Load::Attached(conversation, msgid) => Ok(self.attached(state, conversation, msgid)?),
            Load::FirstAttached(conversation) => Ok(self.first_attached(state, conversation)?),
            Load::Audit(first, last) => {
                for number in first..=last {
                    let record = self.trees.read::<AuditRecord>(&RowKey::audit(number))?;
                    if let Some(record) = record {
                        state.install_audit_record(record);
                    }
                }
                Ok(())
            }
        }
    }

    /// Loads a durable entry of a conversation in memory.
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

    /// Loads a range of durable entries of a conversation in memory.
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

    /// Loads a conversation. Returns whether it exists.
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
        // Everything is read before anything is installed: a partly damaged conversation must not
        // count as loaded.
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

    /// Reads the mention sets whose rows have this prefix.
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
        // A former member may have mentions but no membership.
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
