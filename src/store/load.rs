//! From rows to the state machine: what is always in memory, at the start, and what a command needs, when it comes.

use std::sync::Arc;

use cairn_proto::codec::DecodeError;
use cairn_proto::ids::{ConversationId, DeviceId, SendStreamId, UserId};
use cairn_proto::text::SettingValue;
use serde::de::DeserializeOwned;

use super::db::{Trees, TreesError};
use super::rows::{RowDamage, RowError};
use super::timeline::{Timeline, Timelines};
use super::trees::{RowKey, RowPrefix, Tree, parse};
use crate::core::State;
use crate::core::needs::Need;
use crate::core::record::{ConversationRecord, DeviceRecord, InviteRecord, MemberChunk, RecentSend, SendCursor, StoredMember, UserRecord};
use crate::core::relation::StoredRelation;
use crate::core::uncounted::Uncounted;

/// Loads parts of the state from the trees.
#[derive(Clone, Debug)]
pub struct Loader {
    trees: Trees,
    timelines: Arc<Timelines>,
}

/// The greatest id that the server gives to a conversation.
const LAST_NUMBERED: ConversationId = ConversationId::new(u32::MAX as u64);

impl Loader {
    /// Loads from these trees. Each conversation that is loaded gets its timeline.
    #[must_use]
    pub const fn new(trees: Trees, timelines: Arc<Timelines>) -> Self {
        Self { trees, timelines }
    }

    /// The state that is always in memory: settings, users, devices, invites, and who is a member of what.
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
        self.each(&RowPrefix::all(Tree::Devices), |key, record: DeviceRecord| {
            if let Some((user, device)) = parse::device(key.bytes()) {
                state.install_device(user, device, record);
            }
        })?;
        self.each(&RowPrefix::all(Tree::Invites), |key, record: InviteRecord| {
            if let Some(token) = parse::invite(key.bytes()) {
                state.install_invite(token, record);
            }
        })?;
        self.each(&RowPrefix::all(Tree::Memberships), |key, (): ()| {
            if let Some((user, conversation)) = parse::membership(key.bytes()) {
                state.install_membership(user, conversation);
            }
        })?;
        self.each(&RowPrefix::all(Tree::Settings), |key, value: SettingValue| {
            if let Some(name) = parse::setting(key.bytes()) {
                state.install_setting(&name, &value);
            }
        })?;
        let last = self.trees.last_value(&RowPrefix::all(Tree::Conversations), &RowKey::conversation(LAST_NUMBERED))?;
        if let Some(id) = last.and_then(|(key, _)| parse::conversation(key.bytes())) {
            state.install_last_numbered(id);
        }
        Ok(state)
    }

    /// Loads one part. What is not stored is left out: it does not exist.
    ///
    /// # Errors
    /// When rows are damaged.
    pub fn load(&self, state: &mut State, need: Need) -> Result<(), TreesError> {
        match need {
            Need::Conversation(conversation) => self.conversation(state, conversation).map(drop),
            Need::Member(conversation, user) => {
                if self.conversation(state, conversation)? {
                    self.chunk(state, conversation, MemberChunk::of(user))?;
                }
                Ok(())
            }
            Need::Members(conversation) => self.members(state, conversation),
            Need::Stream(device, stream) => self.stream(state, device, stream),
            Need::Relations(user) => self.relations(state, user),
            Need::Profile(user) => {
                state.install_profile(user, self.trees.read(&RowKey::profile(user))?);
                Ok(())
            }
        }
    }

    /// Whether there is such a conversation, in memory at last.
    fn conversation(&self, state: &mut State, id: ConversationId) -> Result<bool, TreesError> {
        if state.conversation(id).is_some() {
            return Ok(true);
        }
        let Some(record) = self.trees.read::<ConversationRecord>(&RowKey::conversation(id))? else { return Ok(false) };
        // Everything is read before anything is installed: a conversation that is damaged in part must not count as loaded.
        let mut uncounted = Uncounted::default();
        let mut damaged = None;
        self.each(&RowPrefix::uncounted_of(id), |key, bytes: Vec<u8>| {
            let chunk = parse::uncounted(key.bytes()).map(|(_, chunk)| chunk);
            if chunk.and_then(|chunk| uncounted.install(chunk, &bytes)).is_none() {
                damaged = Some(*key);
            }
        })?;
        if let Some(key) = damaged {
            return Err(TreesError::Row(RowError { key, what: RowDamage::Decode(DecodeError::Malformed) }));
        }
        let mut imports = Vec::new();
        self.each(&RowPrefix::imports_of(id), |key, cursor: u64| {
            imports.extend(parse::import(key.bytes()).map(|(_, source)| (source, cursor)));
        })?;
        self.timelines.get_or_insert_with(id, || Timeline::new(id, record.floor, record.head));
        let conversation = state.install_conversation(id, record);
        conversation.uncounted = uncounted;
        conversation.imports.extend(imports);
        Ok(true)
    }

    fn chunk(&self, state: &mut State, conversation: ConversationId, chunk: MemberChunk) -> Result<(), TreesError> {
        let members = self.trees.read::<Vec<StoredMember>>(&RowKey::members(conversation, chunk))?;
        state.install_members(conversation, chunk, members.unwrap_or_default());
        Ok(())
    }

    fn members(&self, state: &mut State, conversation: ConversationId) -> Result<(), TreesError> {
        if !self.conversation(state, conversation)? {
            return Ok(());
        }
        self.each(&RowPrefix::members_of(conversation), |key, members: Vec<StoredMember>| {
            if let Some((_, chunk)) = parse::members(key.bytes()) {
                state.install_members(conversation, chunk, members);
            }
        })?;
        state.install_members_complete(conversation);
        Ok(())
    }

    fn stream(&self, state: &mut State, device: DeviceId, stream: SendStreamId) -> Result<(), TreesError> {
        let (mut cursors, mut recent) = (Vec::new(), Vec::new());
        self.each(&RowPrefix::cursors_of(device, stream), |_, chunk: Vec<SendCursor>| cursors.extend(chunk))?;
        self.each(&RowPrefix::recent_of(device, stream), |_, part: Vec<RecentSend>| recent.extend(part))?;
        state.install_stream(device, stream, cursors, recent);
        Ok(())
    }

    fn relations(&self, state: &mut State, user: UserId) -> Result<(), TreesError> {
        let mut relations = Vec::new();
        self.each(&RowPrefix::relations_of(user), |_, chunk: Vec<StoredRelation>| relations.extend(chunk))?;
        state.install_relations(user, relations);
        Ok(())
    }

    fn each<T: DeserializeOwned>(&self, prefix: &RowPrefix, mut take: impl FnMut(&RowKey, T)) -> Result<(), TreesError> {
        self.trees.each(prefix, |key, record| {
            take(key, record);
            Ok(())
        })
    }
}
