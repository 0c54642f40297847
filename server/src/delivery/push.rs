//! Per-session delivery state: a position in every followed conversation, and the set of
//! conversations with unread entries.
//!
//! There is no message queue; a slow reader falls behind instead of using memory.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::desk::DeskUpdate;
use cairn_proto::model::receipts::Reads;
use cairn_proto::wire::event::{AccountUpdate, Update};
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::delivery::feed::{Feed, FeedBound, Generation};
use crate::hub::receipts::Receipts;
use crate::limits;

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
    /// Pending updates, coalesced: the latest value for each key.
    pending: BTreeMap<UpdateKey, Update>,
    /// Set when an update must bypass the coalescing delay.
    is_urgent: bool,
    is_coalescing: bool,
}

/// Identifies a pending update. A later update with the same key replaces it, so a slow reader gets
/// the latest state and not its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UpdateKey {
    Profile,
    Reads,
    Role,
    Keywords,
    Contact(UserId),
    User(UserId),
    Presence(UserId),
    Receipts(ConversationId),
    Desk(DeskKey),
    Inquiry,
    Waiting,
}

/// Identifies a pending update for an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DeskKey {
    Agent,
    Duty,
    /// An offer and its end, of which the later one counts.
    Offer(ConversationId),
    Held(ConversationId),
    Counts,
}

impl DeskKey {
    pub(crate) fn of(update: &DeskUpdate) -> Self {
        match update {
            DeskUpdate::Offer(offer) => Self::Offer(offer.info.conversation),
            DeskUpdate::OfferGone { conversation, .. } => Self::Offer(*conversation),
            DeskUpdate::Duty { .. } => Self::Duty,
            DeskUpdate::Inquiry(info) => Self::Held(info.conversation),
            DeskUpdate::Counts(_) => Self::Counts,
            DeskUpdate::Agent(_) => Self::Agent,
        }
    }
}

impl UpdateKey {
    pub(crate) const fn of_account(update: &AccountUpdate) -> Self {
        match update {
            AccountUpdate::Profile(_) => Self::Profile,
            AccountUpdate::Reads(_) => Self::Reads,
            AccountUpdate::Role(_) => Self::Role,
            AccountUpdate::Keywords(_) => Self::Keywords,
        }
    }
}

impl State {
    fn has_news(&self) -> bool {
        !self.dirty.is_empty() || !self.pending.is_empty()
    }
}

impl Push {
    /// Adds or replaces a feed and marks it dirty.
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

    /// Ends a feed: nothing above `last` will be pushed.
    pub(crate) fn end(&self, conversation: ConversationId, last: MsgId) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            feed.end = Some(last);
        }
        self.mark(conversation, Duration::ZERO);
    }

    /// Sets a summary to push, which includes the read cursor.
    pub(crate) fn announce(&self, summary: &Conversation) {
        self.note(summary.id, |feed| {
            (feed.announce, feed.read) = (Some(Box::new(summary.clone())), None)
        });
    }

    /// Sets the user's read cursor to push, with the head at that time.
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

    /// Marks a conversation dirty; after pushing it, the session coalesces for `push_delay`.
    /// Returns whether to wake the session.
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

    /// Queues an update. It replaces a pending one with the same key.
    pub(crate) fn enqueue(&self, key: UpdateKey, update: Update) {
        let mut state = self.state.lock();
        state.is_urgent = true;
        state.pending.insert(key, update);
    }

    /// Removes a pending update.
    pub(crate) fn cancel(&self, key: UpdateKey) {
        self.state.lock().pending.remove(&key);
    }

    /// Queues receipts. If others are pending already, the session only learns that there are more.
    pub(crate) fn enqueue_receipts(
        &self,
        conversation: ConversationId,
        receipts: Receipts,
        reads: Reads,
    ) {
        let Receipts { mut cursors, more } = receipts;
        if reads == Reads::Hidden {
            cursors
                .iter_mut()
                .for_each(|cursors| cursors.read = MsgId::ZERO);
        }
        let key = UpdateKey::Receipts(conversation);
        let mut state = self.state.lock();
        let more = more || state.pending.contains_key(&key);
        state.is_urgent = true;
        state.pending.insert(
            key,
            Update::Receipts {
                conversation,
                cursors,
                more,
            },
        );
    }

    /// Takes all pending updates.
    pub(crate) fn drain_pending(&self) -> BTreeMap<UpdateKey, Update> {
        std::mem::take(&mut self.state.lock().pending)
    }

    /// Wakes [`Push::news`].
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is something to push, after a coalescing delay that only urgent updates
    /// cut short.
    pub(crate) async fn news(&self, push_delay: Duration) {
        if !push_delay.is_zero() {
            self.state.lock().is_coalescing = true;
            // Either way, everything new by then is pushed.
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

    /// Returns the next dirty conversation and marks it clean.
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

    /// Returns how far the feed from [`Push::next`] may push by now.
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

    /// Records that everything up to `position` was pushed.
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

    /// Records that the session knows of this floor.
    pub(crate) fn set_floor(
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

    /// Removes a feed whose end was pushed.
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

    #[must_use]
    pub(crate) fn conversations(&self) -> Vec<ConversationId> {
        self.state.lock().feeds.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests;
