//! The two ends of a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::network::{Limits, Tap};
use crate::pipe::Pipe;
use crate::stream::{RecvStream, SendStream};

/// The client's end. Clones refer to the same connection, which closes with code 0 when the last
/// one and the last stream of this end are dropped.
#[derive(Clone, Debug)]
pub struct ClientConnection {
    end: Arc<End>,
    opened: mpsc::UnboundedSender<Opened>,
    permits: Arc<Semaphore>,
    limits: Limits,
}

/// The server's end. Clones refer to the same connection, which closes with code 0 when the last
/// one and the last stream of this end are dropped.
#[derive(Clone, Debug)]
pub struct ServerConnection {
    end: Arc<End>,
    opened: Arc<Mutex<mpsc::UnboundedReceiver<Opened>>>,
    client: SocketAddr,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The other end closed it.
    #[error("closed by the peer with code {code}")]
    ClosedByPeer {
        /// The code that it gave.
        code: u32,
        /// The reason that it gave.
        reason: Bytes,
    },
    /// This end closed it.
    #[error("closed")]
    ClosedLocally,
    /// No server accepts connections.
    #[error("no server accepts connections")]
    Refused,
    /// The network cut it: see [`Link::cut`].
    #[error("the connection timed out")]
    Cut,
}

/// A connection as the network sees it: what a test does to it, neither end asked for.
#[derive(Clone, Debug)]
pub struct Link {
    wire: Weak<Wire>,
    client: SocketAddr,
}

/// A direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// A stream that the server has not accepted yet.
#[derive(Debug)]
struct Opened {
    to_server: Arc<Pipe>,
    to_client: Arc<Pipe>,
    permit: OwnedSemaphorePermit,
}

/// What all handles and streams of one end share.
#[derive(Debug)]
pub(crate) struct End {
    side: Side,
    wire: Arc<Wire>,
}

/// What both ends share.
#[derive(Debug)]
struct Wire {
    client: SocketAddr,
    tap: Option<Tap>,
    closed: watch::Sender<Option<Close>>,
    held: watch::Sender<Held>,
}

/// The directions in which nothing arrives.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    to_server: bool,
    to_client: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

#[derive(Clone, Debug)]
enum Close {
    By {
        side: Side,
        code: u32,
        reason: Bytes,
    },
    Cut,
}

pub(crate) fn pair(
    from: SocketAddr,
    limits: Limits,
    tap: Option<Tap>,
) -> (ClientConnection, ServerConnection, Link) {
    let wire = Arc::new(Wire {
        client: from,
        tap,
        closed: watch::Sender::default(),
        held: watch::Sender::default(),
    });
    let (opened, to_accept) = mpsc::unbounded_channel();
    let end = |side| {
        let wire = wire.clone();
        Arc::new(End { side, wire })
    };
    let client = ClientConnection {
        end: end(Side::Client),
        opened,
        permits: Arc::new(Semaphore::new(limits.streams_max)),
        limits,
    };
    let server = ServerConnection {
        end: end(Side::Server),
        opened: Arc::new(Mutex::new(to_accept)),
        client: from,
    };
    let link = Link {
        wire: Arc::downgrade(&wire),
        client: from,
    };
    (client, server, link)
}

impl Link {
    /// Returns the client's address.
    #[must_use]
    pub const fn client(&self) -> SocketAddr {
        self.client
    }

    /// Returns whether the connection has ended, by either end or by [`Link::cut`].
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.wire
            .upgrade()
            .is_none_or(|wire| wire.closed.borrow().is_some())
    }

    /// Ends the connection for both ends, which learn it at once. What was not read is lost.
    pub fn cut(&self) {
        if let Some(wire) = self.wire.upgrade() {
            wire.close(Close::Cut);
        }
    }

    /// Closes the connection as the server would.
    pub(crate) fn close_as_server(&self, code: u32) {
        if let Some(wire) = self.wire.upgrade() {
            let (side, reason) = (Side::Server, Bytes::new());
            wire.close(Close::By { side, code, reason });
        }
    }

    /// Delays everything in one direction until [`Link::release`]. The sender can write up to the
    /// windows of its streams.
    pub fn hold(&self, direction: Direction) {
        self.set_held(direction, true);
    }

    /// Lets everything arrive that was held.
    pub fn release(&self, direction: Direction) {
        self.set_held(direction, false);
    }

    fn set_held(&self, direction: Direction, is_held: bool) {
        if let Some(wire) = self.wire.upgrade() {
            wire.held.send_modify(|held| match direction {
                Direction::ToServer => held.to_server = is_held,
                Direction::ToClient => held.to_client = is_held,
            });
        }
    }
}

impl Wire {
    fn close(&self, close: Close) {
        self.closed.send_if_modified(|closed| {
            let is_open = closed.is_none();
            closed.get_or_insert(close);
            is_open
        });
    }
}

impl Held {
    /// Returns whether this end gets nothing.
    const fn holds(self, side: Side) -> bool {
        match side {
            Side::Client => self.to_client,
            Side::Server => self.to_server,
        }
    }
}

impl ClientConnection {
    /// Opens a stream. Waits while as many as the server allows are open.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn open_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        let permit = tokio::select! {
            biased;
            lost = self.closed() => return Err(lost),
            // The semaphore is never closed.
            Ok(permit) = self.permits.clone().acquire_owned() => permit,
        };
        let to_server = Arc::new(Pipe::new(self.limits.to_server_bytes));
        let to_client = Arc::new(Pipe::new(self.limits.to_client_bytes));
        // Fails only when the server's end is gone, which has closed the connection.
        let _ = self.opened.send(Opened {
            to_server: to_server.clone(),
            to_client: to_client.clone(),
            permit,
        });
        Ok((
            SendStream::new(self.end.clone(), to_server, None),
            RecvStream::new(self.end.clone(), to_client, None),
        ))
    }

    /// Closes the connection, unless it has ended. Bytes that have arrived can still be read.
    pub fn close(&self, code: u32, reason: Bytes) {
        self.end.close(code, reason);
    }

    /// Waits until the connection ends.
    pub async fn closed(&self) -> Lost {
        self.end.closed().await
    }

    /// Returns why the connection ended, if it has.
    #[must_use]
    pub fn close_reason(&self) -> Option<Lost> {
        self.end.close_reason()
    }
}

impl ServerConnection {
    /// Waits for the next stream that the client opens.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn accept_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        let mut opened = self.opened.lock().await;
        let stream = tokio::select! {
            biased;
            lost = self.closed() => return Err(lost),
            Some(stream) = opened.recv() => stream,
        };
        // The client may open another stream once both halves are gone.
        let permit = Arc::new(stream.permit);
        Ok((
            SendStream::new(self.end.clone(), stream.to_client, Some(permit.clone())),
            RecvStream::new(self.end.clone(), stream.to_server, Some(permit)),
        ))
    }

    /// Closes the connection, unless it has ended. Bytes that have arrived can still be read.
    pub fn close(&self, code: u32, reason: Bytes) {
        self.end.close(code, reason);
    }

    /// Waits until the connection ends.
    pub async fn closed(&self) -> Lost {
        self.end.closed().await
    }

    /// Returns the client's address.
    #[must_use]
    pub const fn remote_address(&self) -> SocketAddr {
        self.client
    }
}

impl End {
    fn close(&self, code: u32, reason: Bytes) {
        let side = self.side;
        self.wire.close(Close::By { side, code, reason });
    }

    /// Shows the tap what this end writes.
    pub(crate) fn show(&self, bytes: &[u8]) {
        let Some(tap) = &self.wire.tap else { return };
        let direction = match self.side {
            Side::Client => Direction::ToServer,
            Side::Server => Direction::ToClient,
        };
        tap.see(self.wire.client, direction, bytes);
    }

    pub(crate) async fn closed(&self) -> Lost {
        let mut closed = self.wire.closed.subscribe();
        // Cannot fail: a sender is in `self`.
        let _ = closed.wait_for(Option::is_some).await;
        self.close_reason().unwrap_or(Lost::ClosedLocally)
    }

    pub(crate) fn close_reason(&self) -> Option<Lost> {
        let closed = self.wire.closed.borrow();
        Some(match closed.as_ref()? {
            Close::Cut => Lost::Cut,
            Close::By { side, .. } if *side == self.side => Lost::ClosedLocally,
            Close::By { code, reason, .. } => Lost::ClosedByPeer {
                code: *code,
                reason: reason.clone(),
            },
        })
    }

    /// Returns whether the network cut the connection.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(*self.wire.closed.borrow(), Some(Close::Cut))
    }

    /// Returns whether nothing arrives at this end.
    pub(crate) fn is_held(&self) -> bool {
        self.wire.held.borrow().holds(self.side)
    }

    /// Waits until something may arrive at this end.
    pub(crate) async fn released(&self) {
        let mut held = self.wire.held.subscribe();
        // Cannot fail: a sender is in `self`.
        let _ = held.wait_for(|held| !held.holds(self.side)).await;
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close(0, Bytes::new());
    }
}
