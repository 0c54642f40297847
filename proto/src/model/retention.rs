//! How long messages stay: the policy of a conversation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long the messages of a conversation stay. What goes, goes from the oldest on: nothing ever
/// lies above something that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Retention {
    /// For ever.
    Keep,
    /// For so many days; 1 to [`crate::limits::RETENTION_DAYS_MAX`].
    Days(u32),
    /// Until every device of every member has acked them, and for so many days at most, since a
    /// device may never return.
    UntilAcked {
        /// 1 to [`crate::limits::RETENTION_DAYS_MAX`].
        cap_days: u32,
    },
}

/// The policy of a conversation, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionInfo {
    /// What its members agreed on; `None` when they leave it to the server.
    pub set: Option<Retention>,
    /// What holds: the server has a default, and bounds.
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
