//! Commands about attachments, and their replies.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId};

use crate::api::actor::Actor;

/// What the server asks about attachments on behalf of transfers, and for its own housekeeping.
#[derive(Clone, Debug)]
pub enum AttachmentCommand {
    /// A user wants to upload. Answered with [`AttachmentReply::Stored`] when he need not, else
    /// with [`AttachmentReply::Wanted`].
    Begin(Actor, AttachmentHash, u64),
    /// All bytes of an upload are where they belong, under their hash and durable.
    Stored(Actor, AttachmentHash, u64),
    /// A user wants the attachment that a message names.
    Fetch {
        /// Who asks.
        actor: Actor,
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The attachment.
        hash: AttachmentHash,
    },
    /// Forget what nobody loads any more, among the next few unused attachments above this one.
    Collect(Option<AttachmentHash>),
    /// Which of these attachments nothing is known of.
    Orphans(Vec<AttachmentHash>),
}

/// The answer to an [`AttachmentCommand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachmentReply {
    /// The attachment is stored, and the user may send it.
    Stored,
    /// The bytes are wanted, and the user has quota_left for so many in all.
    Wanted {
        /// Bytes that the user's attachments may still take, as [`charged_bytes`] counts them.
        quota_left: u64,
    },
    /// The user may have the attachment.
    Fetch {
        /// How long it is.
        bytes: u64,
    },
    /// These attachments are no more: their files can go.
    Collected {
        /// Which.
        gone: Vec<AttachmentHash>,
        /// Where to go on; `None` when all unused ones were looked at.
        next: Option<AttachmentHash>,
    },
    /// Nothing is known of these.
    Orphans(Vec<AttachmentHash>),
}
