//! Closed inquiries, in the order of their lists: those that were closed last come first. Stored
//! ones are in memory only while they are in use, so a page is loaded before it is read.

use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::InquiryPlace;

use super::Desk;
use crate::prefetch::ClosedPage;
use crate::record::InquiryRecord;
use crate::state::State;

/// A page whose stored inquiries are in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownPage {
    page: ClosedPage,
    /// The last one that was loaded; `None` for all that are stored.
    until: Option<InquiryPlace>,
}

impl InquiryRecord {
    /// Its place among the closed inquiries of its queue, if it is one.
    #[must_use]
    pub const fn closed_place(&self, conversation: ConversationId) -> Option<InquiryPlace> {
        match self.state {
            cairn_proto::model::desk::InquiryState::Closed { at, .. } if !self.is_erased => {
                Some(InquiryPlace { at, conversation })
            }
            _ => None,
        }
    }
}

impl Desk {
    pub(crate) fn closed_place(
        &self,
        id: ConversationId,
    ) -> Option<(ConversationId, InquiryPlace)> {
        let record = self.inquiry(id)?;
        Some((record.queue, record.closed_place(id)?))
    }

    pub(crate) fn knows_closed(&self, page: ClosedPage) -> bool {
        self.known_closed.is_some_and(|known| known.page == page)
    }

    /// The closed inquiries that follow, at least as many as the page has, or all.
    pub(crate) fn closed_after(&self, page: ClosedPage) -> Vec<InquiryPlace> {
        let known = self.known_closed.filter(|known| known.page == page);
        let until = known.and_then(|known| known.until);
        let closed = self.inquiries.iter().filter_map(|(&id, inquiry)| {
            let record = &inquiry.record;
            let place = record.closed_place(id)?;
            (record.queue == page.queue).then_some(place)
        });
        let mut places: Vec<InquiryPlace> = closed
            .filter(|place| page.after.is_none_or(|after| *place < after))
            .filter(|place| until.is_none_or(|until| *place >= until))
            .collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        places
    }
}

impl State {
    /// Returns whether an inquiry is closed, in this queue and since this time. It must be in
    /// memory if it exists.
    #[must_use]
    pub fn is_closed_at(&self, queue: ConversationId, place: InquiryPlace) -> bool {
        self.desk.closed_place(place.conversation) == Some((queue, place))
    }

    /// Notes that the stored inquiries of a page are in memory, up to this one; `None` for all.
    pub const fn install_closed_page(&mut self, page: ClosedPage, until: Option<InquiryPlace>) {
        self.desk.known_closed = Some(KnownPage { page, until });
    }
}
