//! The stored form of attachments, apart from their bytes.

use cairn_proto::ids::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

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

impl AttachmentRecord {
    /// The upload of a user, if he may send the attachment.
    #[must_use]
    pub(crate) fn upload_of(&self, user: UserId) -> Option<&Upload> {
        self.uploads.iter().find(|upload| upload.user == user)
    }
}

impl Upload {
    /// Whether the attachment need not be kept for its user: he sent it, or had time enough to.
    pub(crate) fn is_expired(&self, now: Timestamp, kept_ms: u64) -> bool {
        self.is_sent || now.get().saturating_sub(self.stored_at.get()) >= kept_ms
    }
}
