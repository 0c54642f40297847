//! The two ends of a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::network::Limits;
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
    closed: watch::Sender<Option<Close>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

#[derive(Clone, Debug)]
struct Close {
    by: Side,
    code: u32,
    reason: Bytes,
}

pub(crate) fn pair(from: SocketAddr, limits: Limits) -> (ClientConnection, ServerConnection) {
    let closed = watch::Sender::new(None);
    let (opened, to_accept) = mpsc::unbounded_channel();
    let end = |side| {
        Arc::new(End {
            side,
            closed: closed.clone(),
        })
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
    (client, server)
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

    pub(crate) fn end(&self) -> Weak<End> {
        Arc::downgrade(&self.end)
    }

    /// Returns the client's address.
    #[must_use]
    pub const fn remote_address(&self) -> SocketAddr {
        self.client
    }
}

impl End {
    pub(crate) fn close(&self, code: u32, reason: Bytes) {
        self.closed.send_if_modified(|closed| {
            let is_open = closed.is_none();
            closed.get_or_insert(Close {
                by: self.side,
                code,
                reason,
            });
            is_open
        });
    }

    pub(crate) async fn closed(&self) -> Lost {
        let mut closed = self.closed.subscribe();
        // Cannot fail: a sender is in `self`.
        let _ = closed.wait_for(Option::is_some).await;
        self.close_reason().unwrap_or(Lost::ClosedLocally)
    }

    pub(crate) fn close_reason(&self) -> Option<Lost> {
        let closed = self.closed.borrow();
        let close = closed.as_ref()?;
        Some(if close.by == self.side {
            Lost::ClosedLocally
        } else {
            Lost::ClosedByPeer {
                code: close.code,
                reason: close.reason.clone(),
            }
        })
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close(0, Bytes::new());
    }
}
