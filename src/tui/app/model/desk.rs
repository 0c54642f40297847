//! The support desk on screen: which line is selected.

use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_proto::model::desk::{AnswerMode, InquiryInfo, InquiryState, Offer};
use cairn_session::DeskView;

/// How often waiting times are shown again.
const WAIT_MILLIS: u64 = 10_000;

/// The desk over the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeskPane {
    /// The selected inquiry, and its line: the next one takes its place when it is gone.
    selected: Option<ConversationId>,
    line: usize,
}

/// What is done once a command of the client has succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Open(ConversationId),
    Say(&'static str),
}

impl DeskPane {
    pub(crate) fn at(id: Option<ConversationId>) -> Self {
        Self {
            selected: id,
            line: 0,
        }
    }

    /// Returns the line of the selected inquiry, and the inquiry.
    pub(crate) fn selected<'a>(&self, desk: &'a DeskView) -> Option<(usize, &'a InquiryInfo)> {
        let lines: Vec<&InquiryInfo> = inquiries(desk).collect();
        let is_selected = |info: &&InquiryInfo| Some(info.conversation) == self.selected;
        let line = lines.iter().position(is_selected);
        let line = line.unwrap_or_else(|| self.line.min(lines.len().saturating_sub(1)));
        lines.get(line).map(|info| (line, *info))
    }

    /// Moves the selection by one, as far as there are lines.
    pub(crate) fn step(&mut self, desk: &DeskView, is_down: bool) {
        let Some((line, _)) = self.selected(desk) else {
            return;
        };
        let last = inquiries(desk).count().saturating_sub(1);
        let line = match is_down {
            true => (line + 1).min(last),
            false => line.saturating_sub(1),
        };
        self.line = line;
        self.selected = inquiries(desk).nth(line).map(|info| info.conversation);
    }

    /// Keeps the place of the selected inquiry, in case it is gone the next time.
    pub(crate) fn keep(&mut self, desk: &DeskView) {
        if let Some((line, info)) = self.selected(desk) {
            *self = Self {
                selected: Some(info.conversation),
                line,
            };
        }
    }
}

/// The inquiries of the desk in the order in which it shows them.
pub(crate) fn inquiries(desk: &DeskView) -> impl Iterator<Item = &InquiryInfo> {
    let offers = desk.offers.iter().map(|offer| &offer.info);
    offers.chain(&desk.held).chain(&desk.waiting)
}

/// Milliseconds until an offer ends. The clocks of server and client differ: never more than its
/// queue gives.
pub(crate) fn left(desk: &DeskView, offer: &Offer, now: Timestamp) -> u64 {
    let InquiryState::Offered { until, .. } = offer.info.state else {
        return 0;
    };
    let left = until.get().saturating_sub(now.get());
    let queue = desk.queue(offer.info.queue);
    match queue.map(|queue| queue.config.answer) {
        Some(AnswerMode::Offer { seconds }) => left.min(u64::from(seconds) * 1_000),
        _ => left,
    }
}

/// When the seconds of an offer change.
pub(crate) fn next_second(desk: &DeskView, now: Timestamp) -> Option<Timestamp> {
    let left = desk.offers.iter().map(|offer| left(desk, offer, now));
    let next = left
        .filter(|left| *left > 0)
        .map(|left| (left - 1) % 1_000 + 1);
    next.min().map(|millis| Timestamp::new(now.get() + millis))
}

/// When waiting times that are shown change, about.
pub(crate) const fn next_waits(now: Timestamp) -> Timestamp {
    Timestamp::new((now.get() / WAIT_MILLIS + 1) * WAIT_MILLIS)
}
