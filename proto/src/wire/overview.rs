//! A user's conversations at a glance, and what changed among them since a device was here before.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, EpochId, Revision};
use crate::model::conversation::Conversation;
use crate::wire::codec;

/// A moment in the life of a server. A device keeps the one of its last complete overview, and asks
/// what changed since.
///
/// A server whose past has no such moment, since it is another one or was restored from an older
/// backup, answers with everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// The start of the server.
    pub epoch: EpochId,
    /// How far its state was.
    pub revision: Revision,
}

/// Where a page of an overview ends: those conversations stand behind it in which something
/// happened before that, or at the same revision in one with a lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OverviewPlace {
    /// When something last happened in the last conversation of the page.
    pub revision: Revision,
    /// That conversation.
    pub conversation: ConversationId,
}

/// A page of an overview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPage {
    /// Those in which something happened last come first; at most
    /// [`crate::limits::CONVERSATIONS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Conversation>,
    /// The conversations that the user is a member of no more. On the first page of an overview of
    /// what changed.
    #[serde(deserialize_with = "codec::list")]
    pub gone: Vec<ConversationId>,
    /// Which conversations the pages tell of.
    pub extent: OverviewExtent,
    /// What the page tells of is so at this moment. Whoever read several pages keeps the moment of
    /// the first: what happened meanwhile is told by the next overview of what changed.
    pub as_of: Moment,
    /// Where the next page begins. `None` when there is none.
    pub next_after: Option<OverviewPlace>,
}

/// Which conversations an overview tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverviewExtent {
    /// Every conversation of the user; there are no others.
    All,
    /// Those that changed since the moment that was asked about.
    Changed,
}
