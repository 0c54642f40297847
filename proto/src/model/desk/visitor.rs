//! Visitors, and what they see of their inquiry.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, MsgId, UserId, VisitorId};
use crate::text::{AttrName, AttrValue, DeskText, DisplayName, GroupName, Language, PageUrl, Tag};
use crate::wire::codec;

/// Something that is known of a visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attr {
    /// Its name.
    pub name: AttrName,
    /// Its value.
    pub value: AttrValue,
    /// Whether the shop signed it. Otherwise it is what the visitor's client says.
    pub is_signed: bool,
}

/// A visitor, as agents see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorInfo {
    /// Who it is.
    pub id: VisitorId,
    /// The name that the shop signed, or else what they call themselves.
    pub name: Option<DisplayName>,
    /// The shop's name for them, if it signed who they are.
    pub sub: Option<AttrValue>,
    /// At most [`crate::limits::ATTRS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub attrs: Vec<Attr>,
    /// The language of their client.
    pub language: Option<Language>,
    /// The page that they were on when they asked.
    pub page: Option<PageUrl>,
    /// The topic that they chose.
    pub topic: Option<Tag>,
}

/// A desk, as a visitor sees it before they ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskInfo {
    /// The queue of the key.
    pub queue: ConversationId,
    /// Its name.
    pub name: GroupName,
    /// Whether it is within its hours.
    pub is_open: bool,
    /// What to show before they ask; may be empty.
    pub greeting: DeskText,
    /// What to show instead while it is closed; may be empty.
    pub offline: DeskText,
    /// Whether they may leave a message while it is closed.
    pub takes_messages: bool,
    /// Topics to choose from; may be empty.
    #[serde(deserialize_with = "codec::list")]
    pub topics: Vec<Tag>,
}

/// A visitor's own inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorInquiry {
    /// Its log.
    pub conversation: ConversationId,
    /// The name of the queue that it is in.
    pub queue: GroupName,
    /// Where it stands.
    pub state: VisitorState,
    /// The last entry of its log.
    pub head: MsgId,
    /// Entries up to this one have expired.
    pub floor: MsgId,
    /// The visitor's read cursor.
    pub read: MsgId,
    /// The visitor's delivered cursor.
    pub delivered: MsgId,
}

/// Where an inquiry stands, for its visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VisitorState {
    /// No agent has answered yet.
    Waiting {
        /// How many are before them, and themselves; 0 if that is not known.
        place: u32,
        /// How long others waited lately, in seconds.
        about_seconds: Option<u32>,
    },
    /// An agent answers.
    Answered {
        /// The sender of the agent's messages.
        agent: UserId,
        /// The agent's public name.
        name: DisplayName,
    },
    /// They left a message.
    Left,
    /// It is over. A message opens it again.
    Closed {
        /// Whether they may rate it.
        may_rate: bool,
    },
}
