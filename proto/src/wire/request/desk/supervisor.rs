//! Requests of supervisors: agents who oversee queues. Admins of the server oversee all of them.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::model::desk::{Duty, InquiryFilter, InquiryPlace};

/// Reads a page of the inquiries of a queue: those that were opened first come first, and of closed
/// ones those that were closed last. For supervisors, and for agents of the queue, who see neither
/// closed ones nor those that others hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInquiries {
    /// The queue.
    pub queue: ConversationId,
    /// Which ones.
    pub filter: InquiryFilter,
    /// The end of the page before.
    pub after: Option<InquiryPlace>,
    /// At most this many, up to [`crate::limits::INQUIRIES_PER_PAGE_MAX`].
    pub limit: u32,
}

/// Joins an inquiry as a member, beside the agent who holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Assigns an inquiry to an agent of its queue, who need not be ready, but on duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
    /// The agent.
    pub agent: UserId,
}

/// Sets the duty of an agent of a supervised queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAgentDuty {
    /// The agent.
    pub user: UserId,
    /// The new duty.
    pub duty: Duty,
}

/// Lists agents, ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAgents {
    /// A queue that the user serves or supervises; `None` for all agents, which only admins of the
    /// server may ask for.
    pub queue: Option<ConversationId>,
    /// The last agent of the page before.
    pub after: Option<UserId>,
}

/// Lists the queues that the user serves or supervises; all queues for admins of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQueues {
    /// The last queue of the page before.
    pub after: Option<ConversationId>,
}
