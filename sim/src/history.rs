//! What clients did and saw, in the order in which it happened.

use std::collections::{BTreeMap, BTreeSet};

use cairn_client::proto::content::body::{Amendment, SystemEntry};
use cairn_client::proto::model::desk::{DeskEntry, InquiryInfo};
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
    /// `None` for a first question without an answer, and for notes of transfers.
    pub(crate) place: Option<ConversationId>,
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
    pub(crate) done: Option<Moment>,
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
    /// The device that saw it.
    pub(crate) host: usize,
    pub(crate) user: UserId,
    pub(crate) place: ConversationId,
    pub(crate) msgid: MsgId,
    pub(crate) entry: Entry,
    pub(crate) at: Moment,
}

/// What a user searches for, in the lower case of all texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    Word(String),
    /// The beginning of a word.
    Prefix(String),
    /// Characters wherever they are.
    Literal(String),
}

/// A search that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    pub(crate) user: UserId,
    pub(crate) sought: Sought,
    pub(crate) asked: Moment,
    /// In the order in which they came.
    pub(crate) hits: Vec<(ConversationId, MsgId, Entry)>,
    /// Whether everything was searched.
    pub(crate) is_complete: bool,
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
    pub(crate) place: ConversationId,
    /// As it is listed. `None` for what an admin reads of the desk.
    pub(crate) item: Option<Conversation>,
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

/// An inquiry that an agent got by a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) agent: UserId,
    pub(crate) inquiry: ConversationId,
}

/// The support desk.
#[derive(Debug, Default)]
pub(crate) struct DeskHistory {
    pub(crate) queues: Vec<ConversationId>,
    /// All inquiries at the end, with the numbers of their visitors.
    pub(crate) infos: Vec<(InquiryInfo, Option<usize>)>,
    pub(crate) given: Vec<Given>,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    last: u64,
    pub(crate) sent: Vec<Sent>,
    pub(crate) amended: Vec<Amended>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) listed: Vec<Listed>,
    pub(crate) searches: Vec<Searched>,
    pub(crate) reads: Vec<Read>,
    pub(crate) finals: Vec<Final>,
    pub(crate) desk: DeskHistory,
    /// Messages typed in sessions: the device, and the number of the send.
    pub(crate) typed: Vec<(usize, usize)>,
    /// Those that are durable in an outbox.
    pub(crate) kept: BTreeSet<usize>,
    /// Ends of servers that lose what they had not written, and when.
    pub(crate) crashes: Vec<(Moment, Duration)>,
    /// Requests without an answer, and the processes that wait for it.
    pub(crate) pending: BTreeMap<u64, (u64, String)>,
}

impl Sought {
    /// Returns whether a text matches: it has no other letters and digits than those of ASCII, of
    /// which words consist.
    pub(crate) fn is_in_text(&self, text: &str) -> bool {
        let mut words = text.split(|char: char| !char.is_ascii_alphanumeric());
        match self {
            Self::Word(word) => words.any(|other| other == word),
            Self::Prefix(start) => words.any(|word| word.starts_with(start.as_str())),
            Self::Literal(part) => text.contains(part.as_str()),
        }
    }

    pub(crate) fn is_in(&self, entry: &Entry) -> bool {
        matches!(&entry.content, Content::Text(text) if self.is_in_text(text))
    }
}

impl Entry {
    pub(crate) fn is_text(&self, text: &str) -> bool {
        matches!(&self.content, Content::Text(other) if other == text)
    }

    /// Returns what the desk wrote into the log of an inquiry.
    pub(crate) const fn desk(&self) -> Option<&DeskEntry> {
        match &self.content {
            Content::System(SystemEntry::Desk(entry)) => Some(entry),
            _ => None,
        }
    }
}

impl History {
    /// Returns whether a log is one of the support desk.
    pub(crate) fn is_of_desk(&self, place: ConversationId) -> bool {
        let mut infos = self.desk.infos.iter();
        self.desk.queues.contains(&place)
            || infos.any(|(info, _)| info.conversation == place || info.back == Some(place))
    }

    /// Returns how often agents got inquiries.
    pub(crate) fn holds(&self) -> u64 {
        let entries = self.finals.iter().flat_map(|log| log.entries.values());
        let holds = entries.filter(|entry| matches!(entry.desk(), Some(DeskEntry::Joined { .. })));
        holds.count() as u64
    }

    /// Returns how many messages searches found.
    pub(crate) fn found(&self) -> u64 {
        let found = self.searches.iter().map(|search| search.hits.len() as u64);
        found.sum()
    }

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
