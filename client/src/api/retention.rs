//! Retention policies.

use cairn_proto::ids::ConversationId;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::request::group::{GetRetention, SetRetention};

use crate::api::client::Client;
use crate::error::Error;

/// Retention. A client that follows a conversation receives [`crate::Event::Expired`] when messages
/// expire.
impl Client {
    /// Returns a conversation's retention policy.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn retention(&self, conversation: ConversationId) -> Result<RetentionInfo, Error> {
        self.call(GetRetention { conversation }).await
    }

    /// Sets a conversation's retention policy, which applies to existing messages too. For owners
    /// of a group, and for both users of a direct chat. `None` selects the server's default.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `RetentionBounds`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_retention(
        &self,
        conversation: ConversationId,
        retention: Option<Retention>,
    ) -> Result<(), Error> {
        self.call(SetRetention {
            conversation,
            retention,
        })
        .await
    }
}
