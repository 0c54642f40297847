//! The transfers of one connection: a few at once, each with a window of its own.

use std::sync::Arc;

use parking_lot::Mutex;
use quinn::{Connection, VarInt};

use cairn_proto::limits::TRANSFERS_PER_CONNECTION_MAX;

use crate::limits;

/// The transfers that a connection may have under way.
#[derive(Clone, Debug)]
pub(crate) struct TransferSlots {
    connection: Connection,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    under_way: usize,
    /// TransferSlots of transfers that are over, and whose last bytes have not arrived.
    draining: usize,
}

/// The right to one transfer, for as long as it lives.
#[derive(Debug)]
pub(crate) struct TransferSlot(TransferSlots);

/// The quota_left of a slot whose transfer is over, until what was written last has arrived.
#[derive(Debug)]
pub(super) struct Draining(TransferSlots);

impl TransferSlots {
    /// The slots of a connection, all of them free.
    #[must_use]
    pub(crate) fn of(connection: Connection) -> Self {
        Self {
            connection,
            taken: Arc::default(),
        }
    }

    /// Takes a slot, if there is a free one.
    #[must_use]
    pub(crate) fn take(&self) -> Option<TransferSlot> {
        let mut taken = self.taken.lock();
        if taken.under_way >= TRANSFERS_PER_CONNECTION_MAX {
            return None;
        }
        taken.under_way += 1;
        self.widen(&taken);
        Some(TransferSlot(self.clone()))
    }

    /// Each transfer brings its own quota_left, so that all of them together leave messages what
    /// they had.
    fn widen(&self, taken: &Taken) {
        let with = |slots: usize, each: u32| {
            let slots = u32::try_from(slots).unwrap_or(u32::MAX);
            limits::MEMBER_WINDOW_BYTES.saturating_add(slots.saturating_mul(each))
        };
        // Who does not take what was sent to him gets no more quota_left for it.
        let sending = taken.under_way + taken.draining.min(TRANSFERS_PER_CONNECTION_MAX);
        self.connection.set_receive_window(VarInt::from_u32(with(
            taken.under_way,
            limits::STREAM_WINDOW_BYTES,
        )));
        self.connection
            .set_send_window(with(sending, limits::TRANSFER_SEND_WINDOW_BYTES).into());
    }
}

impl TransferSlot {
    /// Frees the slot for another transfer, and keeps its quota_left.
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
        taken.under_way -= 1;
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
