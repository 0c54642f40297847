//! Agents: users who answer visitors.

use serde::{Deserialize, Serialize};

use super::{InquiryInfo, QueueCounts, QueueInfo};
use crate::ids::{ConversationId, Timestamp};
use crate::limits;
use crate::model::user::UserInfo;
use crate::text::{DeskText, DisplayName};
use crate::wire::codec;

/// What an agent says of themselves. It never changes because of office hours or a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Gets nothing.
    Off,
    /// Gets nothing for a while.
    Break,
    /// Gets inquiries.
    On,
}

impl Duty {
    /// Returns the lower-case name, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Break => "break",
            Self::On => "on",
        }
    }
}

/// A queue that an agent serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AgentQueue {
    /// The queue.
    pub queue: ConversationId,
    /// Agents of a lower level come first. 0 is the lowest.
    pub level: u8,
    /// How long an inquiry must have waited until this agent can get it; at most
    /// [`limits::DESK_SECONDS_MAX`].
    pub delay_seconds: u32,
}

/// What an admin sets for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentConfig {
    /// The name that visitors see; `None` for the user's name.
    pub public_name: Option<DisplayName>,
    /// Inquiries at once; from 1 to [`limits::CAPACITY_MAX`].
    pub capacity: u16,
    /// Each queue once; at most [`limits::AGENT_QUEUES_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub queues: Vec<AgentQueue>,
    /// The queues whose inquiries and agents they oversee; at most [`limits::AGENT_QUEUES_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub supervises: Vec<ConversationId>,
}

impl AgentConfig {
    /// Returns whether all numbers and lists are within their limits, and each queue is named once.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let mut served: Vec<_> = self.queues.iter().map(|served| served.queue).collect();
        served.sort_unstable();
        let mut supervised = self.supervises.clone();
        supervised.sort_unstable();
        (1..=limits::CAPACITY_MAX).contains(&self.capacity)
            && served.len() <= limits::AGENT_QUEUES_MAX
            && supervised.len() <= limits::AGENT_QUEUES_MAX
            && served.is_sorted_by(|a, b| a < b)
            && supervised.is_sorted_by(|a, b| a < b)
            && self
                .queues
                .iter()
                .all(|served| served.delay_seconds <= limits::DESK_SECONDS_MAX)
    }
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentInfo {
    /// The user.
    pub user: UserInfo,
    /// What was set.
    pub config: AgentConfig,
    /// What they say.
    pub duty: Duty,
    /// Whether a session of theirs receives what is pushed.
    pub present: bool,
    /// Inquiries that they hold or are offered.
    pub load: u32,
    /// Offers that they let pass since they last accepted one.
    pub missed: u32,
    /// When they were last given an inquiry; 0 for never.
    pub given_at: Timestamp,
}

/// An inquiry that an agent may accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The inquiry, with the end of the offer.
    pub info: InquiryInfo,
    /// The first line of what the visitor said last; at most [`limits::OFFER_LINE_BYTES_MAX`].
    pub first: DeskText,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferEnd {
    /// The agent accepted it, on this or another device.
    Accepted,
    /// The agent refused it.
    Refused,
    /// The agent did not answer in time.
    Expired,
    /// It was closed, transferred, or given to another agent.
    Withdrawn,
}

/// What an agent has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyDesk {
    /// The agent.
    pub agent: AgentInfo,
    /// Inquiries to accept.
    #[serde(deserialize_with = "codec::list")]
    pub offers: Vec<Offer>,
    /// Inquiries that they hold.
    #[serde(deserialize_with = "codec::list")]
    pub held: Vec<InquiryInfo>,
    /// The last inquiry of this page, if there are more offered or held.
    pub next_after: Option<ConversationId>,
    /// Of the queues that they serve or supervise, as many as fit into the answer;
    /// [`ListQueues`](crate::wire::request::desk::ListQueues) reads all. Empty in later pages.
    #[serde(deserialize_with = "codec::list")]
    pub queues: Vec<QueueInfo>,
}

/// What changed for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskUpdate {
    /// An inquiry is offered to them.
    Offer(Box<Offer>),
    /// An offer ended.
    OfferGone {
        /// The inquiry.
        conversation: ConversationId,
        /// Why.
        why: OfferEnd,
    },
    /// Their duty changed.
    Duty {
        /// The new one.
        duty: Duty,
        /// Whether the server changed it: they let several offers pass.
        is_forced: bool,
    },
    /// An inquiry that they hold, or no longer hold, changed.
    Inquiry(Box<InquiryInfo>),
    /// How much their queues have to do. Sent at most once a second.
    Counts(#[serde(deserialize_with = "codec::list")] Vec<QueueCounts>),
    /// They became an agent, their settings changed, or they are no agent any more.
    Agent(Option<Box<AgentInfo>>),
}
