//! Not reading for a while: what is pushed stays with the server.

use std::sync::Arc;

use crate::api::client::Client;
use crate::session::handle::Handle;

/// For as long as it lives, a client reads nothing that is pushed. Made by [`Client::pause_push`].
///
/// What is on its way fills the stream's window ([`crate::limits::STREAM_WINDOW_BYTES`]); then the
/// server writes no more, and keeps nothing for this client but the place where it was. The
/// connection lives on, sends and requests are answered as ever. Timelines tell nothing new that
/// they would not pull; behind the last pause_push they go on where they were and miss nothing.
#[derive(Debug)]
#[must_use = "the client reads on when this is dropped"]
pub struct PausedPush {
    handle: Arc<Handle>,
}

impl Client {
    /// Stops reading what is pushed until the pause_push, and any other of this client, is dropped:
    /// for a program that has no use for new messages at the moment, because nobody looks or the
    /// network costs money.
    pub fn pause_push(&self) -> PausedPush {
        self.shared().holds.send_modify(|holds| *holds += 1);
        PausedPush {
            handle: Arc::clone(self.handle()),
        }
    }
}

impl Drop for PausedPush {
    fn drop(&mut self) {
        self.handle.shared.holds.send_modify(|holds| *holds -= 1);
    }
}
