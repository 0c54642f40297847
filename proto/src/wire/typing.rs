//! Typing indicators. They travel as datagrams, since they may be lost, and are never stored.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};

/// A datagram from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientDatagram {
    /// The user is typing. The server accepts this for the focused conversation only, once per
    /// [`crate::limits::TYPING_INTERVAL`].
    Typing {
        /// The conversation.
        conversation: ConversationId,
    },
}

/// A datagram from the server to the sessions that focus the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerDatagram {
    /// Another user is typing. The indicator expires after twice [`crate::limits::TYPING_INTERVAL`]
    /// unless it is repeated.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// The user who is typing.
        user: UserId,
    },
}
