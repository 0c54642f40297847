//! Transfer permits: a limit over all connections, and a lower one per user. Visitors of the
//! support desk have less: each a few, and together a part of all.

use std::sync::{Arc, Weak};

use cairn_proto::wire::error::ErrorCode;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::{
    TRANSFER_PERMIT_WAIT_MAX, TRANSFERS_MAX, TRANSFERS_OF_VISITORS_MAX, TRANSFERS_PER_USER_MAX,
    TRANSFERS_PER_VISITOR_MAX,
};
use crate::principal::Principal;

#[derive(Debug)]
pub(super) struct TransferPermits {
    all: Arc<Semaphore>,
    of_visitors: Arc<Semaphore>,
    /// Those who have a permit or wait for one.
    shares: Mutex<HashMap<Principal, Weak<Semaphore>>>,
}

/// The right to transfer, until dropped.
#[derive(Debug)]
pub(super) struct TransferPermit {
    _own: Option<OwnedSemaphorePermit>,
    _of_visitors: Option<OwnedSemaphorePermit>,
    _of_all: Option<OwnedSemaphorePermit>,
}

impl TransferPermits {
    #[must_use]
    pub(super) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(TRANSFERS_MAX)),
            of_visitors: Arc::new(Semaphore::new(TRANSFERS_OF_VISITORS_MAX)),
            shares: Mutex::default(),
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TooManyTransfers`] after a timeout.
    pub(super) async fn take(&self, principal: Principal) -> Result<TransferPermit, ErrorCode> {
        let own = self.of(principal);
        let permit = async {
            // The narrowest first: waiting for it must not hold what others could have. No
            // semaphore is ever closed.
            let own = own.acquire_owned().await.ok();
            let of_visitors = match principal {
                Principal::Inquiry(_) => self.of_visitors.clone().acquire_owned().await.ok(),
                _ => None,
            };
            let of_all = self.all.clone().acquire_owned().await.ok();
            TransferPermit {
                _own: own,
                _of_visitors: of_visitors,
                _of_all: of_all,
            }
        };
        timeout(TRANSFER_PERMIT_WAIT_MAX, permit)
            .await
            .map_err(|_| ErrorCode::TooManyTransfers)
    }

    /// Returns whether another transfer may be waiting for a permit that this one holds.
    #[must_use]
    pub(super) fn are_all_taken(&self, principal: Principal) -> bool {
        let is_visitor = matches!(principal, Principal::Inquiry(_));
        self.all.available_permits() == 0
            || (is_visitor && self.of_visitors.available_permits() == 0)
    }

    fn of(&self, principal: Principal) -> Arc<Semaphore> {
        let mut shares = self.shares.lock();
        if let Some(own) = shares.get(&principal).and_then(Weak::upgrade) {
            return own;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let own = Arc::new(Semaphore::new(match principal {
            Principal::Inquiry(_) => TRANSFERS_PER_VISITOR_MAX,
            _ => TRANSFERS_PER_USER_MAX,
        }));
        shares.insert(principal, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::{UserId, VisitorId};

    use super::*;

    fn user(id: u32) -> Principal {
        UserId::new(id).into()
    }

    fn visitor(id: u64) -> Principal {
        Principal::Inquiry(VisitorId::new(id))
    }

    #[tokio::test(start_paused = true)]
    async fn visitors_leave_permits_to_each_other_and_to_users() {
        let permits = TransferPermits::new();
        let mut taken = Vec::new();
        for _ in 0..TRANSFERS_PER_VISITOR_MAX {
            taken.push(permits.take(visitor(1)).await.unwrap());
        }
        let refused = permits.take(visitor(1)).await.unwrap_err();
        assert_eq!(refused, ErrorCode::TooManyTransfers);
        for neighbour in 2.. {
            if permits.are_all_taken(visitor(neighbour)) {
                break;
            }
            taken.push(permits.take(visitor(neighbour)).await.unwrap());
        }
        assert_eq!(taken.len(), TRANSFERS_OF_VISITORS_MAX);
        let refused = permits.take(visitor(1000)).await.unwrap_err();
        assert_eq!(refused, ErrorCode::TooManyTransfers);
        assert!(!permits.are_all_taken(user(1)));
        let of_users = TRANSFERS_MAX - TRANSFERS_OF_VISITORS_MAX;
        for n in 0..of_users {
            let of = user((n / TRANSFERS_PER_USER_MAX) as u32);
            taken.push(permits.take(of).await.unwrap());
        }
        assert!(permits.are_all_taken(user(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_limited_per_user() {
        let permits = TransferPermits::new();
        let mut taken = Vec::new();
        for _ in 0..TRANSFERS_PER_USER_MAX {
            taken.push(permits.take(user(1)).await.unwrap());
        }
        assert_eq!(
            permits.take(user(1)).await.unwrap_err(),
            ErrorCode::TooManyTransfers
        );
        assert!(permits.take(user(2)).await.is_ok());
        taken.pop();
        assert!(permits.take(user(1)).await.is_ok());
        taken.clear();
        assert!(permits.take(user(2)).await.is_ok());
        drop(permits.take(user(3)).await.unwrap());
        assert_eq!(permits.shares.lock().len(), 1, "who has none is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_limited_globally() {
        let permits = TransferPermits::new();
        let mut taken = Vec::new();
        for permit in 0..TRANSFERS_MAX {
            assert!(!permits.are_all_taken(user(1)));
            let of = user((permit / TRANSFERS_PER_USER_MAX) as u32);
            taken.push(permits.take(of).await.unwrap());
        }
        assert!(permits.are_all_taken(user(1)));
        assert_eq!(
            permits.take(user(1000)).await.unwrap_err(),
            ErrorCode::TooManyTransfers
        );
        taken.pop();
        assert!(permits.take(user(1000)).await.is_ok());
    }
}
