//! Requests of agents about what they have to do.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::model::desk::Duty;
use crate::text::{DeskText, GroupName, Tag};
use crate::wire::codec;

/// Reads the agent's offers, the inquiries that they hold, and their queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMyDesk {
    /// The last inquiry of the page before.
    pub after: Option<ConversationId>,
}

/// Sets the agent's own duty. Off duty, or on a break, they keep what they hold, and get nothing
/// further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDuty {
    /// The new duty.
    pub duty: Duty,
}

/// Accepts an inquiry that is offered to the agent. Accepting it again succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Refuses an inquiry that is offered to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefuseInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Takes an inquiry that waits or is offered, or a message that was left. For agents of a queue
/// that permits it, and for supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Passes an inquiry on. For who holds it, and for supervisors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
    /// To whom.
    pub to: TransferTarget,
    /// A note for the next agent, which the visitor does not see; may be empty.
    pub note: DeskText,
}

/// To whom an inquiry is passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferTarget {
    /// An agent on duty, who holds it at once.
    Agent(UserId),
    /// A queue, in which it waits since it began to.
    Queue(ConversationId),
    /// As [`TransferTarget::Queue`], by name: agents may pass an inquiry on to queues that they do
    /// not serve.
    QueueNamed(GroupName),
}

/// Closes an inquiry. For who holds it, and for supervisors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
    /// Tags to add.
    #[serde(deserialize_with = "codec::list")]
    pub tags: Vec<Tag>,
}

/// Opens a closed inquiry again, and holds it. For agents of its queue, and for supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReopenInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Adds and removes tags of an inquiry. For who holds it, and for supervisors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
    /// Tags to add.
    #[serde(deserialize_with = "codec::list")]
    pub add: Vec<Tag>,
    /// Tags to remove.
    #[serde(deserialize_with = "codec::list")]
    pub remove: Vec<Tag>,
}

/// Changes the priority of an inquiry. For who holds it, and for supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetInquiryPriority {
    /// The inquiry.
    pub conversation: ConversationId,
    /// At most [`crate::limits::PRIORITY_MAX`].
    pub priority: u8,
}

/// Opens the log of notes of an inquiry, a conversation in which the visitor is no member. Opening
/// it again succeeds. For who holds the inquiry, and for supervisors who joined it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBack {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Reads a page of the canned replies, ordered by name; at most
/// [`crate::limits::CANNED_FOUND_MAX`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCanned {
    /// `None` for all.
    pub prefix: Option<Tag>,
    /// The last one of the page before.
    pub after: Option<Tag>,
}

/// Reads an inquiry. For agents of its queue, and for supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}

/// Explains why an agent has an inquiry, or why no agent has. For agents of its queue, and for
/// supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainInquiry {
    /// The inquiry.
    pub conversation: ConversationId,
}
