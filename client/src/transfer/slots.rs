//! Transfer slots: the current connection, and permits for concurrent transfers on it.

use cairn_proto::limits::TRANSFERS_PER_CONNECTION_MAX;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::transport::Link;

/// The current connection, and permits for [`TRANSFERS_PER_CONNECTION_MAX`] transfers.
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
    /// Sets the current connection.
    pub(crate) fn connected(&self, link: Link) {
        self.links.send_replace(Some(link));
    }

    /// Clears the current connection.
    pub(crate) fn disconnected(&self) {
        self.links.send_replace(None);
    }

    /// Ends all waiting, since the client has ended.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.disconnected();
    }

    /// Waits for a permit. Returns `None` if the client has ended.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }

    /// Waits for a connection. Returns `None` if the client has ended.
    pub(crate) async fn link(&self) -> Option<Link> {
        let mut links = self.links.subscribe();
        while !self.permits.is_closed() {
            let link = links.borrow_and_update().clone();
            if let Some(link) = link.filter(|link| !link.is_over()) {
                return Some(link);
            }
            // Cannot fail: the sender is `self`.
            let _ = links.changed().await;
        }
        None
    }
}
