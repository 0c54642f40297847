//! The list of conversations as it was read last, and which conversations changed since.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn_client::Totals;
use cairn_client::proto::ids::{ConversationId, Timestamp};

use super::list::ConversationView;

/// The place of a conversation in the list.
type Place = (Reverse<(bool, Timestamp)>, ConversationId);

/// Views of the listed conversations, by place. A copy is empty, and builds its views again.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Whether every conversation is either viewed or stale.
    is_complete: bool,
    stale: BTreeSet<ConversationId>,
    places: BTreeMap<ConversationId, Place>,
    views: BTreeMap<Place, Arc<ConversationView>>,
    list: Option<(Arc<[Arc<ConversationView>]>, Totals)>,
}

impl Clone for Listing {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Listing {
    /// Notes that the view of a conversation changed.
    pub(super) fn change(&mut self, id: ConversationId) {
        if self.is_complete {
            self.stale.insert(id);
        }
    }

    /// Notes that all views changed.
    pub(super) fn change_all(&mut self) {
        *self = Self::default();
    }

    /// Takes the conversations whose views are to be built again, of these.
    pub(super) fn take_stale(
        &mut self,
        all: impl Iterator<Item = ConversationId>,
    ) -> BTreeSet<ConversationId> {
        let stale = std::mem::take(&mut self.stale);
        match std::mem::replace(&mut self.is_complete, true) {
            true => stale,
            false => all.collect(),
        }
    }

    /// Replaces the view of a conversation; `None` if it is not listed.
    pub(super) fn put(&mut self, id: ConversationId, view: Option<ConversationView>) {
        if let Some(place) = self.places.remove(&id) {
            self.views.remove(&place);
        }
        if let Some(view) = view {
            let place = (Reverse((view.favourite, view.active_at)), id);
            self.places.insert(id, place);
            self.views.insert(place, Arc::new(view));
        }
        self.list = None;
    }

    /// The list and its totals.
    pub(super) fn read(&mut self) -> &(Arc<[Arc<ConversationView>]>, Totals) {
        self.list.get_or_insert_with(|| {
            let mut totals = Totals::default();
            for view in self.views.values() {
                totals.add(view.unread.messages, view.unread.mentions, view.level);
            }
            (self.views.values().map(Arc::clone).collect(), totals)
        })
    }
}
