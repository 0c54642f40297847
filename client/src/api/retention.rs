//! How long messages stay.

use cairn_proto::ids::ConversationId;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::client::{Client, ask};
use crate::error::Error;

/// What the server lets go of. A client that follows a conversation learns of it by
/// [`crate::Event::Expired`].
impl Client {
    /// How long messages of a conversation stay.
    ///
    /// # Errors
    /// [`Error::Refused`], and whatever ends the client.
    pub async fn retention(&self, conversation: ConversationId) -> Result<RetentionInfo, Error> {
        ask!(self, Request::Retention { conversation }, Response::Retention(info) => info)
    }

    /// Says how long messages of a conversation stay, also those that are there already: for owners
    /// of a group, and both in a direct chat. `None` leaves it to the server.
    ///
    /// # Errors
    /// As [`Client::retention`].
    pub async fn set_retention(
        &self,
        conversation: ConversationId,
        retention: Option<Retention>,
    ) -> Result<(), Error> {
        ask!(self, Request::SetRetention { conversation, retention }, Response::Done => ())
    }
}
