//! What one session is to be pushed: a position in each conversation and the set of those with
//! news. There is no queue of messages, so a session that reads slowly costs distance and no
//! memory.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::receipts::Reads;
use cairn_proto::wire::event::TimelineFrame;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::delivery::feed::{Feed, FeedBound, Generation};
use crate::limits;
use cairn_core::api::effect::AccountPart;

/// The feeds of one session.
#[derive(Debug, Default)]
pub(crate) struct Push {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    feeds: HashMap<ConversationId, Feed>,
    last_generation: u64,
    dirty: VecDeque<ConversationId>,
    /// What else is to be pending, the latest of each thing.
    pending: BTreeMap<UpdateKey, TimelineFrame>,
    /// There is news that must not wait for the end of a push_delay.
    is_urgent: bool,
    is_coalescing: bool,
}

/// What a session is pending of beside conversations. Each thing has one place, so that a session
/// that reads slowly is pending how it stands and not how it came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UpdateKey {
    /// Something of the user's own.
    AccountUpdate(AccountPart),
    /// The relation to a user.
    Contact(UserId),
    /// Where a user is.
    Presence(UserId),
    /// Who has got and read what in a conversation.
    Receipts(ConversationId),
}

impl State {
    fn has_news(&self) -> bool {
        !self.dirty.is_empty() || !self.pending.is_empty()
    }
}

impl Push {
    /// Adds a feed, or puts a new one in its place, with news to look for.
    pub(crate) fn put(&self, conversation: ConversationId, feed: Feed) {
        let mut state = self.state.lock();
        state.is_urgent = true;
        state.last_generation += 1;
        let generation = Generation(state.last_generation);
        let is_listed = state
            .feeds
            .insert(
                conversation,
                Feed {
                    dirty: true,
                    generation,
                    ..feed
                },
            )
            .is_some_and(|old| old.dirty);
        if !is_listed {
            state.dirty.push_back(conversation);
        }
    }

    /// Nothing above `last` is pushed any more.
    pub(crate) fn end(&self, conversation: ConversationId, last: MsgId) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            feed.end = Some(last);
        }
        self.mark(conversation, Duration::ZERO);
    }

    /// The session is pending how its user stands in a conversation, and with it how far he has
    /// read.
    pub(crate) fn announce(&self, summary: &Conversation) {
        self.note(summary.id, |feed| {
            (feed.announce, feed.read) = (Some(Box::new(summary.clone())), None)
        });
    }

    /// The session is pending how far its user has read, by the head that the log had then.
    pub(crate) fn read(&self, conversation: ConversationId, read: MsgId, head: MsgId) {
        self.note(conversation, |feed| feed.read = Some((read, head)));
    }

    fn note(&self, conversation: ConversationId, note: impl FnOnce(&mut Feed)) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            note(feed);
        }
        if self.mark(conversation, Duration::ZERO) {
            self.wake();
        }
    }

    /// There is news in a conversation, whose sessions push_delay for so long once they were pushed
    /// some. Says whether the session should be woken for it.
    pub(crate) fn mark(&self, conversation: ConversationId, push_delay: Duration) -> bool {
        let State {
            feeds,
            dirty,
            is_urgent: was_urgent,
            is_coalescing,
            ..
        } = &mut *self.state.lock();
        let Some(feed) = feeds.get_mut(&conversation) else {
            return false;
        };
        feed.push_delay = push_delay;
        let is_listed = std::mem::replace(&mut feed.dirty, true);
        if !is_listed {
            dirty.push_back(conversation);
        }
        let cannot_wait = push_delay.is_zero()
            || feed.timeline.head().above(feed.position) >= limits::COALESCED_MESSAGES_MAX;
        let is_urgent = cannot_wait && !std::mem::replace(was_urgent, true);
        if *is_coalescing {
            is_urgent
        } else {
            !is_listed
        }
    }

    /// There is something to enqueue beside news of conversations. What was to be pending of the
    /// same item before is not pending any more.
    pub(crate) fn enqueue(&self, item: UpdateKey, frame: TimelineFrame) {
        let mut state = self.state.lock();
        state.is_urgent = true;
        state.pending.insert(item, frame);
    }

    /// Members of a conversation are further than they were. A session that has not been pending of
    /// others yet is pending that there are more.
    pub(crate) fn enqueue_receipts(
        &self,
        conversation: ConversationId,
        frame: TimelineFrame,
        reads: Reads,
    ) {
        let TimelineFrame::Receipts {
            conversation: id,
            mut cursors,
            more,
        } = frame
        else {
            return;
        };
        if reads == Reads::Hidden {
            cursors
                .iter_mut()
                .for_each(|cursors| cursors.read = MsgId::ZERO);
        }
        let mut state = self.state.lock();
        let more = more
            || state
                .pending
                .contains_key(&UpdateKey::Receipts(conversation));
        state.is_urgent = true;
        state.pending.insert(
            UpdateKey::Receipts(conversation),
            TimelineFrame::Receipts {
                conversation: id,
                cursors,
                more,
            },
        );
    }

    /// Takes everything that is to be pending beside news of conversations.
    pub(crate) fn drain_pending(&self) -> BTreeMap<UpdateKey, TimelineFrame> {
        std::mem::take(&mut self.state.lock().pending)
    }

    /// Wakes whoever waits in [`Push::next`].
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is news, after a push_delay that only urgent news cuts short.
    pub(crate) async fn news(&self, push_delay: Duration) {
        if !push_delay.is_zero() {
            self.state.lock().is_coalescing = true;
            // Whichever ends it, what is new by then is pushed.
            let _ = timeout(push_delay, self.urgent_news()).await;
            self.state.lock().is_coalescing = false;
        }
        loop {
            let wake = self.wake.notified();
            if self.state.lock().has_news() {
                return;
            }
            wake.await;
        }
    }

    async fn urgent_news(&self) {
        loop {
            let wake = self.wake.notified();
            if self.state.lock().is_urgent {
                return;
            }
            wake.await;
        }
    }

    /// The next conversation with news; it counts as clean from now on.
    pub(crate) fn next(&self) -> Option<(ConversationId, Feed)> {
        let mut state = self.state.lock();
        while let Some(conversation) = state.dirty.pop_front() {
            if let Some(feed) = state.feeds.get_mut(&conversation) {
                feed.dirty = false;
                let (announce, read) = (feed.announce.take(), feed.read.take());
                return Some((
                    conversation,
                    Feed {
                        announce,
                        read,
                        ..feed.clone()
                    },
                ));
            }
        }
        state.is_urgent = false;
        None
    }

    /// How far a feed that [`Push::next`] gave goes by now.
    #[must_use]
    pub(crate) fn bound(&self, conversation: ConversationId, generation: Generation) -> FeedBound {
        let state = self.state.lock();
        match state
            .feeds
            .get(&conversation)
            .filter(|feed| feed.generation == generation)
        {
            Some(feed) => feed.end.map_or(FeedBound::Head, FeedBound::Until),
            None => FeedBound::Stale,
        }
    }

    /// Notes that everything up to `position` was pushed.
    pub(crate) fn advance(
        &self,
        conversation: ConversationId,
        generation: Generation,
        position: MsgId,
    ) {
        self.change(conversation, generation, |feed| {
            feed.position = feed.position.max(position)
        });
    }

    /// The session was pending that everything up to `floor` is gone on purpose.
    pub(crate) fn told_floor(
        &self,
        conversation: ConversationId,
        generation: Generation,
        floor: MsgId,
    ) {
        self.change(conversation, generation, |feed| {
            feed.floor = feed.floor.max(floor)
        });
    }

    fn change(
        &self,
        conversation: ConversationId,
        generation: Generation,
        change: impl FnOnce(&mut Feed),
    ) {
        if let Some(feed) = self
            .state
            .lock()
            .feeds
            .get_mut(&conversation)
            .filter(|feed| feed.generation == generation)
        {
            change(feed);
        }
    }

    /// Takes a feed away whose end was pending.
    pub(crate) fn remove(&self, conversation: ConversationId, generation: Generation) {
        let mut state = self.state.lock();
        if state
            .feeds
            .get(&conversation)
            .is_some_and(|feed| feed.generation == generation)
        {
            state.feeds.remove(&conversation);
        }
    }

    /// The conversations that have a feed.
    #[must_use]
    pub(crate) fn conversations(&self) -> Vec<ConversationId> {
        self.state.lock().feeds.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests;
