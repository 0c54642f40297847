//! Routing rules, which choose the queue of an inquiry, and canned replies.

use serde::{Deserialize, Serialize};

use crate::ids::ConversationId;
use crate::limits;
use crate::text::{AttrName, AttrValue, DeskText, Language, PageUrl, Tag};
use crate::wire::codec;

/// The first rule whose conditions all hold chooses the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRule {
    /// At most [`limits::ROUTE_CONDITIONS_MAX`]; none hold for every inquiry.
    #[serde(deserialize_with = "codec::list")]
    pub when: Vec<RouteCondition>,
    /// The queue.
    pub queue: ConversationId,
    /// At most [`limits::PRIORITY_MAX`].
    pub priority: u8,
}

impl RouteRule {
    /// Returns whether the numbers and lists are within their limits.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.when.len() <= limits::ROUTE_CONDITIONS_MAX && self.priority <= limits::PRIORITY_MAX
    }
}

/// A condition of a routing rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteCondition {
    /// The visitor chose this topic.
    Topic(Tag),
    /// The visitor was on a page whose address begins so.
    PagePrefix(PageUrl),
    /// An attribute that the shop signed. Those that only the client says do not count.
    Attr {
        /// Its name.
        name: AttrName,
        /// What must hold for its value.
        test: AttrTest,
    },
    /// The client's language is this one or a variant of it.
    Language(Language),
}

/// A test of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttrTest {
    /// It is there.
    Exists,
    /// It is exactly this.
    Equals(AttrValue),
    /// It is a whole number above this.
    Above(i64),
    /// It is a whole number below this.
    Below(i64),
}

/// A reply that agents insert by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canned {
    /// Unique.
    pub name: Tag,
    /// What to insert.
    pub text: DeskText,
}
