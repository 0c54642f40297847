//! The queue for password hashes, each of which takes tens of milliseconds of a core. Addresses
//! take turns, so that a burst from one of them does not delay logins from others.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::fairness::turns::Turns;
use crate::host::Host;
use crate::limits::{
    HASHES_WAITING_MAX, HASHES_WAITING_OF_STRANGERS_MAX, HASHES_WAITING_PER_ADDRESS_MAX,
};
use crate::principal::Principal;

/// A handle to the queue; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct HashQueue {
    queue: Arc<Mutex<Queue>>,
    host: Host,
}

#[derive(Debug)]
struct Queue {
    /// Hashes that may be started now.
    free: usize,
    waiting: usize,
    turns: Turns<VecDeque<oneshot::Sender<HashPermit>>>,
}

/// The right to compute one hash, until dropped.
#[derive(Debug)]
pub(crate) struct HashPermit(HashQueue);

/// Too many hashes are waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

impl HashQueue {
    /// Creates a queue for this many hashes at a time.
    #[must_use]
    pub(crate) fn new(host: &Host, concurrent: usize) -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue {
                free: concurrent,
                waiting: 0,
                turns: Turns::default(),
            })),
            host: host.clone(),
        }
    }

    /// Waits for a permit. Part of the queue is left to logins of users that exist.
    pub(crate) async fn permit(
        &self,
        address: Principal,
        is_user: bool,
    ) -> Result<HashPermit, QueueFull> {
        let (permit, granted) = oneshot::channel();
        self.queue.lock().enqueue(address, is_user, permit)?;
        self.grant();
        granted.await.map_err(|_| QueueFull)
    }

    /// Grants what is free.
    fn grant(&self) {
        loop {
            let next = self.queue.lock().next();
            let Some(waiter) = next else { return };
            // Dropped, and so freed again, if the waiter is gone.
            drop(waiter.send(HashPermit(self.clone())));
        }
    }
}

impl Queue {
    fn enqueue(
        &mut self,
        address: Principal,
        is_user: bool,
        permit: oneshot::Sender<HashPermit>,
    ) -> Result<(), QueueFull> {
        let max = match is_user {
            true => HASHES_WAITING_MAX,
            false => HASHES_WAITING_OF_STRANGERS_MAX,
        };
        let of_address = self.turns.get(address).map_or(0, VecDeque::len);
        if self.waiting >= max || of_address >= HASHES_WAITING_PER_ADDRESS_MAX {
            return Err(QueueFull);
        }
        self.waiting += 1;
        self.turns.queue(address).push_back(permit);
        Ok(())
    }

    /// Takes the next waiter, if a hash may be started for it.
    fn next(&mut self) -> Option<oneshot::Sender<HashPermit>> {
        self.free = self.free.checked_sub(1)?;
        let waiter = self.turns.turn(VecDeque::pop_front).flatten();
        match waiter {
            Some(_) => self.waiting -= 1,
            None => self.free += 1,
        }
        waiter
    }
}

impl HashPermit {
    /// Where the hash is computed.
    pub(crate) const fn host(&self) -> &Host {
        &self.0.host
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        self.0.queue.lock().free += 1;
        self.0.grant();
    }
}

#[cfg(test)]
mod tests;
