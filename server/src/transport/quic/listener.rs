//! The QUIC endpoint as a source of connections: limited in number and, under load, accepted only
//! from proven addresses.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_proto::limits::LOGIN_TIME_MAX;
use cairn_proto::wire::close::CloseCode;
use quinn::{Endpoint, Incoming, VarInt};
use tokio::time::timeout;
use tracing::{debug, warn};

use super::connection::Connection;
use super::endpoint::{self, EndpointError};
use crate::limits::{CONNECTIONS_MAX, HANDSHAKES_UNPROVEN_MAX, STOP_SESSIONS_TIME_MAX};
use crate::transport::identity::Identity;

#[derive(Debug)]
pub(crate) struct Listener {
    endpoint: Endpoint,
    handshakes: Arc<AtomicUsize>,
}

/// A client whose handshake is in progress.
#[derive(Debug)]
pub(crate) struct Connecting {
    incoming: Incoming,
    in_progress: InProgress,
}

impl Listener {
    /// Binds the UDP socket.
    pub(crate) fn open(addr: SocketAddr, identity: &Identity) -> Result<Self, EndpointError> {
        Ok(Self {
            endpoint: endpoint::open(addr, identity)?,
            handshakes: Arc::default(),
        })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    pub(crate) async fn accept(&self) -> Option<Connecting> {
        loop {
            let incoming = self.endpoint.accept().await?;
            if self.endpoint.open_connections() >= CONNECTIONS_MAX {
                incoming.refuse();
            } else if self.handshakes.load(Ordering::Relaxed) >= HANDSHAKES_UNPROVEN_MAX
                && incoming.may_retry()
            {
                // A retry proves the address. It fails only for a client that has done it already.
                let _ = incoming.retry();
            } else {
                let in_progress = InProgress::start(&self.handshakes);
                return Some(Connecting {
                    incoming,
                    in_progress,
                });
            }
        }
    }

    pub(crate) fn refuse_new(&self) {
        self.endpoint.set_server_config(None);
    }

    pub(crate) async fn close(&self, code: CloseCode) {
        let number = VarInt::from_u32(code.number());
        self.endpoint.close(number, code.text().as_bytes());
        let idle = timeout(STOP_SESSIONS_TIME_MAX, self.endpoint.wait_idle());
        if idle.await.is_err() {
            warn!("some clients did not confirm the end of their connections");
        }
    }
}

impl Connecting {
    pub(crate) async fn establish(self) -> Option<Connection> {
        let remote = self.incoming.remote_address();
        let connecting = self
            .incoming
            .accept()
            .inspect_err(|error| debug!(%remote, %error, "no handshake"))
            .ok()?;
        let connected = timeout(LOGIN_TIME_MAX, connecting).await;
        drop(self.in_progress);
        match connected {
            Ok(Ok(connection)) => return Some(Connection::new(connection)),
            Ok(Err(error)) => debug!(%remote, %error, "the handshake failed"),
            Err(_) => debug!(%remote, "the handshake took too long"),
        }
        None
    }
}

/// Counts a handshake while it lives.
#[derive(Debug)]
struct InProgress(Arc<AtomicUsize>);

impl InProgress {
    fn start(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
