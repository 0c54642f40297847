//! What clients did and saw, in the order in which it happened.

use std::collections::BTreeMap;

use cairn_client::proto::content::body::{Amendment, SystemEntry};
use cairn_client::{Body, Conversation, ConversationId, ErrorCode, Message, MsgId, UserId};
use tokio::time::Duration;

/// A moment: all moments of a run differ, and are in the order of real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

/// What became of a send, an edit or a recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok(MsgId),
    /// It had no effect, and never will.
    Failed(ErrorCode),
    /// It may have an effect, now or later.
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) user: UserId,
    /// One process of a device. Its messages in one place keep their order.
    pub(crate) process: u64,
    pub(crate) place: ConversationId,
    pub(crate) text: String,
    pub(crate) invoked: Moment,
    pub(crate) done: Option<Moment>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug)]
pub(crate) struct Amended {
    pub(crate) user: UserId,
    pub(crate) place: ConversationId,
    pub(crate) msgid: MsgId,
    /// `None` for a recall.
    pub(crate) text: Option<String>,
    pub(crate) outcome: Outcome,
}

impl Sent {
    pub(crate) const fn is_accepted(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }
}

/// A change of who is in a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Membership {
    pub(crate) place: ConversationId,
    pub(crate) user: UserId,
    pub(crate) is_added: bool,
    pub(crate) invoked: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Recalled,
    System(SystemEntry),
    Amendment(Amendment),
    Other,
}

/// An entry as a client got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sender: UserId,
    pub(crate) content: Content,
}

impl From<Message> for Entry {
    fn from(message: Message) -> Self {
        let content = match message.body {
            Body::Text(text) => Content::Text(text.to_string()),
            Body::Recalled { .. } => Content::Recalled,
            Body::System(entry) => Content::System(entry),
            Body::Amendment(amendment) => Content::Amendment(amendment),
            _ => Content::Other,
        };
        Self {
            sender: message.sender,
            content,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) user: UserId,
    pub(crate) place: ConversationId,
    pub(crate) msgid: MsgId,
    pub(crate) entry: Entry,
    pub(crate) at: Moment,
}

/// A conversation in an overview of a user.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) user: UserId,
    pub(crate) item: Conversation,
    pub(crate) asked: Moment,
    pub(crate) at: Moment,
}

/// What a user may read of a conversation at the end of the run.
#[derive(Clone, Debug)]
pub(crate) struct Final {
    pub(crate) user: UserId,
    pub(crate) item: Conversation,
    pub(crate) entries: BTreeMap<MsgId, Entry>,
    pub(crate) head: MsgId,
    pub(crate) floor: MsgId,
}

/// A read cursor that the server accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    pub(crate) user: UserId,
    pub(crate) place: ConversationId,
    pub(crate) msgid: MsgId,
    pub(crate) invoked: Moment,
    /// When it was accepted.
    pub(crate) done: Option<(Moment, Duration)>,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    last: u64,
    pub(crate) sent: Vec<Sent>,
    pub(crate) amended: Vec<Amended>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) listed: Vec<Listed>,
    pub(crate) reads: Vec<Read>,
    pub(crate) finals: Vec<Final>,
    /// Ends of servers that lose what they had not written, and when.
    pub(crate) crashes: Vec<(Moment, Duration)>,
    /// Requests without an answer, and the processes that wait for it.
    pub(crate) pending: BTreeMap<u64, (u64, String)>,
}

impl History {
    pub(crate) fn moment(&mut self) -> Moment {
        self.last += 1;
        Moment(self.last)
    }

    /// Records that a request begins. Returns what ends it.
    pub(crate) fn begin(&mut self, process: u64, what: String) -> u64 {
        let Moment(key) = self.moment();
        self.pending.insert(key, (process, what));
        key
    }

    /// Forgets the requests of a process that ended.
    pub(crate) fn forget_pending(&mut self, process: u64) {
        self.pending.retain(|_, (other, _)| *other != process);
    }

    pub(crate) fn end(&mut self, key: u64) {
        self.pending.remove(&key);
    }
}
