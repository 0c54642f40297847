//! The keys of rows, built from what they stand for. [`super::parse`] takes them apart.

mod attachments;

use cairn_proto::ids::{ConversationId, DeviceId, ImportSource, MsgId, SendStreamId, UserId};
use cairn_proto::text::SettingName;

use cairn_core::record::RelationChunk;
use cairn_core::record::{CursorChunk, MemberChunk, RecentPart, SecretHash};

use super::Tree;

/// What there is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MetaKey {
    /// The last batch that the trees hold durably, a `BatchNo`.
    Checkpoint = 1,
    /// The starts of the server, a list of `EpochRecord`.
    Epochs = 2,
    /// About the room that blocks left and that nothing new has taken, in bytes, a `u64`.
    Vacant = 3,
}

/// The longest key.
pub const KEY_BYTES_MAX: usize = 32;

/// A key, with the tree that it is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    tree: Tree,
    bytes: [u8; KEY_BYTES_MAX],
    len: usize,
}

/// The beginning of keys that stand together: a range of a tree.
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

    /// The key of this tree with these bytes; `None` when they are too many.
    #[must_use]
    pub fn from_bytes(tree: Tree, bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= KEY_BYTES_MAX).then(|| Self::new(tree).and(bytes))
    }

    /// Adds bytes. No layout of this file is longer than [`KEY_BYTES_MAX`].
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

    /// The tree.
    #[must_use]
    pub const fn tree(&self) -> Tree {
        self.tree
    }

    /// The key's bytes in the tree.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// A block, by its first message.
    #[must_use]
    pub fn block(conversation: ConversationId, first: MsgId) -> Self {
        Self::new(Tree::Messages)
            .and_u64(conversation.get())
            .and_u64(first.get())
    }

    /// A conversation.
    #[must_use]
    pub fn conversation(conversation: ConversationId) -> Self {
        Self::new(Tree::Conversations).and_u64(conversation.get())
    }

    /// What is agreed on in a group.
    #[must_use]
    pub fn group(conversation: ConversationId) -> Self {
        Self::new(Tree::Groups).and_u64(conversation.get())
    }

    /// The name of an open group.
    #[must_use]
    pub fn open_group(conversation: ConversationId) -> Self {
        Self::new(Tree::OpenGroups).and_u64(conversation.get())
    }

    /// The members of a chunk.
    #[must_use]
    pub fn members(conversation: ConversationId, chunk: MemberChunk) -> Self {
        Self::new(Tree::Members)
            .and_u64(conversation.get())
            .and_u32(chunk.get())
    }

    /// A part of the set of entries that do not count.
    #[must_use]
    pub fn uncounted(conversation: ConversationId, chunk: u64) -> Self {
        Self::new(Tree::Uncounted)
            .and_u64(conversation.get())
            .and_u64(chunk)
    }

    /// A part of the set of messages that mention a user.
    #[must_use]
    pub fn mentions(conversation: ConversationId, user: UserId, chunk: u64) -> Self {
        let members = MemberChunk::of(user).get();
        Self::new(Tree::Mentions)
            .and_u64(conversation.get())
            .and_u32(members)
            .and_u32(user.get())
            .and_u64(chunk)
    }

    /// The pinned messages of a conversation.
    #[must_use]
    pub fn pins(conversation: ConversationId) -> Self {
        Self::new(Tree::Pins).and_u64(conversation.get())
    }

    /// How long messages of a conversation stay.
    #[must_use]
    pub fn retention(conversation: ConversationId) -> Self {
        Self::new(Tree::Retention).and_u64(conversation.get())
    }

    /// The send cursors of a chunk.
    #[must_use]
    pub fn cursors(device: DeviceId, stream: SendStreamId, chunk: CursorChunk) -> Self {
        Self::new(Tree::Cursors)
            .and_u64(device.get())
            .and_u64(stream.get())
            .and_u64(chunk.get())
    }

    /// A part of the remembered sends.
    #[must_use]
    pub fn recent(device: DeviceId, stream: SendStreamId, part: RecentPart) -> Self {
        Self::new(Tree::Recent)
            .and_u64(device.get())
            .and_u64(stream.get())
            .and(&[part.get()])
    }

    /// A user.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self::new(Tree::Users).and_u32(user.get())
    }

    /// A device.
    #[must_use]
    pub fn device(user: UserId, device: DeviceId) -> Self {
        Self::new(Tree::Devices)
            .and_u32(user.get())
            .and_u64(device.get())
    }

    /// An invite.
    #[must_use]
    pub fn invite(token: &SecretHash) -> Self {
        Self::new(Tree::Invites).and(&token.0)
    }

    /// The way from a user to a conversation.
    #[must_use]
    pub fn membership(user: UserId, conversation: ConversationId) -> Self {
        Self::new(Tree::Memberships)
            .and_u32(user.get())
            .and_u64(conversation.get())
    }

    /// When a membership ended.
    #[must_use]
    pub fn ended(user: UserId, conversation: ConversationId) -> Self {
        Self::new(Tree::Ended)
            .and_u32(user.get())
            .and_u64(conversation.get())
    }

    /// An import cursor.
    #[must_use]
    pub fn import(conversation: ConversationId, source: ImportSource) -> Self {
        Self::new(Tree::Imports)
            .and_u64(conversation.get())
            .and_u64(source.get())
    }

    /// The relations of a user in a chunk.
    #[must_use]
    pub fn relations(user: UserId, chunk: RelationChunk) -> Self {
        Self::new(Tree::Relations)
            .and_u32(user.get())
            .and_u32(chunk.get())
    }

    /// How a user presents himself.
    #[must_use]
    pub fn profile(user: UserId) -> Self {
        Self::new(Tree::Profiles).and_u32(user.get())
    }

    /// A setting.
    #[must_use]
    pub fn setting(name: &SettingName) -> Self {
        Self::new(Tree::Settings).and(name.as_str().as_bytes())
    }

    /// What there is one of.
    #[must_use]
    pub fn meta(key: MetaKey) -> Self {
        Self::new(Tree::Meta).and(&[key as u8])
    }
}

impl RowPrefix {
    /// Every row of a tree.
    #[must_use]
    pub fn all(tree: Tree) -> Self {
        Self(RowKey::new(tree))
    }

    /// The blocks of a conversation.
    #[must_use]
    pub fn blocks_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Messages).and_u64(conversation.get()))
    }

    /// The members of a conversation.
    #[must_use]
    pub fn members_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Members).and_u64(conversation.get()))
    }

    /// The entries of a conversation that do not count.
    #[must_use]
    pub fn uncounted_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Uncounted).and_u64(conversation.get()))
    }

    /// The messages of a conversation that mention anybody.
    #[must_use]
    pub fn mentions_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Mentions).and_u64(conversation.get()))
    }

    /// The messages of a conversation that mention users of a chunk.
    #[must_use]
    pub fn mentions_of_chunk(conversation: ConversationId, chunk: MemberChunk) -> Self {
        Self(
            RowKey::new(Tree::Mentions)
                .and_u64(conversation.get())
                .and_u32(chunk.get()),
        )
    }

    /// The messages of a conversation that mention a user.
    #[must_use]
    pub fn mentions_of_user(conversation: ConversationId, user: UserId) -> Self {
        let chunk = MemberChunk::of(user).get();
        Self(
            RowKey::new(Tree::Mentions)
                .and_u64(conversation.get())
                .and_u32(chunk)
                .and_u32(user.get()),
        )
    }

    /// The send cursors of a send stream.
    #[must_use]
    pub fn cursors_of(device: DeviceId, stream: SendStreamId) -> Self {
        Self(
            RowKey::new(Tree::Cursors)
                .and_u64(device.get())
                .and_u64(stream.get()),
        )
    }

    /// The remembered sends of a send stream.
    #[must_use]
    pub fn recent_of(device: DeviceId, stream: SendStreamId) -> Self {
        Self(
            RowKey::new(Tree::Recent)
                .and_u64(device.get())
                .and_u64(stream.get()),
        )
    }

    /// The import cursors of a conversation.
    #[must_use]
    pub fn imports_of(conversation: ConversationId) -> Self {
        Self(RowKey::new(Tree::Imports).and_u64(conversation.get()))
    }

    /// The relations of a user.
    #[must_use]
    pub fn relations_of(user: UserId) -> Self {
        Self(RowKey::new(Tree::Relations).and_u32(user.get()))
    }

    /// The tree.
    #[must_use]
    pub const fn tree(&self) -> Tree {
        self.0.tree
    }

    /// The bytes that every key of the range begins with.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}
