//! Requests about cursors.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, MsgId, UserId};
use crate::model::conversation::Explained;
use crate::model::receipts::{Reads, ReceiptPage};
use crate::wire::request::domain::requests;

requests! {
    /// A request about cursors.
    ReadingRequest {
        /// Moves the delivered cursor.
        Ack(Ack) -> (),
        /// Moves the read cursor.
        MarkRead(MarkRead) -> (),
        /// Moves the read cursor back.
        MarkUnread(MarkUnread) -> (),
        /// Reads a page of a message's receipts.
        GetReceipts(GetReceipts) -> ReceiptPage,
        /// Reads the terms of an unread count.
        Explain(Explain) -> Explained,
        /// Reads whether the user shares read receipts.
        GetOwnReads(GetOwnReads) -> Reads,
        /// Sets whether the user shares read receipts.
        SetOwnReads(SetOwnReads) -> (),
    }
}

/// Moves the delivered cursor: this device has received everything up to here. Never moves it back.
/// A position above the head counts as the head, since the server may lack what the device saw
/// after a backup was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last message received.
    pub msgid: MsgId,
}

/// Moves the read cursor, shared by all of the user's devices. Never moves it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last message read.
    pub msgid: MsgId,
}

/// Marks everything from a message on as unread, on all devices: moves the read cursor back.
/// Delivered cursors and receipts that others saw are unaffected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkUnread {
    /// The conversation.
    pub conversation: ConversationId,
    /// The first unread message. At most [`crate::limits::MARKED_UNREAD_MAX`] entries, among them
    /// at most [`crate::limits::MARKED_OWN_MAX`] messages of the user's own, may follow it up to
    /// the read cursor.
    pub from: MsgId,
}

/// Reads a page of a message's receipts. For everyone who may see the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetReceipts {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub msgid: MsgId,
    /// The last user of the previous page; `None` for the first one.
    pub after: Option<UserId>,
}

/// Reads the terms of a member's unread count. For the member, and for admins of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explain {
    /// The conversation.
    pub conversation: ConversationId,
    /// The member.
    pub user: UserId,
}

/// Reads whether the user shares read receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOwnReads;

/// Sets whether the user shares read receipts, and in return sees those of others. Applies to past
/// reads too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOwnReads {
    /// The new value.
    pub reads: Reads,
}
