//! Where connections come from.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::connection::{self, ClientConnection, End, Lost, ServerConnection};

/// What one connection may buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Streams that a client may have open at once.
    pub streams_max: usize,
    /// Bytes of one stream that the server has not read yet.
    pub to_server_bytes: usize,
    /// Bytes of one stream that the client has not read yet.
    pub to_client_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams_max: 8,
            to_server_bytes: 256 * 1024,
            to_client_bytes: 1024 * 1024,
        }
    }
}

/// What connects clients to one server, which may restart. Clones refer to the same network.
#[derive(Clone, Debug)]
pub struct Network {
    server: Arc<Mutex<Option<mpsc::UnboundedSender<ServerConnection>>>>,
    /// The server's ends of connections that may be open.
    ends: Arc<Mutex<Vec<(SocketAddr, Weak<End>)>>>,
    limits: Limits,
}

/// What a server accepts connections from.
#[derive(Debug)]
pub struct Listener(mpsc::UnboundedReceiver<ServerConnection>);

impl Network {
    /// Creates a network without a server.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            server: Arc::default(),
            ends: Arc::default(),
            limits,
        }
    }

    /// Returns what the server accepts connections from. One that was returned before gets no
    /// further ones.
    #[must_use]
    pub fn listen(&self) -> Listener {
        let (server, connections) = mpsc::unbounded_channel();
        *self.server.lock() = Some(server);
        Listener(connections)
    }

    /// Connects as the client at `from`. Completes before the server has accepted the connection.
    ///
    /// # Errors
    /// [`Lost::Refused`] while no server accepts connections.
    pub fn connect(&self, from: SocketAddr) -> Result<ClientConnection, Lost> {
        let listening = self.server.lock();
        let server = listening.as_ref().ok_or(Lost::Refused)?;
        let (client, accepted) = connection::pair(from, self.limits);
        let mut ends = self.ends.lock();
        ends.retain(|(_, end)| end.strong_count() > 0);
        ends.push((from, accepted.end()));
        drop(ends);
        server.send(accepted).map_err(|_| Lost::Refused)?;
        Ok(client)
    }

    /// Breaks all connections of the client at `from`, as if the server closed them.
    pub fn disconnect(&self, from: SocketAddr, code: u32) {
        for (_, end) in self.ends.lock().iter().filter(|(of, _)| *of == from) {
            if let Some(end) = end.upgrade() {
                end.close(code, Bytes::new());
            }
        }
    }
}

impl Listener {
    /// Waits for the next connection. Returns `None` when no other can come.
    pub async fn accept(&mut self) -> Option<ServerConnection> {
        self.0.recv().await
    }

    /// Refuses further connections. Those that were made before can still be accepted.
    pub fn refuse_new(&mut self) {
        self.0.close();
    }
}
