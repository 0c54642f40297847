//! Commands about attachments, and their replies.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId};

use crate::api::actor::Actor;

/// A request of an upload or download, or a step of garbage collection.
#[derive(Clone, Debug)]
pub enum AttachmentCommand {
    /// Starts an upload of this many bytes. The reply is [`AttachmentReply::Stored`] if the server
    /// already has the bytes from this user, else [`AttachmentReply::Wanted`].
    Begin(Actor, AttachmentHash, u64),
    /// Ends an upload: all bytes are durable under their hash.
    Stored(Actor, AttachmentHash, u64),
    /// Fetches the attachment that a message references.
    Fetch {
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
        hash: AttachmentHash,
    },
    /// Removes expired, unreferenced attachments among the next few after this hash.
    Collect(Option<AttachmentHash>),
    /// Asks which of these stored files have no record.
    Orphans(Vec<AttachmentHash>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachmentReply {
    /// The bytes are stored, and the user may send the attachment.
    Stored,
    /// The bytes must be uploaded.
    Wanted {
        /// Bytes of the user's quota that are left, as [`crate::attachment::charged_bytes`] counts
        /// them.
        quota_left: u64,
    },
    /// The user may read the attachment.
    Fetch { bytes: u64 },
    /// The records of these attachments are gone; their files can be deleted.
    Collected {
        gone: Vec<AttachmentHash>,
        /// Where to continue; `None` after the last unreferenced attachment.
        next: Option<AttachmentHash>,
    },
    /// The files without a record.
    Orphans(Vec<AttachmentHash>),
}
