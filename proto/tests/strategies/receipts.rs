//! Generators of receipts.

use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, msgid, small, user_id};

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
    prop_oneof![
        (conversation_id(), msgid())
            .prop_map(|(conversation, from)| Request::MarkUnread { conversation, from }),
        (conversation_id(), msgid(), option::of(user_id())).prop_map(
            |(conversation, msgid, after)| Request::Receipts {
                conversation,
                msgid,
                after
            }
        ),
        Just(Request::OwnReads),
        reads().prop_map(Request::SetOwnReads),
    ]
}

pub(super) fn response() -> impl Strategy<Value = Response> {
    prop_oneof![
        page().prop_map(Response::Receipts),
        reads().prop_map(Response::OwnReads)
    ]
}

pub(super) fn frame() -> impl Strategy<Value = TimelineFrame> {
    let cursors = (user_id(), msgid(), msgid()).prop_map(|(user, delivered, read)| MemberCursors {
        user,
        delivered,
        read,
    });
    (conversation_id(), vec(cursors, 0..9), any::<bool>()).prop_map(
        |(conversation, cursors, more)| TimelineFrame::Receipts {
            conversation,
            cursors,
            more,
        },
    )
}
