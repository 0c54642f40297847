//! Overviews: a user's conversations, or those that changed since an earlier overview.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, EpochId, Revision};
use crate::model::conversation::Conversation;
use crate::wire::codec;

/// A version of a server's state. A device stores the moment of its last complete overview, and
/// later requests only what changed since.
///
/// A server whose history does not contain the moment, because it is another server or was restored
/// from an older backup, responds with all conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// The run of the server.
    pub epoch: EpochId,
    /// The version within that run.
    pub revision: Revision,
}

/// A position between two pages of an overview, which is ordered by descending revision and, within
/// one revision, by descending id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OverviewPlace {
    /// The revision of the last conversation on the page.
    pub revision: Revision,
    /// The last conversation on the page.
    pub conversation: ConversationId,
}

/// A page of an overview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPage {
    /// The most recently changed conversations first; at most
    /// [`crate::limits::CONVERSATIONS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Conversation>,
    /// Conversations that the user is no longer a member of. Sent with the first page of an
    /// [`OverviewExtent::Changed`] overview.
    #[serde(deserialize_with = "codec::list")]
    pub gone: Vec<ConversationId>,
    /// Whether the overview is complete or differential.
    pub extent: OverviewExtent,
    /// The moment at which this page was read. A client that reads several pages stores the moment
    /// of the first one: later changes then appear in the next differential overview.
    pub as_of: Moment,
    /// The position of the next page; `None` on the last one.
    pub next_after: Option<OverviewPlace>,
}

/// Whether an overview is complete or differential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverviewExtent {
    /// All conversations of the user. The client discards any others.
    All,
    /// The conversations that changed since the requested moment.
    Changed,
}
