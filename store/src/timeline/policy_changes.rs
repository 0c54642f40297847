//! Conversations whose retention policy changed in the log, for the follower that expires messages.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cairn_proto::ids::ConversationId;
use parking_lot::Mutex;

use crate::limits::POLICY_CHANGES_MAX;

/// Fed by the engine with each durable batch, and by a replay. Clones share the conversations.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyChanges(Arc<Mutex<Unread>>);

#[derive(Debug, Default)]
struct Unread {
    conversations: BTreeSet<ConversationId>,
    reader: Option<Waker>,
}

impl PolicyChanges {
    /// Adds conversations. Those beyond the limit are left to the next look at all of them, which
    /// finds their policies in the trees.
    pub(crate) fn add(&self, conversations: impl IntoIterator<Item = ConversationId>) {
        let mut unread = self.0.lock();
        let free = POLICY_CHANGES_MAX.saturating_sub(unread.conversations.len());
        unread
            .conversations
            .extend(conversations.into_iter().take(free));
        let is_empty = unread.conversations.is_empty();
        let reader = unread.reader.take_if(|_| !is_empty);
        drop(unread);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Takes one, or wakes the task once there is one. One task reads.
    pub(crate) fn poll_next(&self, context: &Context<'_>) -> Poll<ConversationId> {
        let mut unread = self.0.lock();
        if let Some(conversation) = unread.conversations.pop_first() {
            return Poll::Ready(conversation);
        }
        unread.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Debug, Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn reader_is_woken_for_each_change() {
        let (changes, wakes) = (PolicyChanges::default(), Arc::<Wakes>::default());
        let waker = Waker::from(wakes.clone());
        let context = Context::from_waker(&waker);
        let ids = [1, 2].map(ConversationId::new);
        assert_eq!(changes.poll_next(&context), Poll::Pending);
        changes.add([]);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
        changes.add([ids[1], ids[0], ids[1]]);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        for id in ids {
            assert_eq!(changes.clone().poll_next(&context), Poll::Ready(id));
        }
        assert_eq!(changes.poll_next(&context), Poll::Pending);
        changes.add((0..).map(ConversationId::new).take(2 * POLICY_CHANGES_MAX));
        let taken = std::iter::from_fn(|| match changes.poll_next(&context) {
            Poll::Ready(id) => Some(id),
            Poll::Pending => None,
        });
        assert_eq!(taken.count(), POLICY_CHANGES_MAX);
    }
}
