//! Reading a page of a conversation's log, moving the read cursor, and changing messages.

use cairn_proto::content::message::Message;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::RUN_MESSAGES_MAX;
use cairn_proto::model::conversation::Explained;
use cairn_proto::text::{EmojiName, Text};
use cairn_proto::wire::request::{PullRange, Request};
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// A part of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Consecutive messages, ascending.
    pub messages: Vec<Message>,
    /// The last message of the log at that moment.
    pub head: MsgId,
    /// Everything up to here is gone on purpose, or was said before the user could see it.
    pub floor: MsgId,
}

/// Reading and changing messages
impl Client {
    /// A part of a log: at most `limit` messages, at most [`RUN_MESSAGES_MAX`], and perhaps fewer.
    /// To read on without minding pages there are [`Client::history`] and [`Client::follow`].
    ///
    /// # Errors
    /// See above.
    pub async fn pull(
        &self,
        conversation: ConversationId,
        range: PullRange,
        limit: u32,
    ) -> Result<Page, Error> {
        let limit = limit.clamp(1, RUN_MESSAGES_MAX);
        let pulled = ask!(self, Request::Pull { conversation, range, limit }, Response::Pulled(pulled) => pulled)?;
        let messages = pulled
            .run
            .messages()
            .map_err(|_| Error::Protocol("a message cannot be read"))?;
        Ok(Page {
            messages,
            head: pulled.head,
            floor: pulled.floor,
        })
    }

    /// The user has read everything up to `msgid`, on all devices. A lower one than before changes
    /// nothing.
    ///
    /// # Errors
    /// See above.
    pub async fn mark_read(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Read { conversation, msgid }, Response::Done => ())
    }

    /// Marks everything from `from` on as unread, on all devices. What others were told as read
    /// stays told, and what this device acked stays acked. A message that the user has not read yet
    /// changes nothing.
    ///
    /// # Errors
    /// See above, and [`Error::Disconnected`]: then something may have been read on another device
    /// since. [`Error::Refused`] with `TooFarBack` when more than
    /// [`cairn_proto::limits::MARKED_UNREAD_MAX`] entries, or
    /// [`cairn_proto::limits::MARKED_OWN_MAX`] messages of the user's own, lie between.
    pub async fn mark_unread(
        &self,
        conversation: ConversationId,
        from: MsgId,
    ) -> Result<(), Error> {
        ask!(self, Request::MarkUnread { conversation, from }, Response::Done => ())
    }

    /// What a member's unread count is made of: one's own, or any for owners and admins of the
    /// server.
    ///
    /// # Errors
    /// See above.
    pub async fn explain(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Explained, Error> {
        ask!(self, Request::Explain { conversation, user }, Response::Explained(explained) => explained)
    }

    /// Says something else in the place of a text of the user's own, or in the caption of a file
    /// that he sent; a caption may become empty. Members learn of it by an entry of its own;
    /// whoever reads the message later gets the new text.
    ///
    /// # Errors
    /// See above, and [`Error::Disconnected`]: then focus at the message before trying again, since
    /// asking twice could undo an edit on another device.
    pub async fn edit(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        text: Text,
    ) -> Result<(), Error> {
        ask!(self, Request::Edit { conversation, msgid, text }, Response::Done => ())
    }

    /// Takes a message back: one's own, or any for owners and admins of a group. Nothing is left of
    /// what it said.
    ///
    /// # Errors
    /// See above.
    pub async fn recall(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Recall { conversation, msgid }, Response::Done => ())
    }

    /// Reacts to a message. To do so again changes nothing.
    ///
    /// # Errors
    /// See above.
    pub async fn react(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        emoji: EmojiName,
    ) -> Result<(), Error> {
        ask!(self, Request::React { conversation, msgid, emoji }, Response::Done => ())
    }

    /// Takes a reaction of the user back; when there is none, nothing changes.
    ///
    /// # Errors
    /// See above.
    pub async fn unreact(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        emoji: EmojiName,
    ) -> Result<(), Error> {
        ask!(self, Request::Unreact { conversation, msgid, emoji }, Response::Done => ())
    }

    /// Pins a message: in a group, for those whom its settings let; in a direct chat, for both. To
    /// do so again changes nothing.
    ///
    /// # Errors
    /// See above.
    pub async fn pin(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Pin { conversation, msgid }, Response::Done => ())
    }

    /// Takes a pin back; when there is none, nothing changes.
    ///
    /// # Errors
    /// See above.
    pub async fn unpin(&self, conversation: ConversationId, msgid: MsgId) -> Result<(), Error> {
        ask!(self, Request::Unpin { conversation, msgid }, Response::Done => ())
    }

    /// The pinned messages of a conversation, in the order of their numbers.
    ///
    /// # Errors
    /// See above.
    pub async fn pins(&self, conversation: ConversationId) -> Result<Vec<MsgId>, Error> {
        ask!(self, Request::Pins { conversation }, Response::Pins(pins) => pins)
    }
}
