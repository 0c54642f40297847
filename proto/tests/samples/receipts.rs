//! The values that say who has got and read what.

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::wire::event::TimelineFrame;
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use super::Samples;

const CAROL: UserId = UserId::new(300);
const GROUP: ConversationId = ConversationId::new(77);

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(vec![Reads::Shown, Reads::Hidden]);
    samples.add(vec![
        ReceiptState::Sent,
        ReceiptState::Delivered,
        ReceiptState::Read,
    ]);
    samples.add(vec![receipt()]);
    samples.add(vec![counts()]);
    samples.add(vec![
        page(),
        ReceiptPage {
            counts: None,
            reads: Reads::Hidden,
            next_after: Some(CAROL),
            ..page()
        },
    ]);
    samples.add(vec![cursors()]);
}

pub(super) fn requests() -> Vec<Request> {
    let msgid = MsgId::new(17);
    vec![
        Request::MarkUnread {
            conversation: GROUP,
            from: msgid,
        },
        Request::Receipts {
            conversation: GROUP,
            msgid,
            after: Some(CAROL),
        },
        Request::OwnReads,
        Request::SetOwnReads(Reads::Hidden),
    ]
}

pub(super) fn responses() -> Vec<Response> {
    vec![
        Response::Receipts(page()),
        Response::OwnReads(Reads::Hidden),
    ]
}

pub(super) fn timeline_frames() -> Vec<TimelineFrame> {
    vec![TimelineFrame::Receipts {
        conversation: GROUP,
        cursors: vec![cursors()],
        more: true,
    }]
}

fn receipt() -> Receipt {
    Receipt {
        user: CAROL,
        state: ReceiptState::Read,
    }
}

fn counts() -> ReceiptCounts {
    ReceiptCounts {
        of: 300,
        delivered: 7,
        read: 1,
    }
}

fn page() -> ReceiptPage {
    ReceiptPage {
        items: vec![receipt()],
        counts: Some(counts()),
        reads: Reads::Shown,
        next_after: None,
    }
}

fn cursors() -> MemberCursors {
    MemberCursors {
        user: CAROL,
        delivered: MsgId::new(300),
        read: MsgId::new(17),
    }
}
