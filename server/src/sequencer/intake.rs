//! The queue between the network and the sequencer. Principals take turns in it by cost, so that
//! one with much to do delays the others by no more than its share of a batch.

mod queue;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use cairn_proto::wire::metrics::Histogram;
use cairn_store::durations::Durations;
use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::fairness::turns::Turns;
use crate::limits::{
    BATCH_COST_MAX, BATCH_COST_PER_PRINCIPAL_MAX, INTAKE_TICKETS_MAX,
    INTAKE_TICKETS_PER_PRINCIPAL_MAX, INTAKE_TICKETS_PER_PRINCIPAL_MIN,
};
use crate::principal::Principal;
use crate::sequencer::intake::queue::PrincipalQueue;
use crate::sequencer::ticket::Ticket;

/// A handle to the queue; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Intake(Arc<Shared>);

/// The tickets of one batch, as they were put: in parts, none of which is copied.
pub(crate) type Parts = Vec<Vec<Ticket>>;

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Notified like `arrived`, for a sequencer that is a task.
    arrived_async: Notify,
    capacity: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    turns: Turns<PrincipalQueue>,
    count: usize,
    /// Callers of [`Intake::put`] that wait for capacity.
    blocked: usize,
    waits: Durations,
    /// Empty parts, for reuse.
    spare: Parts,
    closed: bool,
}

/// The sequencer stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub(crate) struct Closed;

impl Intake {
    #[must_use]
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Moves `tickets` into the queue of a principal, in order. Waits for capacity.
    pub(crate) async fn put(
        &self,
        principal: Principal,
        tickets: &mut Vec<Ticket>,
    ) -> Result<(), Closed> {
        while !tickets.is_empty() {
            // Created before the lock is released: none is missed.
            let capacity = self.0.capacity.notified();
            if self.put_some(principal, tickets)? {
                capacity.await;
            }
        }
        Ok(())
    }

    /// Moves the tickets for which there is capacity. Returns whether to wait for more of it.
    fn put_some(&self, principal: Principal, tickets: &mut Vec<Ticket>) -> Result<bool, Closed> {
        let mut waiting = self.0.waiting.lock();
        if waiting.closed {
            return Err(Closed);
        }
        let was_empty = waiting.count == 0;
        waiting.put(principal, tickets);
        let is_blocked = !tickets.is_empty();
        waiting.blocked += usize::from(is_blocked);
        drop(waiting);
        if was_empty {
            self.notify();
        }
        Ok(is_blocked)
    }

    /// Takes the next batch, and leaves the parts of the last one, which are empty, for reuse.
    /// Waits at most for `wait_timeout`. Returns `false` when the queue is closed and empty.
    pub(crate) fn take(&self, batch: &mut Parts, wait_timeout: Duration) -> bool {
        let mut waiting = self.0.waiting.lock();
        waiting.spare.append(batch);
        if waiting.count == 0 && !waiting.closed {
            self.0.arrived.wait_for(&mut waiting, wait_timeout);
        }
        waiting.take(batch);
        let open = !waiting.closed || !batch.is_empty();
        if std::mem::take(&mut waiting.blocked) > 0 {
            self.0.capacity.notify_waiters();
        }
        open
    }

    /// Like [`Intake::take`], without blocking the thread.
    pub(crate) async fn take_async(&self, batch: &mut Parts, wait_timeout: Duration) -> bool {
        let is_idle = {
            let waiting = self.0.waiting.lock();
            waiting.count == 0 && !waiting.closed
        };
        if is_idle {
            let _ = timeout(wait_timeout, self.0.arrived_async.notified()).await;
        } else {
            // Others may have something to put beside what is left.
            tokio::task::yield_now().await;
        }
        self.take(batch, Duration::ZERO)
    }

    /// Refuses further tickets. Queued ones can still be taken.
    pub(crate) fn close(&self) {
        self.0.waiting.lock().closed = true;
        self.0.capacity.notify_waiters();
        self.notify();
    }

    /// Returns how long principals with nothing else queued waited for their turn.
    #[must_use]
    pub(crate) fn waits(&self) -> Histogram {
        self.0.waiting.lock().waits.recorded()
    }

    fn notify(&self) {
        self.0.arrived.notify_one();
        self.0.arrived_async.notify_one();
    }
}

/// Parts that are kept for reuse.
const SPARE_MAX: usize = 256;

impl Waiting {
    fn put(&mut self, principal: Principal, tickets: &mut Vec<Ticket>) {
        let queued = self.turns.get(principal).map_or(0, PrincipalQueue::tickets);
        let max = match self.count < INTAKE_TICKETS_MAX {
            true => INTAKE_TICKETS_PER_PRINCIPAL_MAX,
            false => INTAKE_TICKETS_PER_PRINCIPAL_MIN,
        };
        let some = tickets.len().min(max.saturating_sub(queued));
        if some == 0 {
            return;
        }
        let rest = match some < tickets.len() {
            true => tickets.split_off(some),
            false => self.spare.pop().unwrap_or_default(),
        };
        let part = std::mem::replace(tickets, rest);
        self.turns.queue(principal).push(part, Instant::now());
        self.count += some;
    }

    /// Takes the share of each principal in turn, up to the cost of a batch.
    fn take(&mut self, batch: &mut Parts) {
        self.spare.truncate(SPARE_MAX);
        if self.turns.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut cost_left = BATCH_COST_MAX;
        let Self {
            turns,
            count,
            waits,
            ..
        } = self;
        turns.round(|queue| {
            if let Some(since) = queue.take_since() {
                waits.record(now.saturating_duration_since(since));
            }
            let queued = queue.tickets();
            let cost = queue.take(BATCH_COST_PER_PRINCIPAL_MAX, batch);
            *count -= queued - queue.tickets();
            cost_left = cost_left.saturating_sub(cost);
            match cost_left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
    }
}

#[cfg(test)]
mod tests;
