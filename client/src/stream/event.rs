//! Events: changes of memberships, contacts, presence and the connection, other than messages.

use std::collections::VecDeque;
use std::task::Waker;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::people::Contact;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::receipts::MemberCursors;
use cairn_proto::wire::event::{AccountUpdate, TimelineFrame};

use crate::limits;

/// A change other than a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The user became a member of a conversation, or the user's role or own settings changed.
    /// Other changes of a conversation are entries in its log.
    Conversation(Box<Conversation>),
    /// The user is no longer a member.
    Removed {
        /// The conversation.
        conversation: ConversationId,
        /// The entry that ended the membership, and the last one that the user may see.
        last: MsgId,
    },
    /// A device of the user, possibly this one, moved the read cursor. Messages that the user sends
    /// above `head` move it too, without this event.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The new read cursor.
        read: MsgId,
        /// The head of the log at that time.
        head: MsgId,
    },
    /// A relation to another user changed, for example by a friend request, or from another device.
    Contact(Box<Contact>),
    /// A property of the user's account changed, on any device: profile, read receipts, or role on
    /// the server.
    AccountUpdate(Box<AccountUpdate>),
    /// The presence of a watched user changed; see [`crate::Client::watch`].
    Presence(UserPresence),
    /// Another user is typing in the focused conversation; see [`crate::Client::focus`]. Expires
    /// after twice [`cairn_proto::limits::TYPING_INTERVAL`] unless repeated.
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// The user who is typing.
        user: UserId,
    },
    /// Cursors of other members advanced in the focused conversation; see [`crate::Client::focus`].
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// The new positions.
        cursors: Vec<MemberCursors>,
        /// Whether further members advanced that are not listed; request
        /// [`crate::Client::receipts`] for the messages on screen.
        more: bool,
    },
    /// Messages up to `floor` have expired. Delete stored copies too.
    Expired {
        /// The conversation.
        conversation: ConversationId,
        /// The last expired message.
        floor: MsgId,
    },
    /// The connection was lost. The client reconnects by itself.
    Disconnected {
        /// The cause, for display.
        reason: String,
    },
    /// The client is connected again. Memberships and contacts may have changed in between; request
    /// [`crate::Client::conversations`] and [`crate::Client::contacts`].
    Reconnected,
    /// This many events were dropped because the reader fell behind; request
    /// [`crate::Client::conversations`] and [`crate::Client::contacts`].
    Lagged(u64),
}

impl Event {
    /// Returns the event of a pushed frame, or `None` if it concerns messages only.
    pub(crate) fn of(frame: TimelineFrame) -> Option<Self> {
        match frame {
            TimelineFrame::Run(_) | TimelineFrame::Behind { .. } => None,
            TimelineFrame::Conversation(conversation) => {
                Some(Self::Conversation(Box::new(conversation)))
            }
            TimelineFrame::Removed { conversation, last } => {
                Some(Self::Removed { conversation, last })
            }
            TimelineFrame::Read {
                conversation,
                read,
                head,
            } => Some(Self::Read {
                conversation,
                read,
                head,
            }),
            TimelineFrame::Floor {
                conversation,
                floor,
            } => Some(Self::Expired {
                conversation,
                floor,
            }),
            TimelineFrame::AccountUpdate(update) => Some(Self::AccountUpdate(Box::new(update))),
            TimelineFrame::Contact(contact) => Some(Self::Contact(Box::new(contact))),
            TimelineFrame::Presence(presence) => Some(Self::Presence(presence)),
            TimelineFrame::Receipts {
                conversation,
                cursors,
                more,
            } => Some(Self::Receipts {
                conversation,
                cursors,
                more,
            }),
        }
    }
}

/// The queue of one reader of events.
#[derive(Debug, Default)]
pub(crate) struct Subscriber {
    /// Whether this reader is internal, for the duration of a request.
    pub(crate) is_internal: bool,
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
