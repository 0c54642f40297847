//! What the doctor finds.

use std::path::PathBuf;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::codec::DecodeError;

use crate::blocks::BlocksError;
use crate::check::verify::VerifyError;
use crate::commit_log::LogError;
use crate::engine::StoreError;
use crate::files::format::FormatError;
use crate::files::lock::LockError;
use crate::trees::RowKey;
use crate::trees::db::TreesError;

/// The first problem.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// There is no data directory.
    #[error("{} is no data directory of cairn", .0.display())]
    NoDirectory(PathBuf),
    /// A server has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It is none of cairn's, or of another version.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The store does not open or close.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trees.
    #[error(transparent)]
    Trees(#[from] TreesError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A block.
    #[error(transparent)]
    Blocks(#[from] BlocksError),
    /// The blocks of a conversation.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A batch of the log.
    #[error("the commit log holds a batch that does not decode: {0}")]
    Batch(#[from] DecodeError),
    /// The log and a block differ.
    #[error(
        "conversation {conversation}: message {msgid} is another in the commit log than in its block"
    )]
    Differs {
        conversation: ConversationId,
        msgid: MsgId,
    },
    /// The log does not continue what is stored.
    #[error(
        "conversation {conversation}: the commit log goes on with message {found} where {expected} comes next"
    )]
    Gap {
        conversation: ConversationId,
        expected: MsgId,
        found: MsgId,
    },
    /// A row does not fit the others.
    #[error("the row {key} is wrong: {what}")]
    Row { key: RowKey, what: String },
    /// The entries that do not count are not those that are noted.
    #[error(
        "conversation {conversation}: {noted} entries are noted as not counting, but {found} are no messages"
    )]
    Uncounted {
        conversation: ConversationId,
        noted: u64,
        found: u64,
    },
    /// What messages name is not what is noted.
    #[error(
        "conversation {conversation}: {noted} messages are noted as naming attachments, {found} do, and they are not the same"
    )]
    Attached {
        conversation: ConversationId,
        noted: usize,
        found: usize,
    },
    /// The file of an attachment is not there, or cannot be read.
    #[error("attachment {hash}: its file cannot be read: {source}")]
    Unreadable {
        hash: AttachmentHash,
        source: std::io::Error,
    },
    /// The file of an attachment has another length.
    #[error("attachment {hash}: its file has {found} bytes where there should be {noted}")]
    Length {
        hash: AttachmentHash,
        /// How long it should be.
        noted: u64,
        found: u64,
    },
    /// The file of an attachment holds something else.
    #[error("attachment {hash}: its file holds something else")]
    Content { hash: AttachmentHash },
}
