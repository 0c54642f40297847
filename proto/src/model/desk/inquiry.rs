//! Inquiries, as agents see them.

use serde::{Deserialize, Serialize};

use super::VisitorInfo;
use crate::ids::{ConversationId, MsgId, Timestamp, UserId};
use crate::text::{DeskText, Tag};
use crate::wire::codec;

/// Where an inquiry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InquiryState {
    /// No agent has it.
    Waiting,
    /// One agent may accept it.
    Offered {
        /// The agent.
        agent: UserId,
        /// The end of the offer.
        until: Timestamp,
    },
    /// An agent answers it.
    Held {
        /// The agent.
        agent: UserId,
        /// Since when.
        since: Timestamp,
    },
    /// A message that was left while the queue was closed or full. Agents may take it.
    Left,
    /// It is over. A message of the visitor opens it again.
    Closed {
        /// Since when.
        at: Timestamp,
        /// Who ended it.
        by: ClosedBy,
    },
}

impl InquiryState {
    /// Returns the agent who has it, or may accept it.
    #[must_use]
    pub const fn agent(self) -> Option<UserId> {
        match self {
            Self::Offered { agent, .. } | Self::Held { agent, .. } => Some(agent),
            Self::Waiting | Self::Left | Self::Closed { .. } => None,
        }
    }

    /// Returns whether it is not over.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed { .. })
    }
}

/// Who ended an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedBy {
    /// The visitor.
    Visitor,
    /// An agent or supervisor.
    Agent(UserId),
    /// The server, since the visitor said nothing more.
    Idle,
}

/// What a visitor thought of an answered inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// From 1 to [`crate::limits::STARS_MAX`].
    pub stars: u8,
    /// May be empty.
    pub text: DeskText,
    /// When.
    pub at: Timestamp,
}

/// An inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InquiryInfo {
    /// Its log.
    pub conversation: ConversationId,
    /// The queue that it is in.
    pub queue: ConversationId,
    /// Where it stands.
    pub state: InquiryState,
    /// Higher is first; at most [`crate::limits::PRIORITY_MAX`].
    pub priority: u8,
    /// Who asks.
    pub visitor: VisitorInfo,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Since when it waits, or when it began to wait for its present agent.
    pub waiting_since: Timestamp,
    /// When an agent first answered.
    pub first_reply_at: Option<Timestamp>,
    /// At most [`crate::limits::TAGS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub tags: Vec<Tag>,
    /// The visitor's rating since it was last closed.
    pub rating: Option<Rating>,
    /// The agents who refused it, or did not answer in time.
    #[serde(deserialize_with = "codec::list")]
    pub refused: Vec<UserId>,
    /// The last agent who held it.
    pub last_agent: Option<UserId>,
    /// The log of notes, if there is one.
    pub back: Option<ConversationId>,
    /// The last entry of its log.
    pub head: MsgId,
}

/// Which inquiries to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InquiryFilter {
    /// All that are not closed.
    Open,
    /// Those that wait or are offered.
    Waiting,
    /// Those that an agent holds.
    Held,
    /// Messages that were left.
    Left,
    /// Those that are closed.
    Closed,
}

/// The place of an inquiry in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InquiryPlace {
    /// When it was opened; among closed ones, when it was closed.
    pub at: Timestamp,
    /// The inquiry.
    pub conversation: ConversationId,
}

/// A page of inquiries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InquiryPage {
    /// At most [`crate::limits::INQUIRIES_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<InquiryInfo>,
    /// The end of this page, if there are more.
    pub next_after: Option<InquiryPlace>,
}
