//! Requests of admins of the server, who set up the desk.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, LinkId, UserId, VisitorId};
use crate::model::desk::{AgentConfig, QueueConfig, RouteRule};
use crate::text::{DeskText, Tag};
use crate::wire::codec;

/// Creates a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateQueue {
    /// Its settings. The name is unique among queues.
    pub config: Box<QueueConfig>,
}

/// Replaces the settings of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetQueue {
    /// The queue.
    pub queue: ConversationId,
    /// All settings after the change.
    pub config: Box<QueueConfig>,
}

/// Removes a queue without open inquiries. Its log stays; agents, rules and keys that name it lose
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveQueue {
    /// The queue.
    pub queue: ConversationId,
}

/// Makes a user an agent, or replaces an agent's settings. What they hold in queues that they no
/// longer serve waits again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAgent {
    /// The user.
    pub user: UserId,
    /// All settings after the change.
    pub config: AgentConfig,
}

/// Makes a user no longer an agent. What they hold waits again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveAgent {
    /// The user.
    pub user: UserId,
}

/// Reads the routing rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRouteRules;

/// Replaces the routing rules. They hold for inquiries that are opened from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRouteRules {
    /// In order; at most [`crate::limits::ROUTE_RULES_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub rules: Vec<RouteRule>,
}

/// Sets or removes a canned reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCanned {
    /// Its name.
    pub name: Tag,
    /// `None` to remove it.
    pub text: Option<DeskText>,
}

/// Lists the keys of the desk that were not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDeskKeys;

/// Revokes a key of the desk. Visitors who came with it cannot log in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeDeskKey {
    /// The key.
    pub id: LinkId,
}

/// Erases a visitor: who they are, their inquiries with all messages, notes and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseVisitor {
    /// The visitor.
    pub visitor: VisitorId,
}
