//! Poison: after the first failed write or fsync, the store refuses all further writes.
//!
//! An fsync must never be retried, because the kernel drops the dirty pages and the next call
//! reports success over lost data. The process exits and recovers from the log at its next start.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

/// Set once; shared by everything that writes.
#[derive(Clone, Debug, Default)]
pub struct Poison(Arc<OnceLock<Arc<str>>>);

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

    /// Records a failure. Returns the first one.
    pub fn set(&self, reason: impl Display) -> Poisoned {
        let first = self.0.get_or_init(|| {
            tracing::error!(%reason, "the store is poisoned");
            reason.to_string().into()
        });
        Poisoned {
            reason: Arc::clone(first),
        }
    }

    /// Fails with the first failure, if any.
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
