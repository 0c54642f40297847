//! The first page of the overview that came with the login.

use cairn_proto::wire::overview::{ConversationPage, Moment};

/// The overview of the first login, until it is taken or outdated.
#[derive(Debug)]
pub(crate) struct AtLogin {
    since: Option<Moment>,
    is_awaited: bool,
    page: Option<Box<ConversationPage>>,
}

impl AtLogin {
    /// Awaits the first login, which requests changes since `since`.
    pub(crate) const fn new(since: Option<Moment>) -> Self {
        Self {
            since,
            is_awaited: true,
            page: None,
        }
    }

    /// Handles a login: keeps the page of the first one. A later one outdates it.
    pub(crate) fn logged_in(&mut self, page: &ConversationPage) {
        let is_first = std::mem::take(&mut self.is_awaited);
        self.page = is_first.then(|| Box::new(page.clone()));
    }

    /// Returns the requested moment and, the first time, the page.
    pub(crate) fn take(&mut self) -> (Option<Moment>, Option<ConversationPage>) {
        (self.since, self.page.take().map(|page| *page))
    }

    /// Discards the page, which is outdated.
    pub(crate) fn invalidate(&mut self) {
        self.page = None;
    }
}

/// Returns the moment of an overview with a single page.
pub(crate) fn complete_as_of(page: &ConversationPage) -> Option<Moment> {
    page.next_after.is_none().then_some(page.as_of)
}
