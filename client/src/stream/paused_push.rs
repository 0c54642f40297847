//! Suspending the reading of pushes. Flow control then holds them back at the server.

use std::sync::Arc;

use crate::api::client::Client;
use crate::session::handle::Handle;

/// A guard that suspends the reading of pushes while it lives. Created by [`Client::pause_push`].
///
/// Pushes already sent fill the stream's window ([`crate::limits::STREAM_WINDOW_BYTES`]). The
/// server then stops writing and remembers only this session's position. Sends and requests proceed
/// as usual. Timelines deliver only what they have to pull anyway; after the last guard is dropped
/// they continue without a gap.
#[derive(Debug)]
#[must_use = "pushes are read again when this is dropped"]
pub struct PausedPush {
    handle: Arc<Handle>,
}

impl Client {
    /// Suspends the reading of pushes until this guard, and any other one of this client, is
    /// dropped: for a program in the background, or on a metered network.
    pub fn pause_push(&self) -> PausedPush {
        self.shared().pauses.send_modify(|pauses| *pauses += 1);
        PausedPush {
            handle: Arc::clone(self.handle()),
        }
    }
}

impl Drop for PausedPush {
    fn drop(&mut self) {
        self.handle.shared.pauses.send_modify(|pauses| *pauses -= 1);
    }
}
