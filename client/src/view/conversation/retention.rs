//! Retention policies.

use cairn_proto::model::retention::{Retention, RetentionInfo};
use cairn_proto::wire::request::group::{GetRetention, SetRetention};

use crate::error::Error;
use crate::view::conversation::Conversation;

/// Retention. A client that follows a conversation receives [`crate::Update::Floor`] when messages
/// expire.
impl Conversation<'_> {
    /// Returns a conversation's retention policy.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound`, or a [terminal error](Error#terminal-errors).
    pub async fn retention(self) -> Result<RetentionInfo, Error> {
        self.client
            .call(GetRetention {
                conversation: self.id,
            })
            .await
    }

    /// Sets a conversation's retention policy, which applies to existing messages too. For owners
    /// of a group, and for both users of a direct chat. `None` selects the server's default.
    ///
    /// # Errors
    /// [`Error::Refused`] with `Forbidden` or `RetentionBounds`, or a [terminal
    /// error](Error#terminal-errors).
    pub async fn set_retention(self, retention: Option<Retention>) -> Result<(), Error> {
        self.client
            .call(SetRetention {
                conversation: self.id,
                retention,
            })
            .await
    }
}
