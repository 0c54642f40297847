//! The first page of the overview that came with the login.

use cairn_proto::wire::overview::{ConversationPage, Moment};

/// What the first login told, for as long as nothing newer is known.
#[derive(Debug)]
pub(crate) struct AtLogin {
    since: Option<Moment>,
    page: Option<Box<ConversationPage>>,
}

impl AtLogin {
    pub(crate) fn new(page: ConversationPage, since: Option<Moment>) -> Self {
        Self {
            since,
            page: Some(Box::new(page)),
        }
    }

    /// The moment that was asked about and the first page, once.
    pub(crate) fn take(&mut self) -> (Option<Moment>, Option<ConversationPage>) {
        (self.since, self.page.take().map(|page| *page))
    }

    /// The page is out of date.
    pub(crate) fn evict(&mut self) {
        self.page = None;
    }
}

/// The moment of an overview that ends with its first page.
pub(crate) fn complete_as_of(page: &ConversationPage) -> Option<Moment> {
    page.next_after.is_none().then_some(page.as_of)
}
