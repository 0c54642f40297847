//! Generators of conversations and their members, in pages and summaries.

use cairn_proto::ids::{EpochId, Revision};
use cairn_proto::model::conversation::{Conversation, ConversationKind, Member, MemberPage};
use cairn_proto::wire::overview::{ConversationPage, Moment, OverviewExtent, OverviewPlace};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::bodies::entry;
use super::group::member_settings;
use super::{conversation_id, group_name, msgid, number, role, timestamp, user_id, user_info};

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

fn kind() -> impl Strategy<Value = ConversationKind> {
    prop_oneof![
        user_info().prop_map(|peer| ConversationKind::Direct { peer }),
        group_name().prop_map(|name| ConversationKind::Group { name }),
        group_name().prop_map(|name| ConversationKind::Queue { name }),
        conversation_id().prop_map(|queue| ConversationKind::Inquiry {
            queue,
            visitor: None
        }),
        conversation_id().prop_map(|of| ConversationKind::Back { of }),
    ]
}

pub(super) fn conversation() -> impl Strategy<Value = Conversation> {
    let cursors = (msgid(), msgid(), msgid(), msgid(), (number(), number()));
    let own = (role(), member_settings());
    (conversation_id(), kind(), own, cursors, option::of(entry())).prop_map(
        |(id, kind, (role, settings), cursors, last)| {
            let (head, floor, read, delivered, (unread, mentions)) = cursors;
            Conversation {
                id,
                kind,
                role,
                head,
                floor,
                read,
                delivered,
                unread,
                mentions,
                last,
                settings,
            }
        },
    )
}

fn member() -> impl Strategy<Value = Member> {
    (user_info(), role(), msgid(), msgid(), timestamp()).prop_map(
        |(user, role, joined, read, muted_until)| Member {
            user,
            role,
            joined,
            read,
            muted_until,
        },
    )
}

pub(super) fn member_page() -> impl Strategy<Value = MemberPage> {
    (vec(member(), 0..9), option::of(user_id()))
        .prop_map(|(items, next_after)| MemberPage { items, next_after })
}
