//! Replies to one session's requests: collected while the stream is busy, written together when it
//! is free.

use cairn_proto::ids::RequestId;
use cairn_proto::limits::REQUESTS_IN_FLIGHT_MAX;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use cairn_proto::wire::request::Call;
use cairn_proto::wire::response::ServerFrame;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits::OUTBOX_BYTES_MAX;

/// Encoded replies, and the number of requests without one.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
    capacity: Notify,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    in_flight: usize,
    writing: bool,
    closed: bool,
}

impl Outbox {
    /// Counts a request. Returns whether another may be read; otherwise wait with
    /// [`Outbox::capacity`].
    pub(crate) fn start_request(&self) -> bool {
        let mut state = self.state.lock();
        state.in_flight += 1;
        state.has_capacity()
    }

    /// Waits until another request may be read.
    pub(crate) async fn capacity(&self) {
        loop {
            let capacity = self.capacity.notified();
            if self.state.lock().has_capacity() {
                return;
            }
            capacity.await;
        }
    }

    /// Adds the frames of this many replies, without waking the writer.
    pub(crate) fn add(&self, replies: usize, frames: &[u8]) {
        self.write(replies, |bytes| bytes.extend_from_slice(frames));
    }

    fn write(&self, replies: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state.lock();
        state.in_flight = state.in_flight.saturating_sub(replies);
        if !state.closed {
            write(&mut state.bytes);
        }
    }

    /// Wakes the writer, and the reader if it waits for capacity.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
        self.capacity.notify_waiters();
    }

    /// Adds the reply to a `C` and wakes the writer.
    pub(crate) fn answer<C: Call>(&self, id: RequestId, answer: &Result<C::Answer, ErrorCode>) {
        match answer {
            Ok(answer) => {
                self.write(1, |bytes| ServerFrame::write_answer::<C>(id, answer, bytes));
                self.wake();
            }
            Err(code) => self.refuse(id, *code),
        }
    }

    /// Refuses a request and wakes the writer.
    pub(crate) fn refuse(&self, id: RequestId, code: ErrorCode) {
        self.write(1, |bytes| {
            frame::write(&ServerFrame::Response(id, Err(code)), bytes)
        });
        self.wake();
    }

    /// Waits for replies and takes all of them. Returns `None` once the session is over.
    pub(crate) async fn take(&self) -> Option<Vec<u8>> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.state.lock();
                if !state.bytes.is_empty() {
                    state.writing = true;
                    return Some(std::mem::take(&mut state.bytes));
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
        self.state.lock().writing = false;
        self.capacity.notify_waiters();
    }

    /// Waits until the stream has accepted every reply so far.
    pub(crate) async fn flushed(&self) {
        loop {
            let capacity = self.capacity.notified();
            {
                let state = self.state.lock();
                if state.closed || (state.bytes.is_empty() && !state.writing) {
                    return;
                }
            }
            capacity.await;
        }
    }

    /// Ends the session: later replies are dropped.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_one();
        self.capacity.notify_waiters();
    }
}

impl State {
    fn has_capacity(&self) -> bool {
        self.closed
            || (self.in_flight < REQUESTS_IN_FLIGHT_MAX && self.bytes.len() < OUTBOX_BYTES_MAX)
    }
}
