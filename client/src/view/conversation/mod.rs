//! One conversation: its messages, cursors, members and settings.

mod group;
pub(crate) mod import;
pub(crate) mod mention;
pub(crate) mod messages;
pub(crate) mod receipts;
mod retention;
pub(crate) mod send;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::request::session::Focus;

use crate::api::client::Client;
use crate::error::Error;
use crate::stream::follow::Extent;
use crate::stream::timeline::Timeline;

/// The calls that concern one conversation. Created by [`Client::conversation`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Conversation<'a> {
    pub(crate) client: &'a Client,
    pub(crate) id: ConversationId,
}

/// Receiving
impl Conversation<'_> {
    /// Returns the conversation's id.
    #[must_use]
    pub const fn id(self) -> ConversationId {
        self.id
    }

    /// Returns all messages from `from` on, followed by new ones as they arrive. A conversation may
    /// have any number of timelines. Needs push ([`crate::ClientBuilder::push`]).
    #[must_use]
    pub fn follow(self, from: MsgId) -> Timeline {
        let handle = self.client.handle().clone();
        Timeline::new(handle, self.id, from, Extent::Endless)
    }

    /// Returns the messages from `from` up to the present head. Works without push.
    #[must_use]
    pub fn history(self, from: MsgId) -> Timeline {
        let handle = self.client.handle().clone();
        Timeline::new(handle, self.id, from, Extent::ToHead)
    }

    /// Acknowledges everything up to `msgid`: this device has stored it, so the server need not
    /// push it again and may report it as delivered.
    ///
    /// Returns at once. Acks are collected for [`crate::limits::ACK_DELAY`], or until
    /// [`crate::limits::ACK_INTERVAL`] after the last ones, and sent together; [`Client::close`]
    /// sends the remainder. A lost ack costs a redelivery, never a message.
    pub fn ack(self, msgid: MsgId) {
        self.client.shared().ack(self.id, msgid);
    }

    /// Focuses the conversation, since it is on screen, instead of the one focused before. The
    /// client receives its [`crate::Event::Typing`] and [`crate::Update::Receipts`], and may send
    /// typing indicators there. Lasts until another conversation is focused, across reconnects; end
    /// it with [`crate::view::Conversations::unfocus`].
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` if the user is not a member, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn focus(self) -> Result<(), Error> {
        let conversation = Some(self.id);
        self.client.call(Focus { conversation }).await
    }

    /// Shows a typing indicator to others who focus the same conversation. Call it on every key
    /// press; it is sent once per [`cairn_proto::limits::TYPING_INTERVAL`]. Returns at once, and
    /// drops the indicator if it cannot be sent now.
    pub fn typing(self) {
        self.client.shared().typing.note(self.id);
    }
}
