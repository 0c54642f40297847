//! What the desk writes into logs: into those of inquiries what visitors may see, and into those of
//! queues what routing did.

use serde::{Deserialize, Serialize};

use super::{ClosedBy, Duty};
use crate::ids::{ConversationId, Timestamp, UserId};
use crate::text::{DisplayName, GroupName, Tag};
use crate::wire::codec;

/// A change of an inquiry, in its own log. Nothing that visitors must not see is one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskEntry {
    /// The visitor opened it.
    Opened {
        /// The name of the queue.
        queue: GroupName,
    },
    /// An agent or supervisor answers from here on.
    Joined {
        /// The sender of their messages.
        agent: UserId,
        /// Their public name.
        name: DisplayName,
    },
    /// The agent passed it on, or is gone.
    Transferred {
        /// The queue that it went to, if it is another one.
        queue: Option<GroupName>,
    },
    /// It is over.
    Closed {
        /// Whether the visitor ended it.
        by_visitor: bool,
    },
    /// It is open again.
    Reopened,
    /// The visitor rated it.
    Rated {
        /// How much they liked it.
        stars: u8,
    },
}

/// What routing did with an inquiry, in the log of a queue. It holds nothing of the visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteEntry {
    /// The inquiry; 0 for a change of an agent.
    pub inquiry: ConversationId,
    /// What was done.
    pub step: RouteStep,
}

/// A step of routing. An agent holds an inquiry from `Accepted`, `Assigned`, `Taken` or
/// `TransferredToAgent` to the next `Returned`, `TransferredToAgent`, `TransferredToQueue` or
/// `Closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteStep {
    /// It came into the queue.
    Opened {
        /// Its priority.
        priority: u8,
        /// The number of the routing rule that chose the queue, counted from 0.
        rule: Option<u32>,
    },
    /// It was left as a message.
    Left,
    /// It is offered to an agent.
    Offered {
        /// The agent.
        agent: UserId,
        /// The end of the offer.
        until: Timestamp,
    },
    /// The agent accepted it.
    Accepted {
        /// The agent.
        agent: UserId,
        /// How long the visitor waited, in milliseconds.
        waited_ms: u64,
    },
    /// It was given to an agent.
    Assigned {
        /// The agent.
        agent: UserId,
        /// How long the visitor waited, in milliseconds.
        waited_ms: u64,
        /// The supervisor who did it; `None` for the queue's rule.
        by: Option<UserId>,
    },
    /// An agent or supervisor took it.
    Taken {
        /// The agent.
        agent: UserId,
        /// How long the visitor waited, in milliseconds.
        waited_ms: u64,
    },
    /// The agent refused it.
    Refused {
        /// The agent.
        agent: UserId,
    },
    /// The agent did not answer in time.
    Missed {
        /// The agent.
        agent: UserId,
    },
    /// An offer ended for another reason.
    Withdrawn {
        /// The agent.
        agent: UserId,
        /// Why.
        why: ReturnCause,
    },
    /// It waits again.
    Returned {
        /// The agent who held it.
        agent: UserId,
        /// Why.
        why: ReturnCause,
    },
    /// It was passed on to an agent.
    TransferredToAgent {
        /// Who held it.
        from: Option<UserId>,
        /// Who holds it now.
        to: UserId,
    },
    /// It was passed on to another queue, or back to this one.
    TransferredToQueue {
        /// Who held it.
        from: Option<UserId>,
        /// The queue.
        to: ConversationId,
    },
    /// It came from another queue.
    Entered {
        /// The queue.
        from: ConversationId,
    },
    /// It has waited for too long, and went to another queue.
    Overflowed {
        /// The queue.
        to: ConversationId,
    },
    /// An agent answered for the first time.
    FirstReply {
        /// The agent.
        agent: UserId,
        /// The time since it was opened, in milliseconds.
        after_ms: u64,
    },
    /// It is over.
    Closed {
        /// Who ended it.
        by: ClosedBy,
        /// Who held it.
        agent: Option<UserId>,
        /// Its tags.
        #[serde(deserialize_with = "codec::list")]
        tags: Vec<Tag>,
        /// The time since it was opened, in milliseconds.
        open_ms: u64,
    },
    /// It is open again.
    Reopened,
    /// The visitor rated it.
    Rated {
        /// How much they liked it.
        stars: u8,
        /// Who held it last.
        agent: Option<UserId>,
    },
    /// Its tags changed.
    Tagged {
        /// All tags.
        #[serde(deserialize_with = "codec::list")]
        tags: Vec<Tag>,
    },
    /// Its priority changed.
    Prioritized {
        /// The new one.
        priority: u8,
    },
    /// A supervisor joined it.
    Joined {
        /// The supervisor.
        user: UserId,
    },
    /// It was erased with its visitor.
    Erased,
    /// The duty of an agent changed.
    Duty {
        /// The agent.
        agent: UserId,
        /// The new one.
        duty: Duty,
        /// Whether the agent set it.
        is_own: bool,
    },
}

/// Why an agent no longer has an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnCause {
    /// The agent was gone for too long.
    Absent,
    /// The agent went off duty or on a break before accepting it.
    NotOnDuty,
    /// The agent no longer serves the queue, or is no agent any more.
    Removed,
    /// The agent's account was deactivated.
    Deactivated,
    /// The queue closed for the day before the agent accepted it.
    QueueClosed,
    /// Another agent or supervisor took it, or gave it to another agent.
    Taken,
    /// It was closed.
    Closed,
}
