//! Reading a page of a conversation's log, moving the read cursor, and changing messages.

use cairn_proto::content::message::Message;
use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::limits::RUN_MESSAGES_MAX;
use cairn_proto::model::conversation::Explained;
use cairn_proto::text::{EmojiName, Text};
use cairn_proto::wire::request::message::{Edit, ListPins, Pin, React, Recall, Unpin, Unreact};
use cairn_proto::wire::request::reading::{Explain, MarkRead, MarkUnread};
use cairn_proto::wire::request::session::{Pull, PullRange};

use crate::error::Error;
use crate::view::conversation::Conversation;

/// A range of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Consecutive messages in ascending order.
    pub messages: Vec<Message>,
    /// The last message of the log at that time.
    pub head: MsgId,
    /// Messages up to this one have expired, or precede what the user may see.
    pub floor: MsgId,
}

/// Reading and changing messages
impl Conversation<'_> {
    /// Reads up to `limit` messages, at most [`RUN_MESSAGES_MAX`]; the server may return fewer.
    /// [`Conversation::history`] and [`Conversation::follow`] page automatically.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn pull(self, range: PullRange, limit: u32) -> Result<Page, Error> {
        let limit = limit.clamp(1, RUN_MESSAGES_MAX);
        let pulled = self
            .client
            .call(Pull {
                conversation: self.id,
                range,
                limit,
            })
            .await?;
        let messages = pulled
            .run
            .messages()
            .map_err(|_| Error::Protocol("a malformed message"))?;
        Ok(Page {
            messages,
            head: pulled.head,
            floor: pulled.floor,
        })
    }

    /// Moves the user's read cursor to `msgid`, on all devices. Never moves it back.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` or `BadCursor`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn mark_read(self, msgid: MsgId) -> Result<(), Error> {
        self.client
            .call(MarkRead {
                conversation: self.id,
                msgid,
            })
            .await
    }

    /// Marks everything from `from` on as unread, on all devices. Does not affect read receipts
    /// that others have seen, nor acks. Has no effect on messages that are still unread.
    ///
    /// # Errors
    /// [`Error::Refused`] with `TooFarBack` if more than [`cairn_proto::limits::MARKED_UNREAD_MAX`]
    /// entries, or more than [`cairn_proto::limits::MARKED_OWN_MAX`] messages of the user's own,
    /// follow; [`Error::Disconnected`], since repeating the request could undo a read on another
    /// device; or a [terminal error](Error#terminal-errors).
    pub async fn mark_unread(self, from: MsgId) -> Result<(), Error> {
        self.client
            .call(MarkUnread {
                conversation: self.id,
                from,
            })
            .await
    }

    /// Returns the terms of a member's unread count. For the member, and for admins of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` or `Forbidden`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn explain(self, user: UserId) -> Result<Explained, Error> {
        self.client
            .call(Explain {
                conversation: self.id,
                user,
            })
            .await
    }

    /// Edits one of the user's own text messages, or the caption of a file; a caption may become
    /// empty. Whom the message mentions stays; see [`Conversation::edit_mentioning`]. Members
    /// receive the edit as an entry, and later readers see only the new text.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, `Forbidden` or `TooLate`; [`Error::Disconnected`],
    /// since repeating the request could undo an edit on another device; or a [terminal
    /// error](Error#terminal-errors).
    pub async fn edit(self, msgid: MsgId, text: Text) -> Result<(), Error> {
        self.client
            .call(Edit {
                conversation: self.id,
                msgid,
                text,
            })
            .await
    }

    /// Deletes (recalls) a message for everyone: one's own, or any as an owner or admin of a group.
    /// Its content is erased.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, `Forbidden` or `TooLate`; [`Error::Disconnected`]
    /// if it was repeated on another connection and refused there, since the first try may have
    /// succeeded; or a [terminal error](Error#terminal-errors).
    pub async fn recall(self, msgid: MsgId) -> Result<(), Error> {
        self.client
            .call(Recall {
                conversation: self.id,
                msgid,
            })
            .await
    }

    /// Adds a reaction to a message. Idempotent.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage` or `LimitReached`, [`Error::Disconnected`] as for
    /// [`recall`](Self::recall), or a [terminal error](Error#terminal-errors).
    pub async fn react(self, msgid: MsgId, emoji: EmojiName) -> Result<(), Error> {
        self.client
            .call(React {
                conversation: self.id,
                msgid,
                emoji,
            })
            .await
    }

    /// Removes one of the user's own reactions. Idempotent.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, [`Error::Disconnected`] as for
    /// [`recall`](Self::recall), or a [terminal error](Error#terminal-errors).
    pub async fn unreact(self, msgid: MsgId, emoji: EmojiName) -> Result<(), Error> {
        self.client
            .call(Unreact {
                conversation: self.id,
                msgid,
                emoji,
            })
            .await
    }

    /// Pins a message, subject to the group's settings; in a direct chat, both users may.
    /// Idempotent.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NoSuchMessage`, `Forbidden` or `LimitReached`,
    /// [`Error::Disconnected`] as for [`recall`](Self::recall), or a [terminal
    /// error](Error#terminal-errors).
    pub async fn pin(self, msgid: MsgId) -> Result<(), Error> {
        self.client
            .call(Pin {
                conversation: self.id,
                msgid,
            })
            .await
    }

    /// Unpins a message. Idempotent.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden`, [`Error::Disconnected`] as for
    /// [`recall`](Self::recall), or a [terminal error](Error#terminal-errors).
    pub async fn unpin(self, msgid: MsgId) -> Result<(), Error> {
        self.client
            .call(Unpin {
                conversation: self.id,
                msgid,
            })
            .await
    }

    /// Returns the pinned messages of a conversation in ascending order.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn pins(self) -> Result<Vec<MsgId>, Error> {
        self.client
            .call(ListPins {
                conversation: self.id,
            })
            .await
            .map(|list| list.0)
    }
}
