//! The one queue between the network and the sequencer. It is bounded over all sessions: whoever
//! brings more waits.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Semaphore;

use crate::limits;
use crate::sequencer::publication::ReplyTo;
use cairn_core::Command;

/// A command and where its answer goes.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// What to do.
    pub(crate) command: Command,
    /// Whom to tell.
    pub(crate) reply_to: ReplyTo,
}

/// The queue. Cloning it gives another handle.
#[derive(Clone, Debug)]
pub(crate) struct Intake(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    permits: Semaphore,
}

#[derive(Debug, Default)]
struct Waiting {
    tickets: Vec<Ticket>,
    closed: bool,
}

/// The sequencer stopped; nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub(crate) struct Closed;

impl Intake {
    /// An empty queue.
    #[must_use]
    pub(crate) fn new() -> Self {
        let shared = Shared {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            permits: Semaphore::new(limits::INTAKE_COMMANDS_MAX),
        };
        Self(Arc::new(shared))
    }

    /// Adds tickets in their order, and empties `tickets`. Waits for permits.
    ///
    /// # Errors
    /// When the queue was closed.
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
                self.0.arrived.notify_one();
            }
        }
        Ok(())
    }

    /// Takes everything that waits into `tickets`, which must be empty. Waits until there is
    /// something, at most for `wait_timeout`. `false` when the queue is closed and empty.
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

    /// Lets nothing more in. What waits can still be taken.
    pub(crate) fn close(&self) {
        self.0.waiting.lock().closed = true;
        self.0.permits.close();
        self.0.arrived.notify_one();
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self::new()
    }
}
