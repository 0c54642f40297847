//! What a client says, before it has its number.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_proto::wire::request::{Forward, Request};

/// What is to be said.
#[derive(Debug)]
pub(crate) enum Content {
    /// Something new.
    Said(Body, Extras),
    /// What was said elsewhere.
    Forwarded { from: ConversationId, msgid: MsgId },
}

impl Content {
    /// The request that says it in a conversation, under its number there.
    pub(crate) fn numbered(self, conversation: ConversationId, seq: ClientSeq) -> Request {
        match self {
            Self::Said(body, extras) => Request::Send(Draft {
                conversation,
                seq,
                body,
                extras,
            }),
            Self::Forwarded { from, msgid } => Request::Forward(Forward {
                to: conversation,
                seq,
                from,
                msgid,
            }),
        }
    }
}
