//! Retention: how long the messages of a conversation are kept.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A conversation's retention policy. Messages expire from the oldest on, so that the log never has
/// holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Retention {
    /// Forever.
    Keep,
    /// For this many days: 1 to [`crate::limits::RETENTION_DAYS_MAX`].
    Days(u32),
    /// Until every device of every member has acknowledged them, but no longer than a cap, since a
    /// device may never return.
    UntilAcked {
        /// In days: 1 to [`crate::limits::RETENTION_DAYS_MAX`].
        cap_days: u32,
    },
}

/// A conversation's retention policy, as set and as applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionInfo {
    /// The members' choice; `None` for the server's default.
    pub set: Option<Retention>,
    /// The policy in effect, after the server's default and bounds.
    pub effective: Retention,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Days(1) => f.write_str("1 day"),
            Self::Days(days) => write!(f, "{days} days"),
            Self::UntilAcked { cap_days: 1 } => f.write_str("until acked, 1 day at most"),
            Self::UntilAcked { cap_days } => write!(f, "until acked, {cap_days} days at most"),
        }
    }
}
