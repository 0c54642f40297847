//! Where connections come from.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::connection::{self, ClientConnection, Direction, Link, Lost, ServerConnection};

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

/// The step of the numbers that are drawn.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// What connects clients to one server, which may restart. Clones refer to the same network.
#[derive(Clone, Debug)]
pub struct Network {
    server: Arc<Mutex<Option<mpsc::UnboundedSender<ServerConnection>>>>,
    links: Arc<Mutex<Vec<Link>>>,
    drawn: Arc<AtomicU64>,
    limits: Limits,
    tap: Option<Tap>,
}

/// Sees all bytes of a network: see [`Network::tapped`].
#[derive(Clone)]
pub(crate) struct Tap(Arc<TapFn>);

type TapFn = dyn Fn(SocketAddr, Direction, &[u8]) + Send + Sync;

impl Tap {
    pub(crate) fn see(&self, client: SocketAddr, direction: Direction, bytes: &[u8]) {
        (self.0)(client, direction, bytes);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
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
            links: Arc::default(),
            drawn: Arc::default(),
            limits,
            tap: None,
        }
    }

    /// Shows everything that is written to `tap`, with the address of the client: one call for
    /// each write, before any of its bytes arrive.
    #[must_use]
    pub fn tapped(
        mut self,
        tap: impl Fn(SocketAddr, Direction, &[u8]) + Send + Sync + 'static,
    ) -> Self {
        self.tap = Some(Tap(Arc::new(tap)));
        self
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
        let (client, accepted, link) = connection::pair(from, self.limits, self.tap.clone());
        server.send(accepted).map_err(|_| Lost::Refused)?;
        let mut links = self.links.lock();
        links.retain(|link| !link.is_over());
        links.push(link);
        Ok(client)
    }

    /// Breaks all connections of the client at `from`, as if the server closed them.
    pub fn disconnect(&self, from: SocketAddr, code: u32) {
        for link in self.links().iter().filter(|link| link.client() == from) {
            link.close_as_server(code);
        }
    }

    /// Returns a number that looks random and differs from all earlier ones. They are the same in
    /// each run.
    #[must_use]
    pub fn draw(&self) -> u64 {
        // SplitMix64.
        let state = self
            .drawn
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns the connections that have not ended, in the order in which they were made.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let mut links = self.links.lock();
        links.retain(|link| !link.is_over());
        links.clone()
    }

    /// Takes the server off the network, as a crash of its machine does: cuts every connection, and
    /// refuses others until the next [`Network::listen`].
    pub fn unplug(&self) {
        *self.server.lock() = None;
        for link in std::mem::take(&mut *self.links.lock()) {
            link.cut();
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
