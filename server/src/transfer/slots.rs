//! Transfer slots of one connection. Each transfer widens the connection's window, so that it takes
//! nothing from messages.

use std::sync::Arc;

use parking_lot::Mutex;

use cairn_proto::limits::TRANSFERS_PER_CONNECTION_MAX;

use crate::limits;
use crate::transport::Connection;

#[derive(Clone, Debug)]
pub(crate) struct TransferSlots {
    connection: Connection,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    running: usize,
    /// Finished transfers whose last bytes the client has not acknowledged.
    draining: usize,
}

/// The right to one transfer, until dropped.
#[derive(Debug)]
pub(crate) struct TransferSlot(TransferSlots);

/// The window of a finished transfer, kept until its last bytes arrived.
#[derive(Debug)]
pub(super) struct Draining(TransferSlots);

impl TransferSlots {
    #[must_use]
    pub(crate) fn of(connection: Connection) -> Self {
        Self {
            connection,
            taken: Arc::default(),
        }
    }

    #[must_use]
    pub(crate) fn take(&self) -> Option<TransferSlot> {
        let mut taken = self.taken.lock();
        if taken.running >= TRANSFERS_PER_CONNECTION_MAX {
            return None;
        }
        taken.running += 1;
        self.widen(&taken);
        Some(TransferSlot(self.clone()))
    }

    /// Sets the windows: those of messages, plus one for each transfer.
    fn widen(&self, taken: &Taken) {
        let with = |slots: usize, each: u32| {
            let slots = u32::try_from(slots).unwrap_or(u32::MAX);
            limits::MEMBER_WINDOW_BYTES.saturating_add(slots.saturating_mul(each))
        };
        // Bounded: a client that reads nothing must not gain window with each transfer.
        let sending = taken.running + taken.draining.min(TRANSFERS_PER_CONNECTION_MAX);
        self.connection.set_windows(
            with(taken.running, limits::STREAM_WINDOW_BYTES),
            with(sending, limits::TRANSFER_SEND_WINDOW_BYTES),
        );
    }
}

impl TransferSlot {
    /// Frees the slot but keeps its window.
    pub(super) fn drain(self) -> Draining {
        let slots = self.0.clone();
        slots.taken.lock().draining += 1;
        drop(self);
        Draining(slots)
    }
}

impl Drop for TransferSlot {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock();
        taken.running -= 1;
        self.0.widen(&taken);
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock();
        taken.draining -= 1;
        self.0.widen(&taken);
    }
}
