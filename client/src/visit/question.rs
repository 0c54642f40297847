//! What a visitor asks.

use cairn_proto::ids::ClientSeq;
use cairn_proto::text::{AttrName, AttrValue, PageUrl, Tag, Text};
use cairn_proto::wire::request::session::OpenInquiry;

/// The first message of an inquiry, and what routes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The message.
    pub text: Text,
    /// The topic that the visitor chose, of [`crate::proto::model::desk::DeskInfo::topics`].
    pub topic: Option<Tag>,
    /// The page on which the visitor asks.
    pub page: Option<PageUrl>,
    /// What else the client says about the visitor, for the agents. Routing trusts only what the
    /// shop signed.
    pub attrs: Vec<(AttrName, AttrValue)>,
}

impl Question {
    /// Creates a question without a topic.
    #[must_use]
    pub const fn new(text: Text) -> Self {
        Self {
            text,
            topic: None,
            page: None,
            attrs: Vec::new(),
        }
    }

    pub(super) fn into_request(self, seq: ClientSeq) -> OpenInquiry {
        let Self {
            text,
            topic,
            page,
            attrs,
        } = self;
        OpenInquiry {
            topic,
            page,
            attrs,
            seq,
            text,
        }
    }
}
