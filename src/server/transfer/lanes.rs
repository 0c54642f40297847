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
    taken: Arc<Mutex<usize>>,
}

/// The right to one transfer, for as long as it lives.
#[derive(Debug)]
pub struct Lane(Lanes);

impl Lanes {
    /// The lanes of a connection, all of them free.
    #[must_use]
    pub fn of(connection: Connection) -> Self {
        Self { connection, taken: Arc::default() }
    }

    /// Takes a lane, if there is a free one.
    #[must_use]
    pub fn take(&self) -> Option<Lane> {
        let mut taken = self.taken.lock();
        if *taken >= TRANSFERS_PER_CONNECTION_MAX {
            return None;
        }
        *taken += 1;
        self.widen(*taken);
        Some(Lane(self.clone()))
    }

    /// Each transfer brings its own room, so that all of them together leave messages what they had.
    fn widen(&self, taken: usize) {
        let lanes = u32::try_from(taken).unwrap_or(u32::MAX);
        let with = |each: u32| limits::MEMBER_WINDOW_BYTES.saturating_add(lanes.saturating_mul(each));
        self.connection.set_receive_window(VarInt::from_u32(with(limits::STREAM_WINDOW_BYTES)));
        self.connection.set_send_window(with(limits::TRANSFER_SEND_WINDOW_BYTES).into());
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock();
        *taken -= 1;
        self.0.widen(*taken);
    }
}
