//! The problems that the doctor finds.

use std::path::PathBuf;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::codec::DecodeError;

use crate::blocks::BlocksError;
use crate::check::repair::Loss;
use crate::check::verify::VerifyError;
use crate::commit_log::LogError;
use crate::engine::StoreError;
use crate::files::format::FormatError;
use crate::files::lock::LockError;
use crate::trees::RowKey;
use crate::trees::db::TreesError;

#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    #[error("{} is not a cairn data directory", .0.display())]
    NoDirectory(PathBuf),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Trees(#[from] TreesError),
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is damaged, and can be cut: see [`repair`](crate::check::repair).
    #[error("{damage}; {loss}")]
    Lost { damage: LogError, loss: Loss },
    #[error("cannot copy {} before the repair: {source}", .dir.display())]
    Copy {
        dir: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Blocks(#[from] BlocksError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("the commit log holds a batch that does not decode: {0}")]
    Batch(#[from] DecodeError),
    #[error(
        "conversation {conversation}: message {msgid} in the commit log differs from the one \
         in its block"
    )]
    Differs {
        conversation: ConversationId,
        msgid: MsgId,
    },
    #[error(
        "conversation {conversation}: the commit log continues with message {found} where \
         {expected} comes next"
    )]
    Gap {
        conversation: ConversationId,
        expected: MsgId,
        found: MsgId,
    },
    #[error("the row {key} is wrong: {what}")]
    Row { key: RowKey, what: String },
    #[error(
        "conversation {conversation}: {noted} entries are recorded as system entries, but \
         {found} are"
    )]
    Uncounted {
        conversation: ConversationId,
        noted: u64,
        found: u64,
    },
    #[error(
        "conversation {conversation}: {noted} messages are recorded as referring to \
         attachments, but {found} do, or they refer to others"
    )]
    Attached {
        conversation: ConversationId,
        noted: usize,
        found: usize,
    },
    #[error("attachment {hash}: its file cannot be read: {source}")]
    Unreadable {
        hash: AttachmentHash,
        source: std::io::Error,
    },
    #[error("attachment {hash}: its file has {found} bytes where there should be {noted}")]
    Length {
        hash: AttachmentHash,
        /// The length of its record.
        noted: u64,
        found: u64,
    },
    #[error("attachment {hash}: its file holds something else")]
    Content { hash: AttachmentHash },
}
