//! Requests about messages.

use serde::{Deserialize, Serialize};

use crate::content::body::Body;
use crate::content::extras::Extras;
use crate::content::message::{Draft, Forward};
use crate::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use crate::text::{EmojiName, Text, UserName};
use crate::wire::codec;
use crate::wire::request::domain::requests;
use crate::wire::request::list::List;

requests! {
    /// A request about messages.
    MessageRequest {
        /// Sends a message. Answered once it is durable, with its number.
        Send(Draft) -> MsgId,
        /// Copies a message into another conversation. The server makes the copy, so that content
        /// and author cannot be forged. Answered like `Send`.
        Forward(Forward) -> MsgId,
        /// Replaces a text.
        Edit(Edit) -> (),
        /// Deletes a message.
        Recall(Recall) -> (),
        /// Adds a reaction.
        React(React) -> (),
        /// Removes a reaction.
        Unreact(Unreact) -> (),
        /// Pins a message.
        Pin(Pin) -> (),
        /// Unpins a message.
        Unpin(Unpin) -> (),
        /// Lists the pinned messages, in ascending order.
        ListPins(ListPins) -> List<MsgId>,
        /// Imports messages.
        Import(Import) -> Imported,
        /// Reads the number of a source's entries that are stored.
        GetImportCursor(GetImportCursor) -> u64,
        /// Replaces a text and whom it mentions.
        EditMentioning(EditMentioning) -> (),
    }
}

/// Replaces the text or caption of one of the user's own messages. Whom it mentions stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
    /// The new text.
    pub text: Text,
}

/// Replaces the text or caption of one of the user's own messages, and whom it mentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditMentioning {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
    /// The new text.
    pub text: Text,
    /// [`Extra::Mention`] and [`Extra::MentionAll`] only.
    ///
    /// [`Extra::Mention`]: crate::content::extras::Extra::Mention
    /// [`Extra::MentionAll`]: crate::content::extras::Extra::MentionAll
    pub mentions: Extras,
}

/// Deletes (recalls) a message for everyone. For its sender, and for owners and admins of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
}

/// Adds a reaction. Limited by [`crate::limits::REACTION_KINDS_MAX`] and
/// [`crate::limits::REACTIONS_MAX`] per message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct React {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
    /// The reaction.
    #[serde(deserialize_with = "crate::text::new_name")]
    pub emoji: EmojiName,
}

/// Removes one of the user's own reactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreact {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
    /// The reaction.
    pub emoji: EmojiName,
}

/// Pins a message. In a group, subject to [`crate::model::group::GroupSettings::pin`]; at most
/// [`crate::limits::PINS_MAX`] per conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
}

/// Unpins a message. In a group, subject to [`crate::model::group::GroupSettings::pin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpin {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
}

/// Lists the pinned messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPins {
    /// The conversation.
    pub conversation: ConversationId,
}

/// Imports messages from another system. For admins of the server who are members of the
/// conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The conversation.
    pub conversation: ConversationId,
    /// The source. Each source has a cursor, so that repeating an import adds nothing.
    pub source: ImportSource,
    /// The position of the first entry in the source, counted from 0. Entries below the cursor are
    /// skipped.
    pub first: u64,
    /// The entries, in order; at most [`crate::limits::IMPORT_ENTRIES_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub entries: Vec<ImportEntry>,
}

/// A message of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportEntry {
    /// The original sender. The server creates a user of this name if there is none.
    #[serde(deserialize_with = "crate::text::new_name")]
    pub sender: UserName,
    /// The original time.
    pub sent_at: Timestamp,
    /// The body. Unlike that of a live message, it may be empty.
    pub body: Body,
}

/// The result of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The number of entries stored by this request. Others had been stored before.
    pub added: u32,
    /// The number of users created for senders.
    pub users: u32,
    /// The source's cursor: the number of its entries that are stored.
    pub cursor: u64,
}

/// Reads the cursor of an import source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetImportCursor {
    /// The conversation.
    pub conversation: ConversationId,
    /// The source.
    pub source: ImportSource,
}
