//! What a client does when its connection breaks.

use crate::session::backoff::Backoff;

/// What to do when an established connection breaks. A failed first connection is always reported
/// and never retried, unless the client starts offline ([`crate::ClientBuilder::connect_offline`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reconnect {
    /// Reconnect indefinitely, unless the server's answer is permanent. Unresolved requests
    /// continue on the new connection.
    Forever(Backoff),
    /// End the client with [`crate::Error::Lost`]: for commands that should fail rather than wait.
    Never,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::Forever(Backoff::default())
    }
}
