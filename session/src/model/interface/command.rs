//! What the user does.

use cairn_client::proto::ids::{ConversationId, MsgId};

use crate::day::Date;
use crate::notice::NoticeSettings;
use crate::outbox::{Draft, LocalId};
use crate::timeline::RowKey;

/// An action of the user that changes the view, the outbox or a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens the window of a conversation, or returns to it, and gives it the focus. Freezes the
    /// divider.
    Open {
        /// The conversation.
        conversation: ConversationId,
        /// Where the window begins.
        at: Place,
    },
    /// Closes the window of a conversation.
    Leave(ConversationId),
    /// Whether the program has the user's attention; true at first.
    Attention(bool),
    /// These rows are on screen. Given after each drawing in which they changed, but not before the
    /// window is scrolled to its anchor: while the row of a jump or the end is being loaded, other
    /// rows are not what the user went to.
    Seen {
        /// The conversation.
        conversation: ConversationId,
        /// The first row of which something is seen.
        first: RowKey,
        /// The last row of which something is seen.
        last: RowKey,
    },
    /// Moves a window.
    Jump {
        /// The conversation.
        conversation: ConversationId,
        /// Where to.
        to: Place,
    },
    /// Moves a window to where it was before the last jump.
    Back(ConversationId),
    /// Replaces the draft of its conversation. An empty draft removes it.
    Draft(Draft),
    /// Sends a draft, which takes it whole. If it cannot be sent, it stays the draft of its
    /// conversation, and [`Effect::Refuse`](crate::Effect::Refuse) has the cause.
    Send(Draft),
    /// Copies a message to another conversation.
    Forward {
        /// Where the message is.
        from: ConversationId,
        /// The message.
        msgid: MsgId,
        /// Where the copy goes.
        to: ConversationId,
    },
    /// Sends a failed or unknown message as a new one.
    Again(LocalId),
    /// Removes a message from the outbox, unless it was handed to the server.
    Withdraw(LocalId),
    /// Marks everything as read.
    MarkRead(ConversationId),
    /// Marks a message and everything after it as unread, until the window is left.
    MarkUnread {
        /// The conversation.
        conversation: ConversationId,
        /// The first unread message.
        from: MsgId,
    },
    /// The user presses keys in the composer.
    Typing(ConversationId),
    /// Whether the support desk is on screen: only then is listed what waits.
    Desk(bool),
    /// What notifies the user.
    Notices(NoticeSettings),
    /// The user changed the keywords of the account on this device.
    Keywords,
}

/// A place in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the last message, following new ones.
    End,
    /// The first unread message; the end if there is none.
    FirstUnread,
    /// A message.
    At(MsgId),
    /// The first message of a day, by the local time zone.
    On(Date),
}
