//! Cursors and receipts.

use cairn_proto::ids::MsgId;
use cairn_proto::model::conversation::Explained;
use cairn_proto::model::receipts::{
    MemberCursors, Reads, Receipt, ReceiptCounts, ReceiptPage, ReceiptState,
};
use cairn_proto::wire::event::Update;
use cairn_proto::wire::request::reading::{
    Ack, Explain, GetOwnReads, GetReceipts, MarkRead, MarkUnread, SetOwnReads,
};

use super::Samples;
use super::values::{BOB, CAROL, GROUP, MESSAGE};

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
    samples.add(vec![explained()]);
    add_requests(samples);
}

fn add_requests(samples: &mut Samples) {
    let (conversation, msgid) = (GROUP, MESSAGE);
    samples.ask(
        Ack {
            conversation,
            msgid,
        },
        (),
    );
    samples.ask(
        MarkRead {
            conversation,
            msgid,
        },
        (),
    );
    let from = MsgId::new(17);
    samples.ask(MarkUnread { conversation, from }, ());
    let get_receipts = GetReceipts {
        conversation,
        msgid: from,
        after: Some(CAROL),
    };
    samples.ask(get_receipts, page());
    let explain = Explain {
        conversation,
        user: BOB,
    };
    samples.ask(explain, explained());
    samples.ask(GetOwnReads, Reads::Hidden);
    let reads = Reads::Hidden;
    samples.ask(SetOwnReads { reads }, ());
}

pub(super) fn updates() -> Vec<Update> {
    vec![Update::Receipts {
        conversation: GROUP,
        cursors: vec![cursors()],
        more: true,
    }]
}

fn explained() -> Explained {
    let id = MsgId::new;
    Explained {
        head: id(9),
        floor: id(1),
        joined: id(2),
        read: id(4),
        uncounted: 3,
        unread: 2,
        mentions: 1,
    }
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
