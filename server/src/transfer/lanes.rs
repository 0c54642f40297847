//! The transfers of one connection: a few at once, each with a window of its own.

use std::sync::Arc;

use parking_lot::Mutex;
use quinn::{Connection, VarInt};

use cairn_proto::limits::TRANSFERS_PER_CONNECTION_MAX;

use crate::limits;

/// The transfers that a connection may have under way.
#[derive(Clone, Debug)]
pub struct Lanes {
    connection: Connection,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    under_way: usize,
    /// Lanes of transfers that are over, and whose last bytes have not arrived.
    draining: usize,
}

/// The right to one transfer, for as long as it lives.
#[derive(Debug)]
pub struct Lane(Lanes);

/// The room of a lane whose transfer is over, until what was written last has arrived.
#[derive(Debug)]
pub(super) struct Draining(Lanes);

impl Lanes {
    /// The lanes of a connection, all of them free.
    #[must_use]
    pub fn of(connection: Connection) -> Self {
        Self {
            connection,
            taken: Arc::default(),
        }
    }

    /// Takes a lane, if there is a free one.
    #[must_use]
    pub fn take(&self) -> Option<Lane> {
        let mut taken = self.taken.lock();
        if taken.under_way >= TRANSFERS_PER_CONNECTION_MAX {
            return None;
        }
        taken.under_way += 1;
        self.widen(&taken);
        Some(Lane(self.clone()))
    }

    /// Each transfer brings its own room, so that all of them together leave messages what they had.
    fn widen(&self, taken: &Taken) {
        let with = |lanes: usize, each: u32| {
            let lanes = u32::try_from(lanes).unwrap_or(u32::MAX);
            limits::MEMBER_WINDOW_BYTES.saturating_add(lanes.saturating_mul(each))
        };
        // Who does not take what was sent to him gets no more room for it.
        let sending = taken.under_way + taken.draining.min(TRANSFERS_PER_CONNECTION_MAX);
        self.connection.set_receive_window(VarInt::from_u32(with(
            taken.under_way,
            limits::STREAM_WINDOW_BYTES,
        )));
        self.connection
            .set_send_window(with(sending, limits::TRANSFER_SEND_WINDOW_BYTES).into());
    }
}

impl Lane {
    /// Frees the lane for another transfer, and keeps its room.
    pub(super) fn drain(self) -> Draining {
        let lanes = self.0.clone();
        lanes.taken.lock().draining += 1;
        drop(self);
        Draining(lanes)
    }
}

impl Drop for Lane {
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
