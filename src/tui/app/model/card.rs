//! What cards show: the answers of the server about a user, a message, an unread count.

use std::collections::BTreeMap;

use cairn_client::Receipts;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::conversation::Explained;
use cairn_proto::model::desk::{AgentInfo, Canned};
use cairn_proto::model::people::{Relation, UserProfile};

use crate::tui::picture::Pixels;

/// What is to be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetch {
    Person(UserId),
    Receipts(ConversationId, MsgId),
    Unread(ConversationId),
    /// The agents of an inquiry's queue.
    Agents(ConversationId, ConversationId),
    /// Canned replies, for an inquiry.
    Canned(ConversationId),
}

/// An answer, or why there is none.
#[derive(Debug)]
pub(crate) enum Fetched {
    Person(UserId, Result<Person, String>),
    Receipts(MsgId, Result<Received, String>),
    Unread(ConversationId, Result<Explained, String>),
    Agents(ConversationId, Result<Vec<AgentInfo>, String>),
    Canned(ConversationId, Result<Vec<Canned>, String>),
}

/// A user, as one other user sees them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) profile: UserProfile,
    pub(crate) relation: Relation,
    pub(crate) picture: Option<Pixels>,
}

/// Who received and read a message.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) receipts: Receipts,
    pub(crate) names: BTreeMap<UserId, String>,
}
