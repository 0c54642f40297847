//! New connections: limited in number and, under load, only from proven addresses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_proto::limits::LOGIN_TIME_MAX;
use quinn::{Endpoint, Incoming};
use tokio::time::timeout;
use tracing::debug;

use crate::limits::{CONNECTIONS_MAX, HANDSHAKES_UNPROVEN_MAX};
use crate::session::connection;
use crate::shared::Shared;

/// Accepts connections until the endpoint is closed.
pub(crate) async fn accept(endpoint: Endpoint, shared: Arc<Shared>) {
    let handshakes = Arc::new(AtomicUsize::new(0));
    while let Some(incoming) = endpoint.accept().await {
        if endpoint.open_connections() >= CONNECTIONS_MAX {
            incoming.refuse();
        } else if handshakes.load(Ordering::Relaxed) >= HANDSHAKES_UNPROVEN_MAX
            && incoming.may_retry()
        {
            // A retry proves the address. It fails only for a client that has done it already.
            let _ = incoming.retry();
        } else {
            let in_progress = InProgress::start(&handshakes);
            tokio::spawn(shake_hands(incoming, in_progress, shared.clone()));
        }
    }
}

async fn shake_hands(incoming: Incoming, in_progress: InProgress, shared: Arc<Shared>) {
    let remote = incoming.remote_address();
    let Ok(connecting) = incoming
        .accept()
        .inspect_err(|error| debug!(%remote, %error, "no handshake"))
    else {
        return;
    };
    match timeout(LOGIN_TIME_MAX, connecting).await {
        Ok(Ok(connection)) => {
            drop(in_progress);
            connection::serve(shared, connection).await;
        }
        Ok(Err(error)) => debug!(%remote, %error, "the handshake failed"),
        Err(_) => debug!(%remote, "the handshake took too long"),
    }
}

/// Counts a handshake while it lives.
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
