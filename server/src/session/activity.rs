//! Activity: since when a session is idle.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The time of the last activity on a session, and whether it is idle.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<Last>);

#[derive(Debug)]
struct Last {
    at: Instant,
    is_idle: bool,
}

impl Activity {
    /// A session starts with activity, since its user logged in.
    pub(crate) const fn new(now: Instant) -> Self {
        Self(Mutex::new(Last {
            at: now,
            is_idle: false,
        }))
    }

    /// Records activity. Returns whether the session was idle.
    pub(crate) fn record(&self, now: Instant) -> bool {
        let mut last = self.0.lock();
        last.at = now;
        std::mem::take(&mut last.is_idle)
    }

    /// Updates whether the session is idle.
    pub(crate) fn check(&self, now: Instant, away_after: Option<Duration>) {
        let mut last = self.0.lock();
        last.is_idle = away_after
            .is_some_and(|away_after| now.saturating_duration_since(last.at) >= away_after);
    }

    /// Returns whether the session was idle at the last [`Activity::check`], with no activity
    /// since.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.lock().is_idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::ids::{ConversationId, MsgId};
    use cairn_proto::model::presence::{DeviceKind, PresentDevice};
    use cairn_proto::wire::request::Request;
    use cairn_proto::wire::request::people::ListContacts;
    use cairn_proto::wire::request::reading::{Ack, MarkRead};
    use cairn_proto::wire::request::session::{
        Focus, ListConversations, Pull, PullRange, SetPresence,
    };

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn session_is_idle_until_next_activity() {
        let start = Instant::now();
        let activity = Activity::new(start);
        let is_idle = |after: Duration, away_after| {
            activity.check(start + after, away_after);
            activity.is_idle()
        };
        assert!(!is_idle(MINUTE - Duration::from_millis(1), Some(MINUTE)));
        assert!(is_idle(MINUTE, Some(MINUTE)));
        assert!(activity.record(start + MINUTE), "it is back");
        assert!(
            !activity.is_idle() && !activity.record(start + MINUTE),
            "it was not away"
        );
        assert!(
            !is_idle(2 * MINUTE - Duration::from_millis(1), Some(MINUTE))
                && is_idle(2 * MINUTE, Some(MINUTE))
        );
        assert!(!is_idle(2 * MINUTE, Some(2 * MINUTE)), "a longer idle time");
        assert!(is_idle(2 * MINUTE, Some(MINUTE)) && !is_idle(1_000 * MINUTE, None));
    }

    #[test]
    fn only_user_requests_count_as_activity() {
        let (conversation, msgid) = (ConversationId::new(1), MsgId::new(1));
        let present = PresentDevice {
            kind: DeviceKind::Phone,
            is_away: false,
        };
        let read: Request = MarkRead {
            conversation,
            msgid,
        }
        .into();
        let focus = Focus { conversation: None }.into();
        for request in [read, focus, SetPresence { present }.into()] {
            assert!(request.traits().is_activity, "{request:?}");
        }
        let ack: Request = Ack {
            conversation,
            msgid,
        }
        .into();
        let pull = Pull {
            conversation,
            range: PullRange::From(msgid),
            limit: 1,
        };
        let overview = ListConversations {
            since: None,
            after: None,
        };
        let contacts = ListContacts { after: None };
        for request in [ack, pull.into(), overview.into(), contacts.into()] {
            assert!(!request.traits().is_activity, "{request:?}");
        }
    }
}
