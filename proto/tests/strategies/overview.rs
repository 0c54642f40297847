//! Overviews.

use cairn_proto::ids::{EpochId, Revision};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{conversation, conversation_id};

pub(super) fn conversation_page() -> impl Strategy<Value = ConversationPage> {
    let extent = prop_oneof![Just(OverviewExtent::All), Just(OverviewExtent::Changed)];
    let places = (moment(), option::of(overview_place()));
    (
        vec(conversation(), 0..5),
        vec(conversation_id(), 0..5),
        extent,
        places,
    )
        .prop_map(
            |(items, gone, extent, (as_of, next_after))| ConversationPage {
                items,
                gone,
                extent,
                as_of,
                next_after,
            },
        )
}

pub(super) fn moment() -> impl Strategy<Value = Moment> {
    (any::<u64>(), any::<u64>()).prop_map(|(epoch, at)| Moment {
        epoch: EpochId::new(epoch),
        revision: Revision::new(at),
    })
}

pub(super) fn overview_place() -> impl Strategy<Value = OverviewPlace> {
    (any::<u64>(), conversation_id()).prop_map(|(at, conversation)| OverviewPlace {
        revision: Revision::new(at),
        conversation,
    })
}
