//! Conversations whose retention policy changed, to be visited before the next round.

use std::collections::BTreeSet;

use cairn_proto::ids::ConversationId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits;

/// The conversations in which another policy holds since a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Due {
    conversations: Mutex<BTreeSet<ConversationId>>,
    wake: Notify,
}

impl Due {
    /// Has a conversation focused at soon. Beyond a bound it waits until its turn comes anyway.
    pub(crate) fn add(&self, conversation: ConversationId) {
        let mut conversations = self.conversations.lock();
        if conversations.len() < limits::RETENTION_DUE_MAX {
            conversations.insert(conversation);
            self.wake.notify_one();
        }
    }

    pub(super) async fn next(&self) -> ConversationId {
        loop {
            let wake = self.wake.notified();
            if let Some(conversation) = self.conversations.lock().pop_first() {
                return conversation;
            }
            wake.await;
        }
    }
}
