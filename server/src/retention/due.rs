//! Conversations whose retention policy changed, to be visited before the next round.

use std::collections::BTreeSet;

use cairn_proto::ids::ConversationId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits;

#[derive(Debug, Default)]
pub(crate) struct Due {
    conversations: Mutex<BTreeSet<ConversationId>>,
    wake: Notify,
}

impl Due {
    /// Queues a conversation. Beyond the limit it waits for the next round.
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
