//! What the model is fed.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::Conversation as Summary;
use cairn_client::proto::model::desk::{InquiryInfo, MyDesk};
use cairn_client::proto::model::people::Contact;
use cairn_client::proto::model::presence::UserPresence;
use cairn_client::proto::model::receipts::{MemberCursors, Receipt};
use cairn_client::proto::model::user::UserInfo;
use cairn_client::proto::text::Keyword;
use cairn_client::proto::wire::overview::Moment;
use cairn_client::{Event, Overview, Page};
use serde::{Deserialize, Serialize};

use super::command::Command;
use super::effect::RequestId;
use crate::conversation::Details;
use crate::day::Zone;
use crate::link::Link;
use crate::outbox::{Draft, Failure, LocalId, SavedPending};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// What the store held. The first input of a model with a store, and given once.
    Restored(Box<Restored>),
    /// The present time. Never goes back; earlier times are ignored.
    Clock(Timestamp),
    /// The local time zone.
    Zone(Zone),
    /// The connection changed.
    Link(Link),
    /// The answer to [`Effect::Overview`](crate::Effect::Overview).
    Overview(Box<Overview>),
    /// [`Effect::Overview`](crate::Effect::Overview) failed.
    OverviewFailed,
    /// All contacts.
    Contacts(Vec<Contact>),
    /// The answer to [`Effect::Keywords`](crate::Effect::Keywords).
    Keywords(Vec<Keyword>),
    /// The answer to [`Effect::Details`](crate::Effect::Details).
    Details {
        /// The conversation.
        conversation: ConversationId,
        /// Name, topic, settings, members and pins.
        details: Box<Details>,
        /// The members, for their names.
        users: Vec<UserInfo>,
        /// How far the members have read, as far as it is known.
        cursors: Vec<MemberCursors>,
    },
    /// Whether the user is an agent of the support desk, as the server said at login. After
    /// [`Link::Online`].
    Agent(bool),
    /// The answer to [`Effect::Desk`](crate::Effect::Desk).
    Desk(Box<MyDesk>),
    /// The answer to [`Effect::Inquiries`](crate::Effect::Inquiries).
    Inquiries {
        /// The queue.
        queue: ConversationId,
        /// What waits in it, and messages that were left; `None` if the request failed.
        found: Option<Vec<InquiryInfo>>,
    },
    /// Names of users.
    Users(Vec<UserInfo>),
    /// Presence of watched users.
    Presence(Vec<UserPresence>),
    /// The answer to [`Effect::Receipts`](crate::Effect::Receipts).
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// How far it got, for each member.
        who: Vec<Receipt>,
    },
    /// An event of the client. All of them, in order.
    Event(Box<Event>),
    /// New entries of any conversations, each of these in ascending order. Gaps and repeats are
    /// allowed.
    Entries(Vec<Message>),
    /// The answer to [`Effect::Load`](crate::Effect::Load) and
    /// [`Effect::Pull`](crate::Effect::Pull).
    Page {
        /// The request.
        id: RequestId,
        /// What was found.
        page: Fetched,
    },
    /// The answer to [`Effect::Send`](crate::Effect::Send).
    Accepted {
        /// The own message.
        id: LocalId,
        /// Its number in the log.
        result: Result<MsgId, Failure>,
    },
    /// The answer to [`Effect::Probe`](crate::Effect::Probe).
    Probed {
        /// The own message.
        id: LocalId,
        /// Whether the server has its number, or a higher one.
        is_used: bool,
    },
    /// The progress of an upload.
    Uploading {
        /// The own message.
        id: LocalId,
        /// Bytes uploaded.
        done: u64,
        /// Bytes in all.
        of: u64,
    },
    /// The answer to [`Effect::Upload`](crate::Effect::Upload).
    Uploaded {
        /// The own message.
        id: LocalId,
        /// The body that refers to the file, with an empty caption.
        result: Result<Body, Failure>,
    },
    /// The answer to [`Effect::Edit`](crate::Effect::Edit): the draft of the edit that the server
    /// has now.
    Edited(Box<Draft>),
    /// The answer to [`Effect::Edit`](crate::Effect::Edit), if it failed.
    EditFailed {
        /// The draft of the edit.
        draft: Box<Draft>,
        /// Why.
        why: Failure,
    },
    /// [`Effect::Read`](crate::Effect::Read), [`Effect::MarkUnread`](crate::Effect::MarkUnread) or
    /// [`Effect::Focus`](crate::Effect::Focus) failed: the cursors of the server may differ.
    CursorFailed,
    /// The client continues on another send stream, as [`Effect::NewStream`] asks for.
    ///
    /// [`Effect::NewStream`]: crate::Effect::NewStream
    NewStream,
    /// The user did something.
    Command(Command),
}

/// The entries that a request returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// Consecutive entries of the store, from one segment. Empty if the store has none of the
    /// requested ones.
    Stored {
        /// The entries.
        messages: Vec<Message>,
        /// The entry as of which they are current.
        as_of: MsgId,
    },
    /// Entries from the server.
    Pulled(Page),
    /// The request failed.
    Failed,
}

/// What a store held.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The moment of the last overview that was stored.
    pub moment: Option<Moment>,
    /// The conversations.
    pub conversations: Vec<SavedConversation>,
    /// Names of users.
    pub users: Vec<UserInfo>,
    /// The drafts.
    pub drafts: Vec<Draft>,
    /// Own messages that are not known to be stored on the server.
    pub outbox: Vec<SavedPending>,
    /// The next number on the send stream, for each conversation.
    pub next_seqs: Vec<(ConversationId, ClientSeq)>,
    /// The next number in all other conversations; `None` for 1. A store gives one that no earlier
    /// run of the program has used on the stream, whatever became of what it stored.
    pub first_seq: Option<ClientSeq>,
    /// The last own message that was ever numbered.
    pub last_id: LocalId,
    /// Whether the client uses another send stream than the one to which these numbers belong,
    /// because the profile was copied or the stream is unknown.
    pub is_new_stream: bool,
}

/// A conversation as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedConversation {
    /// As it was seen last.
    pub summary: Summary,
    /// Its read cursor and its head in the last overview that listed it.
    pub listed: (MsgId, MsgId),
    /// All stored entries of it are current as of this one; `None` if none is stored.
    pub checked: Option<MsgId>,
}

/// What a model is created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The user.
    pub me: UserId,
    /// Entries that a window holds, up to [`crate::limits::ENTRIES_MAX`].
    pub entries_max: usize,
    /// Whether there is a store. Without one, no entry is written or loaded.
    pub has_store: bool,
}

impl Options {
    /// Returns the default options: [`crate::limits::ENTRIES_MAX`] entries, with a store.
    #[must_use]
    pub const fn new(me: UserId) -> Self {
        Self {
            me,
            entries_max: crate::limits::ENTRIES_MAX,
            has_store: true,
        }
    }
}
