use cairn_proto::ids::UserId;

use super::*;
use crate::fairness::budget::{Borrower, Budget};
use crate::limits::BUDGET_STEP_BYTES;

/// Takes the bytes that are ready to be written.
async fn taken(outbox: &Outbox) -> Vec<u8> {
    tokio::select! {
        biased;
        bytes = outbox.take() => bytes.unwrap(),
        () = std::future::ready(()) => Vec::new(),
    }
}

fn now() -> Instant {
    Instant::now()
}

fn borrower() -> Borrower {
    Budget::new().borrower(UserId::new(1).into())
}

async fn lend(outbox: &Outbox, borrower: &Borrower, bytes: usize) {
    outbox.lend(borrower.borrow(bytes).await.unwrap());
}

#[tokio::test]
async fn unread_replies_stop_further_requests() {
    let outbox = Outbox::new(now());
    lend(&outbox, &borrower(), OUTBOX_BYTES_MAX).await;
    let mut started = 0;
    while outbox.start_request(1, now()) == Started::Yes {
        outbox.add(1, 1, &[7; 1024]);
        started += 1;
    }
    assert_eq!(started, OUTBOX_BYTES_MAX / 1024);
    let all = taken(&outbox).await;
    assert_eq!(all.len(), OUTBOX_BYTES_MAX);
    assert_eq!(
        outbox.start_request(1, now()),
        Started::Full,
        "bytes that are being written still count"
    );
    outbox.written();
    assert_eq!(outbox.start_request(1, now()), Started::Yes);
}

#[tokio::test]
async fn largest_replies_are_reserved_with_their_requests() {
    let outbox = Outbox::new(now());
    lend(&outbox, &borrower(), OUTBOX_BYTES_MAX).await;
    let half = OUTBOX_BYTES_MAX / 2;
    assert_eq!(outbox.start_request(half, now()), Started::Yes);
    assert_eq!(outbox.start_request(half, now()), Started::Yes);
    assert_eq!(outbox.start_request(1, now()), Started::Full);
    outbox.add(1, half, b"short");
    assert_eq!(
        outbox.start_request(1, now()),
        Started::Yes,
        "the remainder is free"
    );
    assert_eq!(outbox.idle_since(), None);
}

#[tokio::test]
async fn requests_beyond_own_bytes_are_borrowed() {
    let (outbox, borrower) = (Outbox::new(now()), borrower());
    assert_eq!(outbox.start_request(OUTBOX_OWN_BYTES, now()), Started::Yes);
    assert_eq!(outbox.start_request(9, now()), Started::Wants(9));
    lend(&outbox, &borrower, 9).await;
    assert_eq!(outbox.start_request(BUDGET_STEP_BYTES, now()), Started::Yes);
    assert_eq!(outbox.start_request(1, now()), Started::Wants(1));
    lend(&outbox, &borrower, 1).await;
    assert_eq!(outbox.start_request(1, now()), Started::Yes);
}

#[tokio::test]
async fn loans_return_when_replies_are_written() {
    let outbox = Outbox::new(now());
    lend(&outbox, &borrower(), 1).await;
    assert_eq!(outbox.start_request(BUDGET_STEP_BYTES, now()), Started::Yes);
    outbox.add(1, BUDGET_STEP_BYTES, &[1; 2 * OUTBOX_OWN_BYTES]);
    assert!(outbox.state.lock().loan.is_some());
    taken(&outbox).await;
    outbox.written();
    assert!(outbox.state.lock().loan.is_none());
    outbox.close();
    assert_eq!(outbox.start_request(1, now()), Started::Over);
}
