//! The queue between the network and the sequencer. Its bound is shared by all sessions; beyond it,
//! they wait.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::limits;
use crate::sequencer::ticket::Ticket;

/// A handle to the queue; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Intake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Notified like `arrived`, for a sequencer that is a task.
    arrived_async: Notify,
    permits: Semaphore,
}

#[derive(Debug, Default)]
struct Waiting {
    tickets: Vec<Ticket>,
    closed: bool,
}

/// The sequencer stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub(crate) struct Closed;

impl Intake {
    #[must_use]
    pub(crate) fn new() -> Self {
        let shared = Shared {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            arrived_async: Notify::new(),
            permits: Semaphore::new(limits::INTAKE_COMMANDS_MAX),
        };
        Self(Arc::new(shared))
    }

    /// Moves `tickets` into the queue, in order. Waits for capacity.
    pub(crate) async fn put(&self, tickets: &mut Vec<Ticket>) -> Result<(), Closed> {
        while !tickets.is_empty() {
            let some = tickets.len().min(limits::INTAKE_COMMANDS_MAX);
            let permits = self
                .0
                .permits
                .acquire_many(u32::try_from(some).unwrap_or(u32::MAX))
                .await
                .map_err(|_| Closed)?;
            permits.forget();
            let mut waiting = self.0.waiting.lock();
            if waiting.closed {
                return Err(Closed);
            }
            let was_empty = waiting.tickets.is_empty();
            waiting.tickets.extend(tickets.drain(..some));
            drop(waiting);
            if was_empty {
                self.notify();
            }
        }
        Ok(())
    }

    /// Takes everything queued into `tickets`, which must be empty. Waits at most for
    /// `wait_timeout`. Returns `false` when the queue is closed and empty.
    pub(crate) fn take(&self, tickets: &mut Vec<Ticket>, wait_timeout: Duration) -> bool {
        let mut waiting = self.0.waiting.lock();
        if waiting.tickets.is_empty() && !waiting.closed {
            self.0.arrived.wait_for(&mut waiting, wait_timeout);
        }
        std::mem::swap(&mut waiting.tickets, tickets);
        let open = !waiting.closed || !tickets.is_empty();
        drop(waiting);
        self.0.permits.add_permits(tickets.len());
        open
    }

    /// Like [`Intake::take`], without blocking the thread.
    pub(crate) async fn take_async(
        &self,
        tickets: &mut Vec<Ticket>,
        wait_timeout: Duration,
    ) -> bool {
        let is_idle = {
            let waiting = self.0.waiting.lock();
            waiting.tickets.is_empty() && !waiting.closed
        };
        if is_idle {
            let _ = timeout(wait_timeout, self.0.arrived_async.notified()).await;
        }
        self.take(tickets, Duration::ZERO)
    }

    /// Refuses further tickets. Queued ones can still be taken.
    pub(crate) fn close(&self) {
        self.0.waiting.lock().closed = true;
        self.0.permits.close();
        self.notify();
    }

    fn notify(&self) {
        self.0.arrived.notify_one();
        self.0.arrived_async.notify_one();
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self::new()
    }
}
