//! Replies to one session's requests: collected while the stream is busy, written together when it
//! is free.
//!
//! A request reserves bytes for itself and for the largest reply that it may have. The reply gives
//! back what it does not need, and keeps the remainder until the stream has accepted it. Beyond the
//! session's limit no further request is read.

use cairn_proto::limits::REQUESTS_IN_FLIGHT_MAX;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::fairness::budget::Loan;
use crate::limits::{OUTBOX_BYTES_MAX, OUTBOX_OWN_BYTES};

/// Encoded replies, and the requests without one.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
    capacity: Notify,
}

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    in_flight: usize,
    /// Bytes of the requests in flight and of their largest replies.
    reserved: usize,
    /// Bytes that are being written.
    writing: usize,
    /// What the session may use beyond [`OUTBOX_OWN_BYTES`].
    loan: Option<Loan>,
    closed: bool,
    /// When the last request came, or the session started.
    last_request: Instant,
}

/// What must happen before a request may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    Yes,
    /// Replies must be written first; see [`Outbox::capacity`].
    Full,
    /// The session is over: nothing would be written.
    Over,
    /// This many bytes must be borrowed from the budget of all sessions first; see
    /// [`Outbox::lend`].
    Wants(usize),
}

impl Outbox {
    #[must_use]
    pub(crate) fn new(now: Instant) -> Self {
        let state = State {
            bytes: Vec::new(),
            in_flight: 0,
            reserved: 0,
            writing: 0,
            loan: None,
            closed: false,
            last_request: now,
        };
        Self {
            state: Mutex::new(state),
            filled: Notify::new(),
            capacity: Notify::new(),
        }
    }

    /// Counts a request that needs this many bytes, if there is room for it.
    pub(crate) fn start_request(&self, bytes: usize, now: Instant) -> Started {
        let mut state = self.state.lock();
        state.last_request = now;
        if state.closed {
            return Started::Over;
        }
        if !state.has_capacity() {
            return Started::Full;
        }
        let missing = (state.used() + bytes).saturating_sub(state.allowed());
        if missing > 0 {
            return Started::Wants(missing);
        }
        state.in_flight += 1;
        state.reserved += bytes;
        Started::Yes
    }

    /// Allows the session to use more, until all its replies are written.
    pub(crate) fn lend(&self, loan: Loan) {
        let mut state = self.state.lock();
        match &mut state.loan {
            Some(known) => known.merge(loan),
            none => *none = Some(loan),
        }
    }

    /// Waits until another request may be read.
    pub(crate) async fn capacity(&self) {
        self.until(State::has_capacity).await;
    }

    /// Waits until the session is over.
    pub(crate) async fn closed(&self) {
        self.until(|state| state.closed).await;
    }

    /// Adds the frames of this many replies, without waking the writer. `reserved` is the sum of
    /// what was reserved for them.
    pub(crate) fn add(&self, replies: usize, reserved: usize, frames: &[u8]) {
        self.write(replies, reserved, |bytes| bytes.extend_from_slice(frames));
    }

    /// As [`Outbox::add`], with the frames that `write` appends.
    pub(crate) fn write(&self, replies: usize, reserved: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state.lock();
        state.in_flight = state.in_flight.saturating_sub(replies);
        state.reserved = state.reserved.saturating_sub(reserved);
        if !state.closed {
            write(&mut state.bytes);
        }
    }

    /// Wakes the writer, and the reader if it waits for capacity.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
        self.capacity.notify_waiters();
    }

    /// Counts something other than a request as one.
    pub(crate) fn touch(&self, now: Instant) {
        self.state.lock().last_request = now;
    }

    /// Returns when the last request came, if all have replies.
    #[must_use]
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let state = self.state.lock();
        (state.in_flight == 0).then_some(state.last_request)
    }

    /// Waits for replies and takes all of them. Returns `None` once the session is over.
    pub(crate) async fn take(&self) -> Option<Vec<u8>> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.state.lock();
                if !state.bytes.is_empty() {
                    let bytes = std::mem::take(&mut state.bytes);
                    state.writing = bytes.len();
                    return Some(bytes);
                }
                if state.closed {
                    return None;
                }
            }
            filled.await;
        }
    }

    /// Must be called when the bytes of [`Outbox::take`] are written.
    pub(crate) fn written(&self) {
        let mut state = self.state.lock();
        state.writing = 0;
        if state.used() <= OUTBOX_OWN_BYTES {
            state.loan = None;
        }
        drop(state);
        self.capacity.notify_waiters();
    }

    /// Waits until the stream has accepted every reply so far.
    pub(crate) async fn flushed(&self) {
        self.until(|state| state.closed || (state.bytes.is_empty() && state.writing == 0))
            .await;
    }

    /// Ends the session: later replies are dropped.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.loan = None;
        drop(state);
        self.filled.notify_one();
        self.capacity.notify_waiters();
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let capacity = self.capacity.notified();
            if is_so(&self.state.lock()) {
                return;
            }
            capacity.await;
        }
    }
}

impl State {
    fn used(&self) -> usize {
        self.reserved + self.bytes.len() + self.writing
    }

    fn allowed(&self) -> usize {
        OUTBOX_OWN_BYTES + self.loan.as_ref().map_or(0, Loan::bytes)
    }

    fn has_capacity(&self) -> bool {
        self.closed || (self.in_flight < REQUESTS_IN_FLIGHT_MAX && self.used() < OUTBOX_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
