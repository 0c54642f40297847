//! Why a replica refuses an entry.

use cairn_client::proto::ids::{ConversationId, MsgId};

/// The log or its reader broke a promise. The conversation stays as it was before the entry, except
/// that an entry with an unfit edit is held itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// The entry was appended before: a log must be followed from
    /// [`Conversation::next`](crate::Conversation::next).
    #[error("entry {msgid} of conversation {conversation} was appended before")]
    Repeated {
        /// Where.
        conversation: ConversationId,
        /// Which entry.
        msgid: MsgId,
    },
    /// The entry edits a message to words that this kind of message cannot have. No server writes
    /// such an entry.
    #[error("entry {entry} of conversation {conversation} holds an edit that does not fit {msgid}")]
    UnfitEdit {
        /// Where.
        conversation: ConversationId,
        /// The entry with the edit.
        entry: MsgId,
        /// The message to edit.
        msgid: MsgId,
    },
}
