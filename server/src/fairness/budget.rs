//! The memory of all sessions for requests and unread replies. A session has a little of its own
//! and borrows the remainder, so that many sessions together stay within one bound.

use std::sync::{Arc, Weak};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{
    BUDGET_BYTES_TOTAL, BUDGET_OF_VISITORS_BYTES_TOTAL, BUDGET_PER_PRINCIPAL_BYTES_MAX,
    BUDGET_PER_VISITOR_BYTES_MAX, BUDGET_STEP_BYTES, OUTBOX_OWN_BYTES,
};
use crate::principal::Principal;

#[derive(Debug)]
pub(crate) struct Budget {
    all: Arc<Semaphore>,
    /// Visitors of the support desk borrow from this alone: they need no account.
    of_visitors: Arc<Semaphore>,
    /// The shares of principals with sessions.
    shares: Mutex<HashMap<Principal, Weak<Semaphore>>>,
}

/// Borrows for the sessions of one principal.
#[derive(Debug)]
pub(crate) struct Borrower {
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
    bytes_max: usize,
}

/// Borrowed bytes, until dropped.
#[derive(Debug)]
pub(crate) struct Loan {
    own: OwnedSemaphorePermit,
    of_all: OwnedSemaphorePermit,
}

impl Budget {
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(BUDGET_BYTES_TOTAL)),
            of_visitors: Arc::new(Semaphore::new(BUDGET_OF_VISITORS_BYTES_TOTAL)),
            shares: Mutex::default(),
        }
    }

    #[must_use]
    pub(crate) fn borrower(&self, principal: Principal) -> Borrower {
        let (all, bytes_max) = match principal {
            Principal::Inquiry(_) => (&self.of_visitors, BUDGET_PER_VISITOR_BYTES_MAX),
            _ => (&self.all, BUDGET_PER_PRINCIPAL_BYTES_MAX),
        };
        let mut shares = self.shares.lock();
        let own = shares.get(&principal).and_then(Weak::upgrade);
        let own = own.unwrap_or_else(|| {
            // Before the map would grow, so that its size follows the principals with sessions.
            if shares.len() == shares.capacity() {
                shares.retain(|_, share| share.strong_count() > 0);
            }
            let own = Arc::new(Semaphore::new(bytes_max));
            shares.insert(principal, Arc::downgrade(&own));
            own
        });
        Borrower {
            own,
            all: all.clone(),
            bytes_max,
        }
    }
}

impl Borrower {
    /// Waits until this many bytes are free, and borrows them and a few more.
    pub(crate) async fn borrow(&self, bytes: usize) -> Option<Loan> {
        let bytes = bytes
            .next_multiple_of(BUDGET_STEP_BYTES)
            .min(self.bytes_max);
        let bytes = u32::try_from(bytes).ok()?;
        // The own share first: waiting for it must not hold what others could use. Neither
        // semaphore is ever closed.
        let own = self.own.clone().acquire_many_owned(bytes).await.ok()?;
        let of_all = self.all.clone().acquire_many_owned(bytes).await.ok()?;
        Some(Loan { own, of_all })
    }
}

impl Loan {
    #[must_use]
    pub(crate) fn bytes(&self) -> usize {
        self.own.num_permits()
    }

    /// Adds another loan of the same borrower.
    pub(crate) fn merge(&mut self, other: Self) {
        let Self { own, of_all } = other;
        self.own.merge(own);
        self.of_all.merge(of_all);
    }
}

// A session that uses only its own bytes never waits for others.
const _: () = assert!(OUTBOX_OWN_BYTES < BUDGET_STEP_BYTES);

#[cfg(test)]
mod tests {
    use cairn_proto::ids::{UserId, VisitorId};

    use super::*;

    fn borrower(budget: &Budget, user: u32) -> Borrower {
        budget.borrower(UserId::new(user).into())
    }

    /// Borrows, unless that would wait.
    async fn at_once(borrower: &Borrower, bytes: usize) -> Option<Loan> {
        tokio::select! {
            biased;
            loan = borrower.borrow(bytes) => loan,
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn sessions_of_one_principal_share_one_bound() {
        let budget = Budget::new();
        let (one, other) = (borrower(&budget, 1), borrower(&budget, 1));
        let half = BUDGET_PER_PRINCIPAL_BYTES_MAX / 2;
        let first = at_once(&one, half).await.unwrap();
        let _second = at_once(&other, half).await.unwrap();
        assert!(at_once(&one, 1).await.is_none());
        assert!(at_once(&borrower(&budget, 2), half).await.is_some());
        drop(first);
        assert_eq!(at_once(&other, 1).await.unwrap().bytes(), BUDGET_STEP_BYTES);
    }

    #[tokio::test]
    async fn all_principals_share_one_bound() {
        let budget = Budget::new();
        let mut loans = Vec::new();
        for user in 0.. {
            let all = BUDGET_PER_PRINCIPAL_BYTES_MAX;
            match at_once(&borrower(&budget, user), all).await {
                Some(loan) => loans.push(loan),
                None => break,
            }
        }
        let lent: usize = loans.iter().map(Loan::bytes).sum();
        assert_eq!(lent, BUDGET_BYTES_TOTAL);
        loans.pop();
        assert!(at_once(&borrower(&budget, 1_000), 1).await.is_some());
    }

    #[tokio::test]
    async fn visitors_borrow_nothing_of_users() {
        let budget = Budget::new();
        let visitor = |id| Principal::Inquiry(VisitorId::new(id));
        let mut loans = Vec::new();
        for id in 0.. {
            let borrower = budget.borrower(visitor(id));
            match at_once(&borrower, usize::MAX / 2).await {
                Some(loan) => loans.push(loan),
                None => break,
            }
        }
        let lent: usize = loans.iter().map(Loan::bytes).sum();
        assert_eq!(lent, BUDGET_OF_VISITORS_BYTES_TOTAL);
        let all = BUDGET_PER_PRINCIPAL_BYTES_MAX;
        assert!(at_once(&borrower(&budget, 1), all).await.is_some());
    }

    #[tokio::test]
    async fn shares_without_sessions_are_forgotten() {
        let budget = Budget::new();
        (0..10_000).for_each(|user| drop(borrower(&budget, user)));
        assert!(budget.shares.lock().len() < 100);
    }
}
