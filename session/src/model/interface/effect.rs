//! What the model wants done.

use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::user::UserInfo;
use cairn_client::proto::wire::overview::Moment;
use cairn_client::proto::wire::request::session::PullRange;

use super::input::SavedConversation;
use crate::notice::Notice;
use crate::outbox::{Draft, DraftFile, Failure, LocalId, Outgoing, SavedPending};

/// Matches a page to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// Wraps a raw number.
    #[must_use]
    pub const fn new(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the raw number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Something to do. Effects are performed in order: an urgent [`StoreOp`] is durable before a later
/// effect starts. [`Effect::Dirty`] comes last.
///
/// Requests with an answer are made only while the connection is established, those of the store
/// apart. They are answered by the input of the same name. Pulls and overviews are also answered if
/// they fail, and so are lists of inquiries; all others are repeated with the next connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Change the store.
    Store(StoreOp),
    /// Request an overview, and then the contacts.
    Overview {
        /// The moment of the last one.
        since: Option<Moment>,
    },
    /// Request the keywords of the account.
    Keywords,
    /// Request what the user has to do at the support desk.
    Desk,
    /// Request the inquiries of a queue that no agent holds, and the messages that were left, up to
    /// [`crate::limits::WAITING_SHOWN_MAX`].
    Inquiries(ConversationId),
    /// Read entries from the store: one segment at most, from the requested end of the range on.
    Load {
        /// Repeated by the answer.
        id: RequestId,
        /// The conversation.
        conversation: ConversationId,
        /// Which entries.
        range: PullRange,
        /// How many entries at most.
        limit: u32,
    },
    /// Read entries from the server.
    Pull {
        /// Repeated by the answer.
        id: RequestId,
        /// The conversation.
        conversation: ConversationId,
        /// Which entries.
        range: PullRange,
        /// How many entries at most.
        limit: u32,
    },
    /// Request name, topic, settings, retention, members and pins of a conversation.
    Details(ConversationId),
    /// Request names of users.
    Users(Vec<UserId>),
    /// Watch the presence of these users instead of those before.
    Watch(Vec<UserId>),
    /// Request the receipts of a message.
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// Focus a conversation, or none.
    Focus(Option<ConversationId>),
    /// Show others that the user is typing.
    Typing(ConversationId),
    /// Acknowledge entries.
    Ack {
        /// The conversation.
        conversation: ConversationId,
        /// The last one.
        msgid: MsgId,
    },
    /// Move the user's read cursor forward.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The last message that was read.
        msgid: MsgId,
    },
    /// Move the user's read cursor back.
    MarkUnread {
        /// The conversation.
        conversation: ConversationId,
        /// The first unread message.
        from: MsgId,
    },
    /// Enqueue an own message under its number on the send stream.
    Send {
        /// Repeated by the answer.
        id: LocalId,
        /// The conversation.
        conversation: ConversationId,
        /// Its number.
        seq: ClientSeq,
        /// Its content; never a file that is not uploaded.
        what: Outgoing,
    },
    /// Ask the server whether it has a number on the send stream, or a higher one, in a
    /// conversation. In order with [`Effect::Send`], and nothing is sent under the number later.
    Probe {
        /// Repeated by the answer: the own message that has the number.
        id: LocalId,
        /// The conversation.
        conversation: ConversationId,
        /// The number.
        seq: ClientSeq,
    },
    /// Upload a file.
    Upload {
        /// Repeated by the answer.
        id: LocalId,
        /// The file.
        file: DraftFile,
    },
    /// End an upload.
    CancelUpload(LocalId),
    /// Replace the words of an own message, after those of earlier such effects.
    Edit {
        /// The words, with the message in its aim.
        draft: Box<Draft>,
        /// Whom the message mentions afterwards.
        mentions: Extras,
    },
    /// Continue on another send stream, and say so with
    /// [`Input::NewStream`](crate::Input::NewStream): another device uses this one.
    NewStream,
    /// A draft cannot be sent.
    Refuse {
        /// Its conversation, whose draft it remains.
        conversation: ConversationId,
        /// Why.
        why: Failure,
    },
    /// Notify the user.
    Notify(Notice),
    /// Give [`Input::Clock`](crate::Input::Clock) at this time, instead of the time before.
    Wake(Timestamp),
    /// A part of the view changed.
    Dirty(Part),
}

/// A part of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The list of conversations, the totals and the quick switcher.
    List,
    /// A window.
    Window(ConversationId),
    /// The details of a conversation.
    Details(ConversationId),
    /// A draft, changed other than by [`Command::Draft`](crate::Command::Draft).
    Draft(ConversationId),
    /// The outbox.
    Outbox,
    /// The connection.
    Link,
    /// Names, contacts or presence of users.
    People,
    /// The support desk.
    Desk,
}

/// A change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOp {
    /// Keep the moment of an overview, whose conversations were written before.
    Moment(Moment),
    /// Delete that moment: something that is stored is uncertain in a way that the next overview
    /// might not mention, so the next start requests everything.
    NoMoment,
    /// Keep a conversation.
    Conversation(Box<SavedConversation>),
    /// Keep names of users.
    Users(Vec<UserInfo>),
    /// Keep consecutive entries, which read so as of an entry:
    /// [`Segments::insert`](crate::Segments::insert). Entries that are stored and more current stay
    /// as they are.
    Entries {
        /// The conversation.
        conversation: ConversationId,
        /// The entries. Edits have no words.
        messages: Vec<Message>,
        /// The entry as of which they are current.
        as_of: MsgId,
    },
    /// Apply an amendment to its target, if that is stored, with [`amended`](crate::amended).
    Amend(Message),
    /// The entries of a range were applied: [`Segments::advance`](crate::Segments::advance).
    Advance {
        /// The conversation.
        conversation: ConversationId,
        /// The first one.
        from: MsgId,
        /// The last one.
        to: MsgId,
    },
    /// Delete the entries up to one.
    Delete {
        /// The conversation.
        conversation: ConversationId,
        /// The last one.
        through: MsgId,
    },
    /// Delete a conversation with its entries and files.
    Forget(ConversationId),
    /// Keep a draft.
    Draft(Draft),
    /// Delete the draft of a conversation.
    NoDraft(ConversationId),
    /// Keep an own message.
    Pending(Box<SavedPending>),
    /// Delete an own message: the server has it, or the user withdrew it.
    NoPending(LocalId),
    /// Keep the next number on the send stream in a conversation.
    NextSeq(ConversationId, ClientSeq),
    /// Delete all next numbers: they belong to another send stream.
    NoSeqs,
}

impl StoreOp {
    /// Returns whether the change must be durable before later effects start. Other changes may be
    /// written later, in order.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        match self {
            Self::Moment(_)
            | Self::NoMoment
            | Self::Conversation(_)
            | Self::Users(_)
            | Self::Entries { .. }
            | Self::Amend(_)
            | Self::Advance { .. }
            | Self::Delete { .. } => false,
            Self::Forget(_)
            | Self::Draft(_)
            | Self::NoDraft(_)
            | Self::Pending(_)
            | Self::NoPending(_)
            | Self::NextSeq(..)
            | Self::NoSeqs => true,
        }
    }
}
