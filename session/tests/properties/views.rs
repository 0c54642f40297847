//! What a model shows, to compare.

use cairn_client::Totals;
use cairn_client::proto::ids::ConversationId;
use cairn_session::{ConversationView, Effect, LinkView, Model, Part, Pending, WindowView};

use crate::server::TEAM;

/// What is shown.
#[derive(Debug, PartialEq)]
pub(crate) struct Views {
    list: Vec<ConversationView>,
    totals: Totals,
    next: Option<ConversationId>,
    window: Option<WindowView>,
    outbox: Vec<Pending>,
    link: LinkView,
}

impl Views {
    pub(crate) fn of(model: &Model) -> Self {
        Self {
            list: model.list(),
            totals: model.totals(),
            next: model.next_unread(None, false, false),
            window: model.window(TEAM),
            outbox: model.outbox(),
            link: model.link(),
        }
    }

    /// Whatever changes is to be drawn again.
    pub(crate) fn assert_reported(&self, after: &Self, effects: &[Effect]) {
        let is_dirty = |part| effects.contains(&Effect::Dirty(part));
        assert!(self.list == after.list || is_dirty(Part::List), "{self:?}");
        assert!(
            self.window == after.window || is_dirty(Part::Window(TEAM)),
            "{self:?}"
        );
        assert!(
            self.outbox == after.outbox || is_dirty(Part::Outbox),
            "{self:?}"
        );
        assert!(self.link == after.link || is_dirty(Part::Link), "{self:?}");
    }
}
