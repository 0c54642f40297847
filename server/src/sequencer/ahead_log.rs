//! Log lines for the operator about devices that have seen more than the data directory has. They
//! are served all the same.

use std::collections::HashMap;

use cairn_core::api::update::Ahead;
use cairn_proto::ids::{DeviceId, UserId};
use tokio::time::Instant;
use tracing::warn;

use crate::limits::{AHEAD_DEVICES_MAX, AHEAD_LOG_INTERVAL};

/// When each device was last logged.
#[derive(Debug, Default)]
pub(super) struct AheadLog(HashMap<(UserId, DeviceId), Instant>);

impl AheadLog {
    /// Logs what a device has seen, unless the device was logged within the hour.
    pub(super) fn note(&mut self, user: UserId, device: DeviceId, seen: Ahead, now: Instant) {
        if !self.is_due(user, device, now) {
            return;
        }
        match seen {
            Ahead::Revision { seen, last } => warn!(
                %user, %device, %seen, %last,
                "a device has seen changes that are missing: its server was at a later revision \
                 than the data; the end of the commit log was lost, or a copy of a running server \
                 was restored"
            ),
            Ahead::Epoch { seen, last } => warn!(
                %user, %device, %seen, %last,
                "a device has seen a start of this server that the data does not know: the data \
                 directory was restored from a backup, and what happened after the backup is lost"
            ),
            Ahead::Message {
                conversation,
                seen,
                last,
            } => warn!(
                %user, %device, %conversation, %seen, %last,
                "a device has acknowledged a message after the last one: messages are missing, as \
                 after a backup was restored"
            ),
        }
    }

    /// Returns whether the device may be logged again, and counts it if so.
    fn is_due(&mut self, user: UserId, device: DeviceId, now: Instant) -> bool {
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < AHEAD_LOG_INTERVAL;
        if self.0.get(&(user, device)).is_some_and(is_recent) {
            return false;
        }
        if self.0.len() >= AHEAD_DEVICES_MAX {
            self.0.retain(|_, at| is_recent(at));
        }
        if self.0.len() >= AHEAD_DEVICES_MAX {
            return false;
        }
        self.0.insert((user, device), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn device_is_logged_once_an_hour() {
        let mut log = AheadLog::default();
        let start = Instant::now();
        let [ada, bob] = [1, 2].map(UserId::new);
        let phone = DeviceId::new(1);
        assert!(log.is_due(ada, phone, start));
        assert!(log.is_due(bob, phone, start));
        let late = start + AHEAD_LOG_INTERVAL;
        assert!(!log.is_due(ada, phone, late - Duration::from_secs(1)));
        assert!(log.is_due(ada, phone, late));
        assert!(!log.is_due(ada, phone, late));
    }

    #[test]
    fn devices_are_forgotten_after_an_hour() {
        let mut log = AheadLog::default();
        let start = Instant::now();
        let user = UserId::new(1);
        for n in 0..AHEAD_DEVICES_MAX as u64 {
            assert!(log.is_due(user, DeviceId::new(n), start));
        }
        let device = DeviceId::new(u64::MAX);
        assert!(!log.is_due(user, device, start));
        assert!(log.is_due(user, device, start + AHEAD_LOG_INTERVAL));
        assert_eq!(log.0.len(), 1);
    }
}
