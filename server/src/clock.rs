//! The server's wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use cairn_proto::ids::Timestamp;

/// Returns wall-clock time. Entries are ordered by msgid, never by this.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::new(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
