//! Row keys, built from ids. [`super::parse`] reads them back.

mod attachments;
mod desk;

use cairn_proto::ids::{ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, UserId};
use cairn_proto::text::SettingName;

use cairn_core::record::RelationChunk;
use cairn_core::record::{CursorChunk, MemberChunk, RecentPart, SecretHash};

use super::tree::Tree;

/// The keys of the tree `meta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MetaKey {
    /// The last batch that the trees hold durably, a `Position`.
    Checkpoint = 1,
    /// The starts of the server, a list of `EpochRecord`.
    Epochs = 2,
    /// About the reclaimable bytes of removed blocks, a `u64`.
    Reclaimable = 3,
    /// The id of the data directory, a `DirectoryId`.
    Directory = 4,
    /// The server's clock, a `Timestamp`.
    Clock = 5,
    /// The routing rules of the support desk.
    RouteRules = 6,
}

/// The longest key, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 32;

/// A key with its tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    tree: Tree,
    bytes: [u8; KEY_BYTES_MAX],
    len: usize,
}

/// The common prefix of a range of keys in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPrefix(RowKey);

impl std::fmt::Debug for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/", self.tree)?;
        self.bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Display for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl RowKey {
    fn new(tree: Tree) -> Self {
        Self {
            tree,
            bytes: [0; KEY_BYTES_MAX],
            len: 0,
        }
    }

    /// Returns the key with these bytes; `None` when they are too many.
    #[must_use]
    pub fn from_bytes(tree: Tree, bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= KEY_BYTES_MAX).then(|| Self::new(tree).and(bytes))
    }

    /// Appends bytes. No layout in this file is longer than [`KEY_BYTES_MAX`].
    fn and(mut self, bytes: &[u8]) -> Self {
        let end = self.len + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
        self
    }

    fn and_u32(self, number: u32) -> Self {
        self.and(&number.to_be_bytes())
    }

    fn and_u64(self, number: u64) -> Self {
        self.and(&number.to_be_bytes())
    }

    #[must_use]
    pub const fn tree(&self) -> Tree {
        self.tree
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    #[must_use]
    pub fn block(conversation: ConversationId, first: MsgId) -> Self {
        Self::new(Tree::Messages)
            .and_u64(conversation.get())
            .and_u64(first.get())
    }

    #[must_use]
    pub fn conversation(conversation: ConversationId) -> Self {
        Self::new(Tree::Conversations).and_u64(conversation.get())
    }

    /// The settings of a group.
    #[must_use]
    pub fn group(conversation: ConversationId) -> Self {
        Self::new(Tree::Groups).and_u64(conversation.get())
    }

    #[must_use]
    pub fn open_group(conversation: ConversationId) -> Self {
        Self::new(Tree::OpenGroups).and_u64(conversation.get())
    }

    /// A record of the audit log.
    #[must_use]
    pub fn audit(number: u64) -> Self {
        Self::new(Tree::Audit).and_u64(number)
    }

    #[must_use]
    pub fn members(conversation: ConversationId, chunk: MemberChunk) -> Self {
        Self::new(Tree::Members)
            .and_u64(conversation.get())
            .and_u32(chunk.get())
    }

    /// A chunk of the set of entries that do not count as unread.
    #[must_use]
    pub fn uncounted(conversation: ConversationId, chunk: u64) -> Self {
        Self::new(Tree::Uncounted)
            .and_u64(conversation.get())
            .and_u64(chunk)
    }

    /// A chunk of the set of messages that mention a user.
    #[must_use]
    pub fn mentions(conversation: ConversationId, user: UserId, chunk: u64) -> Self {
        let members = MemberChunk::of(user).get();
        Self::new(Tree::Mentions)
            .and_u64(conversation.get())
            .and_u32(members)
            .and_u32(user.get())
            .and_u64(chunk)
    }

    #[must_use]
    pub fn pins(conversation: ConversationId) -> Self {
        Self::new(Tree::Pins).and_u64(conversation.get())
    }

    #[must_use]
    pub fn retention(conversation: ConversationId) -> Self {
        Self::new(Tree::Retention).and_u64(conversation.get())
    }

    #[must_use]
    pub fn cursors(device: DeviceId, stream: SendStreamId, chunk: CursorChunk) -> Self {
        Self::new(Tree::Cursors)
            .and_u64(device.get())
            .and_u64(stream.get())
            .and_u64(chunk.get())
    }

    #[must_use]
    pub fn recent(device: DeviceId, stream: SendStreamId, part: RecentPart) -> Self {
        Self::new(Tree::Recent)
            .and_u64(device.get())
            .and_u64(stream.get())
            .and(&[part.get()])
    }

    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self::new(Tree::Users).and_u32(user.get())
    }

    #[must_use]
    pub fn device(user: UserId, device: DeviceId) -> Self {
        Self::new(Tree::Devices)
            .and_u32(user.get())
            .and_u64(device.get())
    }

    #[must_use]
    pub fn link(token: &SecretHash) -> Self {
        Self::new(Tree::Links).and(&token.0)
    }

    #[must_use]
    pub fn membership(user: UserId, conversation: ConversationId) -> Self {
        Self::new(Tree::Memberships)
            .and_u32(user.get())
            .and_u64(conversation.get())
    }

    #[must_use]
    pub fn ended(user: UserId, conversation: ConversationId) -> Self {
        Self::new(Tree::Ended)
            .and_u32(user.get())
            .and_u64(conversation.get())
    }

    #[must_use]
    pub fn import(conversation: ConversationId, source: ImportSource) -> Self {
        Self::new(Tree::Imports)
            .and_u64(conversation.get())
            .and_u64(source.get())
    }

    #[must_use]
    pub fn relations(user: UserId, chunk: RelationChunk) -> Self {
        Self::new(Tree::Relations)
            .and_u32(user.get())
            .and_u32(chunk.get())
    }

    #[must_use]
    pub fn profile(user: UserId) -> Self {
        Self::new(Tree::Profiles).and_u32(user.get())
    }

    #[must_use]
    pub fn setting(name: &SettingName) -> Self {
        Self::new(Tree::Settings).and(name.as_str().as_bytes())
    }

    #[must_use]
    pub fn meta(key: MetaKey) -> Self {
        Self::new(Tree::Meta).and(&[key as u8])
    }
}

impl RowPrefix {
    #[must_use]
    pub fn all(tree: Tree) -> Self {
        Self(RowKey::new(tree))
    }

    #[must_use]
    pub(crate) fn blocks_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Messages).and_u64(conversation.get()))
    }

    #[must_use]
    pub(crate) fn members_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Members).and_u64(conversation.get()))
    }

    #[must_use]
    pub fn uncounted_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Uncounted).and_u64(conversation.get()))
    }

    #[must_use]
    pub(crate) fn mentions_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Mentions).and_u64(conversation.get()))
    }

    #[must_use]
    pub(crate) fn mentions_of_chunk(conversation: ConversationId, chunk: MemberChunk) -> Self {
        Self(
            RowKey::new(Tree::Mentions)
                .and_u64(conversation.get())
                .and_u32(chunk.get()),
        )
    }

    #[must_use]
    pub(crate) fn mentions_of_user(conversation: ConversationId, user: UserId) -> Self {
        let chunk = MemberChunk::of(user).get();
        Self(
            RowKey::new(Tree::Mentions)
                .and_u64(conversation.get())
                .and_u32(chunk)
                .and_u32(user.get()),
        )
    }

    #[must_use]
    pub fn cursors_of(device: DeviceId, stream: SendStreamId) -> Self {
        Self(
            RowKey::new(Tree::Cursors)
                .and_u64(device.get())
                .and_u64(stream.get()),
        )
    }

    #[must_use]
    pub(crate) fn recent_of(device: DeviceId, stream: SendStreamId) -> Self {
        Self(
            RowKey::new(Tree::Recent)
                .and_u64(device.get())
                .and_u64(stream.get()),
        )
    }

    #[must_use]
    pub(crate) fn imports_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Imports).and_u64(conversation.get()))
    }

    #[must_use]
    pub fn relations_of(user: UserId) -> Self {
        Self(RowKey::new(Tree::Relations).and_u32(user.get()))
    }

    #[must_use]
    pub const fn tree(&self) -> Tree {
        self.0.tree
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}
