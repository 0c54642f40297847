use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;

type Waiting = Pin<Box<dyn Future<Output = Result<HashPermit, QueueFull>>>>;

fn address(n: usize) -> Principal {
    Principal::at(u32::try_from(n).unwrap().to_be_bytes().into())
}

/// Waits for a permit, if there is room in the queue.
fn enqueue(queue: &HashQueue, from: usize, is_user: bool) -> Result<Waiting, QueueFull> {
    let queue = queue.clone();
    let mut waiting: Waiting = Box::pin(async move { queue.permit(address(from), is_user).await });
    match poll(&mut waiting) {
        Poll::Ready(Err(full)) => Err(full),
        Poll::Ready(permit) => Ok(Box::pin(std::future::ready(permit))),
        Poll::Pending => Ok(waiting),
    }
}

fn poll(waiting: &mut Waiting) -> Poll<Result<HashPermit, QueueFull>> {
    waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

fn granted(waiting: &mut Waiting) -> HashPermit {
    match poll(waiting) {
        Poll::Ready(Ok(permit)) => permit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn burst_from_one_address_does_not_delay_others() {
    let queue = HashQueue::new(&Host::real(), 1);
    let mut burst = Vec::new();
    while let Ok(waiting) = enqueue(&queue, 1, false) {
        burst.push(waiting);
    }
    assert_eq!(burst.len(), 1 + HASHES_WAITING_PER_ADDRESS_MAX);
    let mut other = enqueue(&queue, 2, false).unwrap();
    drop(granted(&mut burst[0]));
    drop(granted(&mut burst[1]));
    assert!(poll(&mut burst[2]).is_pending());
    drop(granted(&mut other));
    granted(&mut burst[2]);
}

#[test]
fn users_have_a_share_of_a_full_queue() {
    let queue = HashQueue::new(&Host::real(), 1);
    let mut strangers = Vec::new();
    for n in 0.. {
        match enqueue(&queue, n, false) {
            Ok(waiting) => strangers.push(waiting),
            Err(QueueFull) => break,
        }
    }
    assert_eq!(strangers.len(), 1 + HASHES_WAITING_OF_STRANGERS_MAX);
    let mut users = Vec::new();
    for n in 1_000.. {
        match enqueue(&queue, n, true) {
            Ok(waiting) => users.push(waiting),
            Err(QueueFull) => break,
        }
    }
    assert_eq!(
        users.len(),
        HASHES_WAITING_MAX - HASHES_WAITING_OF_STRANGERS_MAX
    );
}

#[test]
fn waiters_that_are_gone_take_no_permit() {
    let queue = HashQueue::new(&Host::real(), 1);
    let mut first = enqueue(&queue, 1, true).unwrap();
    let gone: Vec<_> = (0..8).map(|n| enqueue(&queue, n, true).unwrap()).collect();
    let mut last = enqueue(&queue, 9, true).unwrap();
    drop(gone);
    drop(granted(&mut first));
    drop(granted(&mut last));
    assert_eq!(queue.queue.lock().waiting, 0);
    assert_eq!(queue.queue.lock().free, 1);
}
