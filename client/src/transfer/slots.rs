//! Slots for transfers: the current connection, and permits for as many transfers as it may carry.

use cairn_proto::limits::TRANSFERS_PER_CONNECTION_MAX;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::transport::link::Link;

/// The ways of transfers: over the connection that there is, so many at once as it may have.
#[derive(Debug)]
pub(crate) struct TransferSlots {
    links: watch::Sender<Option<Link>>,
    permits: Semaphore,
}

impl Default for TransferSlots {
    fn default() -> Self {
        Self {
            links: watch::Sender::new(None),
            permits: Semaphore::new(TRANSFERS_PER_CONNECTION_MAX),
        }
    }
}

impl TransferSlots {
    /// There is a connection.
    pub(crate) fn connected(&self, link: Link) {
        self.links.send_replace(Some(link));
    }

    /// There is none any more.
    pub(crate) fn disconnected(&self) {
        self.links.send_replace(None);
    }

    /// There will never be one again.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.disconnected();
    }

    /// The right to one transfer; `None` when the client is over.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }

    /// The connection, as soon as there is one; `None` when the client is over.
    pub(crate) async fn link(&self) -> Option<Link> {
        let mut links = self.links.subscribe();
        while !self.permits.is_closed() {
            let link = links.borrow_and_update().clone();
            if let Some(link) = link.filter(|link| !link.is_over()) {
                return Some(link);
            }
            // It cannot fail: its other half is in `self`.
            let _ = links.changed().await;
        }
        None
    }
}
