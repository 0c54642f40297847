//! One direction of a stream: bytes up to a window, and how either half ended.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

#[derive(Debug)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    /// Notified on every change: at most one half waits for it at a time, or both for an end.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    chunks: VecDeque<Bytes>,
    /// How many bytes fit beside `chunks`.
    free_bytes: usize,
    sender: Sender,
    is_stopped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Open,
    Finished,
    Reset,
}

/// What the receiver finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Chunk(Bytes),
    Nothing,
    End,
    Reset,
}

/// What the sender finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Some bytes were taken.
    Done,
    Full,
    Stopped,
    /// The sender ended the stream before.
    Ended,
}

impl Pipe {
    pub(crate) fn new(window_bytes: usize) -> Self {
        Self {
            state: Mutex::new(State {
                chunks: VecDeque::new(),
                free_bytes: window_bytes,
                sender: Sender::Open,
                is_stopped: false,
            }),
            changed: Notify::new(),
        }
    }

    /// Resolves at the next change. Create it before looking, so that no change is missed.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Takes as much of `bytes` as fits, and leaves the rest.
    pub(crate) fn write(&self, bytes: &mut Bytes) -> Write {
        let mut state = self.state.lock();
        if state.sender != Sender::Open {
            return Write::Ended;
        }
        if state.is_stopped {
            return Write::Stopped;
        }
        let taken = bytes.len().min(state.free_bytes);
        if taken == 0 {
            return Write::Full;
        }
        state.free_bytes -= taken;
        state.chunks.push_back(bytes.split_to(taken));
        drop(state);
        self.changed.notify_waiters();
        Write::Done
    }

    /// Returns `false` if the sender ended the stream before.
    pub(crate) fn finish(&self) -> bool {
        self.end(Sender::Finished)
    }

    /// Discards what was not read. Has no effect on a stream that was ended before.
    pub(crate) fn reset(&self) {
        self.end(Sender::Reset);
    }

    fn end(&self, end: Sender) -> bool {
        let mut state = self.state.lock();
        if state.sender != Sender::Open {
            return false;
        }
        state.sender = end;
        if end == Sender::Reset {
            state.chunks.clear();
        }
        drop(state);
        self.changed.notify_waiters();
        true
    }

    /// Returns whether nothing that the sender did can still be in vain: the receiver has all of
    /// a finished stream in its buffer, or does not want it.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.state.lock();
        state.is_stopped || state.sender != Sender::Open
    }

    pub(crate) fn read(&self, max_bytes: usize) -> Read {
        let mut state = self.state.lock();
        let Some(mut chunk) = state.chunks.pop_front() else {
            return match state.sender {
                Sender::Open => Read::Nothing,
                Sender::Finished => Read::End,
                Sender::Reset => Read::Reset,
            };
        };
        if chunk.len() > max_bytes {
            let rest = chunk.split_off(max_bytes);
            state.chunks.push_front(rest);
        }
        state.free_bytes += chunk.len();
        drop(state);
        self.changed.notify_waiters();
        Read::Chunk(chunk)
    }

    /// Discards what was not read, and lets the sender's next write fail.
    pub(crate) fn stop(&self) {
        let mut state = self.state.lock();
        state.is_stopped = true;
        state.chunks.clear();
        drop(state);
        self.changed.notify_waiters();
    }
}
