//! A send that has no sequence number yet.

use cairn_proto::content::message::{Draft, Forward};
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, MsgId};
use cairn_proto::wire::request::Request;

/// A send.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A new message.
    New(Content),
    /// A copy of a message from elsewhere.
    Forward { from: ConversationId, msgid: MsgId },
}

impl Outgoing {
    /// Returns the request that sends this under a sequence number.
    pub(crate) fn into_request(self, conversation: ConversationId, seq: ClientSeq) -> Request {
        match self {
            Self::New(content) => Draft {
                conversation,
                seq,
                content,
            }
            .into(),
            Self::Forward { from, msgid } => Forward {
                to: conversation,
                seq,
                from,
                msgid,
            }
            .into(),
        }
    }
}
