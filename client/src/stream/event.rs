//! Events: changes of memberships, contacts, presence and the connection, other than messages.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::wire::event::Update;

use crate::limits;

/// A change other than a message, or messages as the server pushes them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The server reports a change: of the user's conversations, cursors, contacts or account, of a
    /// watched user's presence, or of cursors in the focused conversation.
    Update(Update),
    /// Another user is typing in the focused conversation. Expires after twice
    /// [`cairn_proto::limits::TYPING_INTERVAL`] unless repeated.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// The user who is typing.
        user: UserId,
    },
    /// The connection was lost. The client reconnects by itself.
    Disconnected {
        /// The cause, for display.
        reason: String,
    },
    /// The client is connected again, or for the first time after an offline start. Memberships and
    /// contacts may have changed in between; request [`crate::view::Conversations::list`] and
    /// [`crate::view::People::contacts`].
    Reconnected,
    /// This many events were dropped because the reader fell behind; request
    /// [`crate::view::Conversations::list`] and [`crate::view::People::contacts`].
    Lagged(u64),
    /// The server pushed entries of a log. Only for readers of [`crate::Client::pushes`].
    Entries(Run),
    /// The log has grown up to this entry by more than the server pushes. Only for readers of
    /// [`crate::Client::pushes`].
    Behind {
        /// The conversation.
        conversation: ConversationId,
        /// The last entry of its log.
        head: MsgId,
    },
    /// The client is not connected, and tries again after this time. Only for readers of
    /// [`crate::Client::pushes`].
    Waiting {
        /// The time until the next attempt.
        time: Duration,
    },
}

/// The queue of one reader of events.
#[derive(Debug, Default)]
pub(crate) struct Subscriber {
    /// Whether this reader is internal, for the duration of a request.
    pub(crate) is_internal: bool,
    /// Whether this reader receives pushed entries.
    pub(crate) wants_entries: bool,
    queue: VecDeque<Event>,
    dropped: u64,
    pub(crate) waker: Option<Waker>,
}

impl Subscriber {
    pub(crate) fn internal() -> Self {
        Self {
            is_internal: true,
            ..Self::default()
        }
    }

    pub(crate) fn with_entries() -> Self {
        Self {
            wants_entries: true,
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, event: &Event) {
        if self.queue.len() < limits::EVENTS_BUFFERED_MAX && self.dropped == 0 {
            self.queue.push_back(event.clone());
        } else {
            self.dropped += 1;
        }
    }

    /// Returns the oldest event. Dropped events are newer than queued ones, so [`Event::Lagged`]
    /// comes last.
    pub(crate) fn take(&mut self) -> Option<Event> {
        self.queue
            .pop_front()
            .or_else(|| match std::mem::take(&mut self.dropped) {
                0 => None,
                dropped => Some(Event::Lagged(dropped)),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_reader_lags() {
        let mut subscriber = Subscriber::default();
        for _ in 0..limits::EVENTS_BUFFERED_MAX + 3 {
            subscriber.push(&Event::Reconnected);
        }
        for _ in 0..limits::EVENTS_BUFFERED_MAX {
            assert_eq!(subscriber.take(), Some(Event::Reconnected));
        }
        assert_eq!(subscriber.take(), Some(Event::Lagged(3)));
        assert_eq!(subscriber.take(), None);
        subscriber.push(&Event::Reconnected);
        assert_eq!(subscriber.take(), Some(Event::Reconnected));
    }
}
