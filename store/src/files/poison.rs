//! Poison: after the first failed write or fsync, the store refuses all further writes.
//!
//! An fsync must never be retried, because the kernel drops the dirty pages and the next call
//! reports success over lost data. The process exits and recovers from the log at its next start,
//! which the mark in the lock file warns of the loss.

use std::fmt::Display;
use std::sync::{Arc, OnceLock, Weak};

use crate::files::lock::DirLock;

/// Set once; shared by everything that writes.
#[derive(Clone, Debug, Default)]
pub struct Poison(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    reason: OnceLock<Arc<str>>,
    /// No clone may keep the directory locked.
    lock: Weak<DirLock>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store refuses writes since an earlier failure: {reason}")]
pub struct Poisoned {
    pub reason: Arc<str>,
}

impl Poison {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Poison::new`]; a failure is recorded in the lock file as well.
    pub(crate) fn of(lock: &Arc<DirLock>) -> Self {
        Self(Arc::new(Inner {
            reason: OnceLock::new(),
            lock: Arc::downgrade(lock),
        }))
    }

    /// Records a failure. Returns the first one.
    pub fn set(&self, reason: impl Display) -> Poisoned {
        let first = self.0.reason.get_or_init(|| {
            tracing::error!(%reason, "the store is poisoned");
            self.mark_unsynced();
            reason.to_string().into()
        });
        Poisoned {
            reason: Arc::clone(first),
        }
    }

    /// Records in the lock file that a sync may have failed.
    pub(crate) fn mark_unsynced(&self) {
        if let Some(lock) = self.0.lock.upgrade() {
            lock.mark_unsynced();
        }
    }

    /// Returns whether a sync may have failed before the lock was taken.
    pub(crate) fn was_unsynced(&self) -> bool {
        let lock = self.0.lock.upgrade();
        lock.is_some_and(|lock| lock.was_unsynced())
    }

    /// Fails with the first failure, if any.
    pub fn check(&self) -> Result<(), Poisoned> {
        match self.0.reason.get() {
            None => Ok(()),
            Some(reason) => Err(Poisoned {
                reason: Arc::clone(reason),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_reason_is_kept_and_shared() {
        let poison = Poison::new();
        let other = poison.clone();
        assert_eq!(other.check(), Ok(()));
        poison.set("no space");
        assert_eq!(other.set("later").reason.as_ref(), "no space");
        assert_eq!(
            poison.check(),
            Err(Poisoned {
                reason: "no space".into()
            })
        );
    }
}
