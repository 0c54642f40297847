//! Transfer permits: a limit over all connections, and a lower one per user.

use std::sync::{Arc, Weak};

use cairn_proto::ids::UserId;
use cairn_proto::wire::error::ErrorCode;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::{TRANSFER_PERMIT_WAIT_MAX, TRANSFERS_MAX, TRANSFERS_PER_USER_MAX};

#[derive(Debug)]
pub(super) struct TransferPermits {
    all: Arc<Semaphore>,
    /// Users who have a permit or wait for one.
    of_users: Mutex<HashMap<UserId, Weak<Semaphore>>>,
}

/// The right to transfer, until dropped.
#[derive(Debug)]
pub(super) struct TransferPermit {
    _own: Option<OwnedSemaphorePermit>,
    _of_all: Option<OwnedSemaphorePermit>,
}

impl TransferPermits {
    #[must_use]
    pub(super) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(TRANSFERS_MAX)),
            of_users: Mutex::default(),
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TooManyTransfers`] after a timeout.
    pub(super) async fn take(&self, user: UserId) -> Result<TransferPermit, ErrorCode> {
        let own = self.of(user);
        let permit = async {
            // The user's own permit first: waiting for it must not hold a global one. Neither
            // semaphore is ever closed.
            let own = own.acquire_owned().await.ok();
            let of_all = self.all.clone().acquire_owned().await.ok();
            TransferPermit {
                _own: own,
                _of_all: of_all,
            }
        };
        timeout(TRANSFER_PERMIT_WAIT_MAX, permit)
            .await
            .map_err(|_| ErrorCode::TooManyTransfers)
    }

    /// Returns whether another transfer may be waiting.
    #[must_use]
    pub(super) fn are_all_taken(&self) -> bool {
        self.all.available_permits() == 0
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut of_users = self.of_users.lock();
        if let Some(own) = of_users.get(&user).and_then(Weak::upgrade) {
            return own;
        }
        of_users.retain(|_, of_user| of_user.strong_count() > 0);
        let own = Arc::new(Semaphore::new(TRANSFERS_PER_USER_MAX));
        of_users.insert(user, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn permits_are_limited_per_user() {
        let permits = TransferPermits::new();
        let mut taken = Vec::new();
        for _ in 0..TRANSFERS_PER_USER_MAX {
            taken.push(permits.take(UserId::new(1)).await.unwrap());
        }
        assert_eq!(
            permits.take(UserId::new(1)).await.unwrap_err(),
            ErrorCode::TooManyTransfers
        );
        assert!(permits.take(UserId::new(2)).await.is_ok());
        taken.pop();
        assert!(permits.take(UserId::new(1)).await.is_ok());
        taken.clear();
        assert!(permits.take(UserId::new(2)).await.is_ok());
        drop(permits.take(UserId::new(3)).await.unwrap());
        assert_eq!(
            permits.of_users.lock().len(),
            1,
            "who has none is forgotten"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_limited_globally() {
        let permits = TransferPermits::new();
        let mut taken = Vec::new();
        for permit in 0..TRANSFERS_MAX {
            assert!(!permits.are_all_taken());
            let user = UserId::new((permit / TRANSFERS_PER_USER_MAX) as u32);
            taken.push(permits.take(user).await.unwrap());
        }
        assert!(permits.are_all_taken());
        assert_eq!(
            permits.take(UserId::new(1000)).await.unwrap_err(),
            ErrorCode::TooManyTransfers
        );
        taken.pop();
        assert!(permits.take(UserId::new(1000)).await.is_ok());
    }
}
