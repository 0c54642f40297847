//! What one session is to be pushed: a position in each conversation and the set of those with news. There is no queue of
//! messages, so a session that reads slowly costs distance and no memory.

use std::collections::VecDeque;
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::response::Conversation;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::store::timeline::Timeline;

/// The feeds of one session.
#[derive(Debug, Default)]
pub struct Push {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    feeds: HashMap<ConversationId, Feed>,
    dirty: VecDeque<ConversationId>,
}

/// Where a session is in one conversation.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The conversation's log.
    pub timeline: Arc<Timeline>,
    /// The last entry that was pushed, or that the device had before.
    pub position: MsgId,
    /// The entry that ended the membership.
    pub end: Option<MsgId>,
    /// What the session is told of the conversation first: it is new to the user.
    pub announce: Option<Box<Conversation>>,
    dirty: bool,
}

impl Feed {
    /// A feed of a conversation that the client learned of at login.
    #[must_use]
    pub const fn resumed(timeline: Arc<Timeline>, position: MsgId) -> Self {
        Self { timeline, position, end: None, announce: None, dirty: false }
    }

    /// A feed of a conversation that is new to the user.
    #[must_use]
    pub const fn joined(timeline: Arc<Timeline>, position: MsgId, announce: Box<Conversation>) -> Self {
        Self { timeline, position, end: None, announce: Some(announce), dirty: false }
    }
}

impl Push {
    /// Adds a feed, or puts a new one in its place, with news to look for.
    pub fn put(&self, conversation: ConversationId, feed: Feed) {
        let mut state = self.state.lock();
        let is_listed = state.feeds.insert(conversation, Feed { dirty: true, ..feed }).is_some_and(|old| old.dirty);
        if !is_listed {
            state.dirty.push_back(conversation);
        }
    }

    /// Nothing above `last` is pushed any more.
    pub fn end(&self, conversation: ConversationId, last: MsgId) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            feed.end = Some(last);
        }
        self.mark(conversation);
    }

    /// There is news in a conversation. Says whether the session should be woken for it.
    pub fn mark(&self, conversation: ConversationId) -> bool {
        let mut state = self.state.lock();
        let Some(feed) = state.feeds.get_mut(&conversation) else { return false };
        if std::mem::replace(&mut feed.dirty, true) {
            return false;
        }
        state.dirty.push_back(conversation);
        true
    }

    /// Wakes whoever waits in [`Push::next`].
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is news.
    pub async fn news(&self) {
        loop {
            let wake = self.wake.notified();
            if !self.state.lock().dirty.is_empty() {
                return;
            }
            wake.await;
        }
    }

    /// The next conversation with news; it counts as clean from now on.
    pub fn next(&self) -> Option<(ConversationId, Feed)> {
        let mut state = self.state.lock();
        while let Some(conversation) = state.dirty.pop_front() {
            if let Some(feed) = state.feeds.get_mut(&conversation) {
                feed.dirty = false;
                let announce = feed.announce.take();
                return Some((conversation, Feed { announce, ..feed.clone() }));
            }
        }
        None
    }

    /// Notes that everything up to `position` was pushed.
    pub fn advance(&self, conversation: ConversationId, position: MsgId) {
        if let Some(feed) = self.state.lock().feeds.get_mut(&conversation) {
            feed.position = feed.position.max(position);
        }
    }

    /// Takes a feed away whose end was told.
    pub fn remove(&self, conversation: ConversationId) {
        self.state.lock().feeds.remove(&conversation);
    }

    /// The conversations that have a feed.
    #[must_use]
    pub fn conversations(&self) -> Vec<ConversationId> {
        self.state.lock().feeds.keys().copied().collect()
    }
}
