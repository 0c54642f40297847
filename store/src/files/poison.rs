//! The end of all writing. A failed write or fsync cannot be retried: the kernel drops the dirty
//! pages and the next fsync succeeds over the loss. So the first failure is remembered, everything
//! later is refused with it, and the process ends and recovers.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

/// Set once, by the first failure; shared by everything that writes.
#[derive(Clone, Debug, Default)]
pub struct Poison(Arc<OnceLock<Arc<str>>>);

/// The store takes no more writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store takes no more writes since this failed: {reason}")]
pub struct Poisoned {
    /// What failed first.
    pub reason: Arc<str>,
}

impl Poison {
    /// No failure so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a failure. Only the first one counts; it is returned.
    pub fn set(&self, reason: impl Display) -> Poisoned {
        let first = self.0.get_or_init(|| {
            tracing::error!(%reason, "the store is poisoned");
            reason.to_string().into()
        });
        Poisoned {
            reason: Arc::clone(first),
        }
    }

    /// Refuses when something has failed.
    ///
    /// # Errors
    /// With the first failure.
    pub fn check(&self) -> Result<(), Poisoned> {
        match self.0.get() {
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
    fn the_first_reason_stays_and_is_shared() {
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
