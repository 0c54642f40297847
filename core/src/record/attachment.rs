//! Stored attachments, without their bytes.

use cairn_proto::ids::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentRecord {
    pub bytes: u64,
    pub uses: u64,
    /// Users who may send it, the latest upload last; at most `UPLOADERS_MAX`.
    pub uploads: Vec<Upload>,
}

/// Proof that a user had all bytes of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub user: UserId,
    /// When the bytes were last verified to be stored.
    pub stored_at: Timestamp,
    /// Whether the user sent it since then.
    pub is_sent: bool,
}

impl AttachmentRecord {
    #[must_use]
    pub(crate) fn upload_of(&self, user: UserId) -> Option<&Upload> {
        self.uploads.iter().find(|upload| upload.user == user)
    }
}

impl Upload {
    /// Returns whether the upload no longer protects the attachment from removal: it was sent, or
    /// its grace period is over.
    pub(crate) fn is_expired(&self, now: Timestamp, kept_ms: u64) -> bool {
        self.is_sent || now.get().saturating_sub(self.stored_at.get()) >= kept_ms
    }
}
