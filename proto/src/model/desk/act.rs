//! What admins of the server do with the desk, as the audit log records it.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, LinkId, UserId};
use crate::text::{GroupName, Tag};

/// An act of an admin of the server on the support desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskAct {
    /// Created a queue.
    QueueCreated {
        /// The queue.
        queue: ConversationId,
        /// Its name.
        name: GroupName,
    },
    /// Changed the settings of a queue.
    QueueChanged {
        /// The queue.
        queue: ConversationId,
        /// Its name before.
        before: GroupName,
        /// Its name after.
        after: GroupName,
    },
    /// Removed a queue.
    QueueRemoved {
        /// The queue.
        queue: ConversationId,
        /// Its name.
        name: GroupName,
    },
    /// Made a user an agent, or changed the settings of one.
    AgentSet {
        /// The agent.
        user: UserId,
    },
    /// Made an agent no longer one.
    AgentRemoved {
        /// The user.
        user: UserId,
    },
    /// Replaced the routing rules.
    RulesSet {
        /// How many there were.
        before: u32,
        /// How many there are.
        after: u32,
    },
    /// Set a canned reply.
    CannedSet {
        /// Its name.
        name: Tag,
    },
    /// Removed a canned reply.
    CannedRemoved {
        /// Its name.
        name: Tag,
    },
    /// Created a link for visitors.
    LinkCreated {
        /// The link.
        id: LinkId,
        /// The queue that it leads to.
        queue: ConversationId,
    },
    /// Revoked a link for visitors.
    LinkRevoked {
        /// The link.
        id: LinkId,
        /// The queue that it led to.
        queue: ConversationId,
    },
    /// Erased a visitor, whom nothing names any more.
    VisitorErased {
        /// How many inquiries they had.
        inquiries: u32,
    },
}

impl DeskAct {
    /// Returns the name in kebab case, as JSON shows it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::QueueCreated { .. } => "desk-queue-created",
            Self::QueueChanged { .. } => "desk-queue-changed",
            Self::QueueRemoved { .. } => "desk-queue-removed",
            Self::AgentSet { .. } => "desk-agent-set",
            Self::AgentRemoved { .. } => "desk-agent-removed",
            Self::RulesSet { .. } => "desk-rules-set",
            Self::CannedSet { .. } => "desk-canned-set",
            Self::CannedRemoved { .. } => "desk-canned-removed",
            Self::LinkCreated { .. } => "desk-link-created",
            Self::LinkRevoked { .. } => "desk-link-revoked",
            Self::VisitorErased { .. } => "desk-visitor-erased",
        }
    }
}
