//! What draws: the client of this program, which this crate does not know.

use cairn_client::{ConversationId, UserId};
use cairn_session::{Changes, Model};

/// A client that draws a model.
pub trait Draw {
    /// Draws what changed.
    fn frame(&mut self, model: &Model, changes: &Changes);

    /// Handles a key that types a character, and draws.
    fn key(&mut self, typed: char);
}

/// Starts a client of a user, with the window of a conversation open.
pub type Draws = fn(UserId, ConversationId, &Model) -> Box<dyn Draw>;
