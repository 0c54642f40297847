//! The tables, and the keys of their rows. All keys are big-endian, so that their order in the file
//! is that of the numbers.

use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use redb::TableDefinition;

use crate::LocalId;

pub(crate) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// Single values; see [`Meta`].
    Meta,
    /// Conversation → [`SavedConversation`](crate::SavedConversation).
    Conversations,
    /// Conversation → its [`Segments`](crate::Segments).
    Segments,
    /// Conversation and message → packed entry, as it came.
    Entries,
    /// User → [`UserInfo`](cairn_client::UserInfo).
    Users,
    /// Conversation → framed [`Draft`](crate::Draft).
    Drafts,
    /// Own message → framed [`SavedPending`](crate::SavedPending).
    Outbox,
    /// Conversation → the next number on the send stream.
    Numbers,
    /// Conversation → bytes of its entries, and when it was last opened.
    Usage,
}

/// A row of [`Table::Meta`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meta {
    /// The version of the format.
    Schema,
    /// The account and the pinned key of its server.
    Identity,
    /// The moment of the last overview.
    Moment,
    /// The generation of the last urgent write; see [`crate::store::frame`].
    Generation,
    /// The number of the named send stream.
    Stream,
    /// The number of the file in its file system, which a copy does not have.
    Inode,
    /// What became of a damaged file, until it was reported to the user.
    Damage,
    /// Present while freed pages may hold what was erased.
    Unclean,
}

impl Table {
    pub(crate) const ALL: [Self; 9] = [
        Self::Meta,
        Self::Conversations,
        Self::Segments,
        Self::Entries,
        Self::Users,
        Self::Drafts,
        Self::Outbox,
        Self::Numbers,
        Self::Usage,
    ];

    pub(crate) const fn definition(self) -> Definition {
        TableDefinition::new(match self {
            Self::Meta => "meta",
            Self::Conversations => "conversations",
            Self::Segments => "segments",
            Self::Entries => "entries",
            Self::Users => "users",
            Self::Drafts => "drafts",
            Self::Outbox => "outbox",
            Self::Numbers => "numbers",
            Self::Usage => "usage",
        })
    }

    /// The number of the table in frames.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }
}

/// The key of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) key: Vec<u8>,
}

impl Row {
    pub(crate) fn meta(meta: Meta) -> Self {
        Self::new(Table::Meta, vec![meta as u8])
    }

    pub(crate) fn conversation(table: Table, id: ConversationId) -> Self {
        Self::new(table, id.get().to_be_bytes().to_vec())
    }

    pub(crate) fn entry(id: ConversationId, msgid: MsgId) -> Self {
        Self::new(Table::Entries, entry_key(id, msgid))
    }

    pub(crate) fn user(id: UserId) -> Self {
        Self::new(Table::Users, id.get().to_be_bytes().to_vec())
    }

    pub(crate) fn outbox(id: LocalId) -> Self {
        Self::new(Table::Outbox, id.get().to_be_bytes().to_vec())
    }

    /// Whether its value is a frame.
    pub(crate) fn is_framed(&self) -> bool {
        match self.table {
            Table::Drafts | Table::Outbox => true,
            Table::Meta => self.key == [Meta::Generation as u8],
            _ => false,
        }
    }

    fn new(table: Table, key: Vec<u8>) -> Self {
        Self { table, key }
    }
}

pub(crate) fn entry_key(id: ConversationId, msgid: MsgId) -> Vec<u8> {
    let mut key = id.get().to_be_bytes().to_vec();
    key.extend(msgid.get().to_be_bytes());
    key
}

/// Returns the conversation and the message of a key of [`Table::Entries`].
pub(crate) fn entry_of(key: &[u8]) -> Option<(ConversationId, MsgId)> {
    let (id, msgid) = key.split_first_chunk()?;
    let msgid = u64::from_be_bytes(msgid.try_into().ok()?);
    Some((
        ConversationId::new(u64::from_be_bytes(*id)),
        MsgId::new(msgid),
    ))
}

/// Returns the number that a key of eight bytes holds.
pub(crate) fn number_of(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.try_into().ok()?))
}
