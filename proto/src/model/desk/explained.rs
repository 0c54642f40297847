//! Why an inquiry is where it is.

use serde::{Deserialize, Serialize};

use super::InquiryInfo;
use crate::ids::{Timestamp, UserId};
use crate::wire::codec;

/// Why an agent has an inquiry, or why no agent has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedInquiry {
    /// The inquiry.
    pub info: InquiryInfo,
    /// The number of the routing rule that chose the queue, counted from 0; `None` for the queue of
    /// the key.
    pub rule: Option<u32>,
    /// The reason in one word.
    pub verdict: Verdict,
    /// The agents of the queue, best first; at most [`crate::limits::CANDIDATES_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub candidates: Vec<Candidate>,
}

/// The reason why an inquiry is where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// An agent holds it.
    Held,
    /// It is offered to an agent.
    Offered,
    /// The queue has no agents.
    NoAgents,
    /// No agent of the queue may get it at present.
    NobodyReady,
    /// All who are ready have refused it, or did not answer. They can get it again at this time.
    RefusedByAll {
        /// When.
        until: Timestamp,
    },
    /// Agents take what waits in this queue.
    Manual,
    /// The queue is outside its hours.
    QueueClosed,
    /// Agents were busy with the inquiries before it. It is given with the next step.
    Next,
    /// It was left as a message.
    Left,
    /// It is over.
    Closed,
}

/// An agent who could get an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The agent.
    pub agent: UserId,
    /// Their level in the queue.
    pub level: u8,
    /// Inquiries that they hold or are offered.
    pub load: u32,
    /// Inquiries at once.
    pub capacity: u16,
    /// Why they have it, or not.
    pub reason: CandidateReason,
}

/// Why an agent has an inquiry, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateReason {
    /// They have it.
    Chosen,
    /// They would be the next to get it.
    First,
    /// They would be the next to get it, since they held it last.
    Sticky,
    /// Others would get it before them by the queue's strategy.
    BehindOthers,
    /// Others of a lower level are ready.
    HigherLevel,
    /// They are off duty.
    OffDuty,
    /// They are on a break.
    OnBreak,
    /// No session of theirs is connected.
    Away,
    /// They have as many inquiries as they may.
    Full,
    /// They refused it, or did not answer.
    Refused,
    /// It must wait longer before they can get it.
    Delayed {
        /// Until when.
        until: Timestamp,
    },
}
