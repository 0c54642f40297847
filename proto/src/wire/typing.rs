//! What goes by datagram, since it may be lost: that somebody is typing. Nothing of it is stored.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};

/// What a client sends by datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientDatagram {
    /// The user is typing. It counts only in the conversation that the session looks at, and once
    /// in [`crate::limits::TYPING_INTERVAL`].
    Typing {
        /// The conversation.
        conversation: ConversationId,
    },
}

/// What the server sends by datagram, to the sessions that look at the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerDatagram {
    /// Somebody else is typing. Without a further one, he has stopped after twice
    /// [`crate::limits::TYPING_INTERVAL`].
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// Who.
        user: UserId,
    },
}
