//! What happens beside the messages: memberships, contacts, presence, and the connection itself.

use std::collections::VecDeque;
use std::task::Waker;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::people::Contact;
use cairn_proto::model::presence::UserPresence;
use cairn_proto::model::receipts::MemberCursors;
use cairn_proto::wire::event::{AccountUpdate, TimelineFrame};

use crate::limits;

/// Something that happened beside the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The user became a member of this conversation, or his role or his own settings in it
    /// changed. What else changes about a conversation is an entry in its log.
    Conversation(Box<Conversation>),
    /// The user is no member any more.
    Removed {
        /// Of this conversation.
        conversation: ConversationId,
        /// The entry that ended the membership: the last one that can be seen.
        last: MsgId,
    },
    /// A device of the user, perhaps this one, moved the read cursor, and here it stands. What the
    /// user says moves it as well, without this event, if it lies above `head`.
    Read {
        /// Of this conversation.
        conversation: ConversationId,
        /// The last message read.
        read: MsgId,
        /// How far the log went then.
        head: MsgId,
    },
    /// The user's relation to somebody is another now: somebody asks to be a friend, or accepts, or
    /// it changed on another device.
    Contact(Box<Contact>),
    /// Something of the user's own is another now, on all his devices: how he presents himself,
    /// whether his reads are shown, his role on the server.
    AccountUpdate(Box<AccountUpdate>),
    /// Somebody whom the client watches came, went or is somewhere else: see [`crate::Client::watch`].
    Presence(UserPresence),
    /// Somebody types in the conversation that the client looks at: see [`crate::Client::focus`].
    Typing {
        /// The conversation.
        conversation: ConversationId,
        /// Who.
        user: UserId,
    },
    /// Members of the conversation that the client looks at ([`crate::Client::focus`]) are further than
    /// they were.
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// How far they are now.
        cursors: Vec<MemberCursors>,
        /// Others moved as well: ask [`crate::Client::receipts`] for what is on screen.
        more: bool,
    },
    /// Messages are gone on purpose, everything up to `floor`: whoever keeps them lets go of them
    /// as well.
    Expired {
        /// Of this conversation.
        conversation: ConversationId,
        /// The last message that is gone.
        floor: MsgId,
    },
    /// The connection broke; the client connects again by itself.
    Disconnected {
        /// What happened, for people.
        reason: String,
    },
    /// The client has a connection again. Memberships and contacts may have changed in between: ask
    /// [`crate::Client::conversations`] and [`crate::Client::contacts`].
    Reconnected,
    /// So many events were dropped because they were not read: ask [`crate::Client::conversations`] and
    /// [`crate::Client::contacts`] for how things stand.
    Lagged(u64),
}

impl Event {
    /// What a frame says beside messages; nothing when it is about messages alone.
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
            TimelineFrame::AccountUpdate(own) => Some(Self::AccountUpdate(Box::new(own))),
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

/// What waits for one reader of events.
#[derive(Debug, Default)]
pub(crate) struct Subscriber {
    /// The client itself listens, for a moment.
    pub(crate) is_own: bool,
    queue: VecDeque<Event>,
    dropped: u64,
    pub(crate) waker: Option<Waker>,
}

impl Subscriber {
    pub(crate) fn own() -> Self {
        Self {
            is_own: true,
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

    /// The oldest event. What was dropped is newer than what is queued, so it is reported behind
    /// it.
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
    fn a_slow_reader_is_told_how_many_it_missed() {
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
