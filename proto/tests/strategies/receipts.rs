//! Generators of requests about cursors, their answers, and receipts.

use cairn_proto::model::conversation::Explained;
use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::reading::{
    Ack, Explain, GetOwnReads, GetReceipts, MarkRead, MarkUnread, SetOwnReads,
};
use cairn_proto::wire::request::{Answer, Request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, encoded, msgid, number, small, user_id};

fn reads() -> impl Strategy<Value = Reads> {
    prop::sample::select(vec![Reads::Shown, Reads::Hidden])
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let state = prop::sample::select(vec![
        ReceiptState::Sent,
        ReceiptState::Delivered,
        ReceiptState::Read,
    ]);
    (user_id(), state).prop_map(|(user, state)| Receipt { user, state })
}

fn page() -> impl Strategy<Value = ReceiptPage> {
    let counts = (small(), small(), small()).prop_map(|(of, delivered, read)| ReceiptCounts {
        of,
        delivered,
        read,
    });
    (
        vec(receipt(), 0..9),
        option::of(counts),
        reads(),
        option::of(user_id()),
    )
        .prop_map(|(items, counts, reads, next_after)| ReceiptPage {
            items,
            counts,
            reads,
            next_after,
        })
}

pub(super) fn request() -> impl Strategy<Value = Request> {
    let named = || (conversation_id(), msgid());
    prop_oneof![
        named().prop_map(|(conversation, msgid)| Ack {
            conversation,
            msgid
        }
        .into()),
        named().prop_map(|(conversation, msgid)| MarkRead {
            conversation,
            msgid
        }
        .into()),
        named().prop_map(|(conversation, from)| MarkUnread { conversation, from }.into()),
        (named(), option::of(user_id())).prop_map(|((conversation, msgid), after)| {
            GetReceipts {
                conversation,
                msgid,
                after,
            }
            .into()
        }),
        (conversation_id(), user_id()).prop_map(|(conversation, user)| Explain {
            conversation,
            user
        }
        .into()),
        Just(GetOwnReads.into()),
        reads().prop_map(|reads| SetOwnReads { reads }.into()),
    ]
}

pub(super) fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        page().prop_map(encoded::<GetReceipts>),
        explained().prop_map(encoded::<Explain>),
        reads().prop_map(encoded::<GetOwnReads>),
    ]
}

fn explained() -> impl Strategy<Value = Explained> {
    let cursors = (msgid(), msgid(), msgid(), msgid());
    (cursors, number(), number(), number()).prop_map(
        |((head, floor, joined, read), uncounted, unread, mentions)| Explained {
            head,
            floor,
            joined,
            read,
            uncounted,
            unread,
            mentions,
        },
    )
}

pub(super) fn update() -> impl Strategy<Value = Update> {
    let cursors = (user_id(), msgid(), msgid()).prop_map(|(user, delivered, read)| MemberCursors {
        user,
        delivered,
        read,
    });
    (conversation_id(), vec(cursors, 0..9), any::<bool>()).prop_map(
        |(conversation, cursors, more)| Update::Receipts {
            conversation,
            cursors,
            more,
        },
    )
}
