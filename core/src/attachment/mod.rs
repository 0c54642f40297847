//! Files that messages name: what is known of each, who may send and fetch it, and when it goes.
//! The bytes themselves are none of the state machine's business.
//!
//! An attachment is stored once, whoever uploads it. It stays while a message names it, and for a
//! while after an upload that nobody has sent yet.

mod decide;
mod records;
mod refs;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::api::command::Actor;
use crate::limits::{ATTACHMENT_BLOCK_BYTES, ATTACHMENT_OVERHEAD_BYTES};

pub use records::Held;

/// What a file of this length counts against its user's quota, so that many small ones are not for
/// nothing.
#[must_use]
pub const fn charged_bytes(bytes: u64) -> u64 {
    match bytes.checked_next_multiple_of(ATTACHMENT_BLOCK_BYTES) {
        Some(blocks) => blocks.saturating_add(ATTACHMENT_OVERHEAD_BYTES),
        None => u64::MAX,
    }
}

/// What is stored of an attachment beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentRecord {
    /// How long it is.
    pub bytes: u64,
    /// How many messages name it.
    pub uses: u64,
    /// Who may send it, the latest upload last, each user once; at most
    /// [`crate::limits::UPLOADERS_MAX`].
    pub uploads: Vec<Upload>,
}

/// That a user had all bytes of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Who.
    pub user: UserId,
    /// When they were last found to be stored.
    pub stored_at: Timestamp,
    /// Whether he sent it since then.
    pub is_sent: bool,
}

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
