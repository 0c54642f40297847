use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cairn_proto::ids::UserId;

use super::*;
use crate::sequencer::ticket::job;

fn user(id: u32) -> Principal {
    UserId::new(id).into()
}

fn ticket(cost: u32) -> Ticket {
    job(|_| Ok(())).0.costing(cost)
}

fn tickets(count: usize, cost: u32) -> Vec<Ticket> {
    (0..count).map(|_| ticket(cost)).collect()
}

fn put(intake: &Intake, principal: Principal, mut tickets: Vec<Ticket>) {
    assert_eq!(intake.put_some(principal, &mut tickets), Ok(false));
}

/// The costs of the tickets in the next batch.
fn batch(intake: &Intake) -> Vec<u32> {
    let mut batch = Vec::new();
    assert!(intake.take(&mut batch, Duration::ZERO));
    batch.iter().flatten().map(Ticket::cost).collect()
}

#[test]
fn cheap_tickets_share_a_batch() {
    let intake = Intake::new();
    (0..16).for_each(|n| put(&intake, user(n), tickets(128, 1)));
    assert_eq!(batch(&intake).len(), 16 * 128);
    assert!(batch(&intake).is_empty());
}

#[test]
fn costly_tickets_of_one_principal_do_not_fill_a_batch() {
    let intake = Intake::new();
    let cost = BATCH_COST_PER_PRINCIPAL_MAX / 4;
    put(&intake, user(1), tickets(100, cost));
    assert_eq!(batch(&intake), [cost; 4]);
    put(&intake, user(2), tickets(1, 1));
    assert_eq!(batch(&intake), [1, cost, cost, cost, cost]);
    let batches = (0..).take_while(|_| !batch(&intake).is_empty()).count();
    assert_eq!(batches, (100 - 8) / 4);
}

#[test]
fn costly_tickets_of_many_principals_do_not_fill_a_batch() {
    let intake = Intake::new();
    (0..100).for_each(|n| put(&intake, user(n), tickets(10, BATCH_COST_PER_PRINCIPAL_MAX)));
    assert_eq!(batch(&intake), [BATCH_COST_PER_PRINCIPAL_MAX; 4]);
    put(&intake, user(100), tickets(1, 1));
    // Until all have had a turn.
    (0..30).for_each(|_| drop(batch(&intake)));
    put(&intake, user(101), tickets(1, 7));
    assert!(
        batch(&intake).contains(&7),
        "it waits for no turn of the others"
    );
}

#[test]
fn ticket_that_exceeds_every_share_is_taken() {
    let intake = Intake::new();
    put(&intake, user(1), tickets(2, u32::MAX));
    put(&intake, user(2), tickets(1, 1));
    assert_eq!(batch(&intake), [u32::MAX]);
    assert_eq!(batch(&intake), [1, u32::MAX]);
}

#[test]
fn one_principal_does_not_fill_the_queue() {
    let intake = Intake::new();
    let mut all = tickets(INTAKE_TICKETS_PER_PRINCIPAL_MAX + 1, 1);
    let mut putting = pin!(intake.put(user(1), &mut all));
    let mut context = Context::from_waker(Waker::noop());
    assert!(putting.as_mut().poll(&mut context).is_pending());
    put(&intake, user(2), tickets(1, 1));
    assert!(putting.as_mut().poll(&mut context).is_pending());
    batch(&intake);
    assert_eq!(putting.as_mut().poll(&mut context), Poll::Ready(Ok(())));
}

#[test]
fn full_queue_leaves_each_principal_a_few_tickets() {
    let intake = Intake::new();
    let some = INTAKE_TICKETS_PER_PRINCIPAL_MAX;
    let mut users = 0..;
    for id in users.by_ref().take(INTAKE_TICKETS_MAX / some) {
        put(&intake, user(id), tickets(some, 1));
    }
    let other = user(users.start);
    put(&intake, other, tickets(INTAKE_TICKETS_PER_PRINCIPAL_MIN, 1));
    assert_eq!(intake.put_some(other, &mut tickets(1, 1)), Ok(true));
}

#[test]
fn waits_of_busy_principals_are_not_counted() {
    let intake = Intake::new();
    put(
        &intake,
        user(1),
        tickets(3 * BATCH_COST_PER_PRINCIPAL_MAX as usize / 2, 1),
    );
    put(&intake, user(2), tickets(1, 1));
    batch(&intake);
    assert_eq!(intake.waits().total(), 2);
    put(&intake, user(1), tickets(1, 1));
    put(&intake, user(2), tickets(1, 1));
    batch(&intake);
    assert_eq!(intake.waits().total(), 3);
}

#[test]
fn closed_queue_is_emptied() {
    let intake = Intake::new();
    put(
        &intake,
        user(1),
        tickets(2 * BATCH_COST_PER_PRINCIPAL_MAX as usize, 1),
    );
    intake.close();
    assert_eq!(intake.put_some(user(2), &mut tickets(1, 1)), Err(Closed));
    let mut taken = Vec::new();
    for is_open in [true, true, false] {
        assert_eq!(intake.take(&mut taken, Duration::ZERO), is_open);
        taken.iter_mut().for_each(Vec::clear);
    }
}
