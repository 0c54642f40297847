//! What is written on the streams beside the session stream. Variants only grow at the end.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, MsgId};
use crate::message::Run;
use crate::response::Conversation;

/// The first frame of every client stream after the session stream: what the stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamOpening {
    /// The server writes [`TimelineFrame`]s on it. One for each session, and only when [`crate::hello::Hello::push`] was set.
    Timeline,
}

/// What the server writes on the timeline stream.
///
/// Push is a hint, pull is the truth: a client checks that `run.first` follows what it holds and pulls when it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimelineFrame {
    /// New messages of one conversation. Of a conversation, runs come in order; the first begins behind the device's delivered cursor.
    Run(Run),
    /// The device is further behind than [`crate::limits::PUSH_BACKLOG_MESSAGES_MAX`]: it pulls what it wants up to `head`, and runs
    /// go on behind it.
    Behind {
        /// The conversation.
        conversation: ConversationId,
        /// The last message that is not pushed.
        head: MsgId,
    },
    /// The user is a member of this conversation from now on, or its name or role in it changed.
    Conversation(Conversation),
    /// The user is no member any more. Nothing above `last` will come.
    Removed {
        /// The conversation.
        conversation: ConversationId,
        /// The entry that ended the membership.
        last: MsgId,
    },
}
