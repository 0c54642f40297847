//! Keys of the support desk.

use cairn_core::record::SecretHash;
use cairn_proto::ids::{ConversationId, UserId, VisitorId};

use super::RowKey;
use crate::trees::tree::Tree;

impl RowKey {
    #[must_use]
    pub fn queue(queue: ConversationId) -> Self {
        Self::new(Tree::Queues).and_u64(queue.get())
    }

    #[must_use]
    pub fn queue_hours(queue: ConversationId) -> Self {
        Self::new(Tree::QueueHours).and_u64(queue.get())
    }

    #[must_use]
    pub fn agent(user: UserId) -> Self {
        Self::new(Tree::Agents).and_u32(user.get())
    }

    #[must_use]
    pub fn inquiry(inquiry: ConversationId) -> Self {
        Self::new(Tree::Inquiries).and_u64(inquiry.get())
    }

    #[must_use]
    pub fn open_inquiry(inquiry: ConversationId) -> Self {
        Self::new(Tree::OpenInquiries).and_u64(inquiry.get())
    }

    #[must_use]
    pub fn asker(inquiry: ConversationId) -> Self {
        Self::new(Tree::Askers).and_u64(inquiry.get())
    }

    #[must_use]
    pub fn visitor(visitor: VisitorId) -> Self {
        Self::new(Tree::Visitors).and_u64(visitor.get())
    }

    #[must_use]
    pub fn desk_key(key: &SecretHash) -> Self {
        Self::new(Tree::DeskKeys).and(&key.0)
    }

    /// A canned reply, by the hash of its name.
    #[must_use]
    pub fn canned(hash: u64) -> Self {
        Self::new(Tree::Canned).and_u64(hash)
    }
}
