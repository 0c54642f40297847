//! Keys of the support desk.

use cairn_core::record::SecretHash;
use cairn_proto::ids::{ConversationId, UserId, VisitorId};
use cairn_proto::model::desk::InquiryPlace;

use super::{RowKey, RowPrefix};
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

    /// A place among the closed inquiries of a queue. The last ones come first.
    #[must_use]
    pub fn closed_inquiry(queue: ConversationId, place: InquiryPlace) -> Self {
        Self::new(Tree::ClosedInquiries)
            .and_u64(queue.get())
            .and_u64(!place.at.get())
            .and_u64(!place.conversation.get())
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

impl RowPrefix {
    #[must_use]
    pub(crate) fn closed_inquiries_of(queue: ConversationId) -> Self {
        Self(RowKey::new(Tree::ClosedInquiries).and_u64(queue.get()))
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::Timestamp;

    use super::*;
    use crate::trees::parse;

    #[test]
    fn inquiries_that_were_closed_last_come_first() {
        let queue = ConversationId::new(7);
        let place = |at, id| InquiryPlace {
            at: Timestamp::new(at),
            conversation: ConversationId::new(id),
        };
        let ordered = [place(300, 8), place(300, 7), place(299, 900), place(0, 1)];
        let keys = ordered.map(|place| RowKey::closed_inquiry(queue, place));
        assert!(keys.is_sorted());
        for (key, place) in keys.iter().zip(ordered) {
            assert_eq!(parse::closed_inquiry(key.bytes()), Some((queue, place)));
        }
    }
}
