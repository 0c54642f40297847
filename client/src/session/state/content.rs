//! The content of a send that has no sequence number yet.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_proto::wire::request::{Forward, Request};

/// The content of a send.
#[derive(Debug)]
pub(crate) enum Content {
    /// A new message.
    New(Body, Extras),
    /// A copy of a message from elsewhere.
    Forwarded { from: ConversationId, msgid: MsgId },
}

impl Content {
    /// Returns the request that sends this under a sequence number.
    pub(crate) fn into_request(self, conversation: ConversationId, seq: ClientSeq) -> Request {
        match self {
            Self::New(body, extras) => Request::Send(Draft {
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
