//! The answers to one session's requests: gathered while the stream is busy, written together when
//! it is not.

use cairn_proto::ids::RequestId;
use cairn_proto::limits::REQUESTS_IN_FLIGHT_MAX;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use cairn_proto::wire::response::{Response, ServerFrame};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::limits::OUTBOX_BYTES_MAX;

/// Answers on their way out, and how many requests have none yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
    eased: Notify,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    in_flight: usize,
    writing: bool,
    closed: bool,
}

impl Outbox {
    /// Counts a request in. `false` when the session must wait with [`Outbox::eased`] before it
    /// takes another.
    pub(crate) fn begin(&self) -> bool {
        let mut state = self.state.lock();
        state.in_flight += 1;
        state.has_capacity()
    }

    /// Waits until another request may be taken.
    pub(crate) async fn eased(&self) {
        loop {
            let eased = self.eased.notified();
            if self.state.lock().has_capacity() {
                return;
            }
            eased.await;
        }
    }

    /// Adds the answer to a request, without waking the writer.
    pub(crate) fn answer(&self, id: RequestId, answer: Result<Response, ErrorCode>) {
        let mut state = self.state.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        if !state.closed {
            frame::write(&ServerFrame::Response(id, answer), &mut state.bytes);
        }
    }

    /// Wakes the writer, and whoever waits for room.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
        self.eased.notify_waiters();
    }

    /// Adds one answer and wakes the writer.
    pub(crate) fn answer_now(&self, id: RequestId, answer: Result<Response, ErrorCode>) {
        self.answer(id, answer);
        self.wake();
    }

    /// Takes everything that waits to be written. Waits until there is something; `None` when the
    /// session is over.
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

    /// To be called when what [`Outbox::take`] gave is written.
    pub(crate) fn written(&self) {
        self.state.lock().writing = false;
        self.eased.notify_waiters();
    }

    /// Waits until every answer so far was given to the stream.
    pub(crate) async fn flushed(&self) {
        loop {
            let eased = self.eased.notified();
            {
                let state = self.state.lock();
                if state.closed || (state.bytes.is_empty() && !state.writing) {
                    return;
                }
            }
            eased.await;
        }
    }

    /// The session is over: answers that still come are dropped.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_one();
        self.eased.notify_waiters();
    }
}

impl State {
    fn has_capacity(&self) -> bool {
        self.closed
            || (self.in_flight < REQUESTS_IN_FLIGHT_MAX && self.bytes.len() < OUTBOX_BYTES_MAX)
    }
}
