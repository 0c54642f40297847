//! How fast one user may do what can be done and undone for ever: each time is an entry in a log
//! that everybody follows. It is told before the sequencer is troubled, so that what is decided and
//! logged depends on no clock.

use std::time::Instant;

use cairn_proto::ids::UserId;
use cairn_proto::wire::request::Request;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::limits::{REQUEST_BURST_MAX, REQUEST_INTERVAL};

/// Who did so much that he must wait: at most one row for each user.
#[derive(Debug, Default)]
pub struct RateLimiter {
    /// When a user would be through, had he done one thing in each [`REQUEST_INTERVAL`].
    through: Mutex<HashMap<UserId, Instant>>,
}

impl RateLimiter {
    /// Whether the user may ask this now. If so, it is counted.
    #[must_use]
    pub fn allows(&self, user: UserId, request: &Request, now: Instant) -> bool {
        if !is_rate_limited(request) {
            return true;
        }
        let mut through = self.through.lock();
        if through.len() == through.capacity() {
            through.retain(|_, at| *at > now);
        }
        let at = through.entry(user).or_insert(now);
        let next = (*at).max(now) + REQUEST_INTERVAL;
        let is_allowed = next <= now + REQUEST_INTERVAL * REQUEST_BURST_MAX;
        if is_allowed {
            *at = next;
        }
        is_allowed
    }
}

/// Whether any member, or anybody at all, can ask this without end and make an entry each time. A
/// recall is over after one.
const fn is_rate_limited(request: &Request) -> bool {
    matches!(
        request,
        Request::Edit { .. }
            | Request::React { .. }
            | Request::Unreact { .. }
            | Request::Pin { .. }
            | Request::Unpin { .. }
            | Request::JoinGroup { .. }
    )
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::{ConversationId, MsgId};

    use super::*;

    const PIN: Request = Request::Pin {
        conversation: ConversationId::new(1),
        msgid: MsgId::new(1),
    };

    #[test]
    fn so_much_at_once_and_then_one_by_one() {
        let (rate_limiter, start) = (RateLimiter::default(), Instant::now());
        let (eve, ada) = (UserId::new(1), UserId::new(2));
        assert!((0..REQUEST_BURST_MAX).all(|_| rate_limiter.allows(eve, &PIN, start)));
        assert!(!rate_limiter.allows(eve, &PIN, start));
        assert!(
            rate_limiter.allows(eve, &Request::Devices, start),
            "that leaves nothing behind"
        );
        assert!(
            rate_limiter.allows(ada, &PIN, start),
            "nobody waits for others"
        );
        let later = start + REQUEST_INTERVAL;
        assert!(rate_limiter.allows(eve, &PIN, later));
        assert!(
            !rate_limiter.allows(eve, &PIN, later),
            "what was refused is not counted, and what was allowed is"
        );
        let rested = later + REQUEST_INTERVAL * REQUEST_BURST_MAX;
        assert!((0..REQUEST_BURST_MAX).all(|_| rate_limiter.allows(eve, &PIN, rested)));
        assert!(!rate_limiter.allows(eve, &PIN, rested));
    }

    #[test]
    fn who_is_through_is_forgotten() {
        let (rate_limiter, start) = (RateLimiter::default(), Instant::now());
        for user in 1..10_000_u32 {
            assert!(rate_limiter.allows(UserId::new(user), &PIN, start + REQUEST_INTERVAL * user));
        }
        assert!(rate_limiter.through.lock().len() < 100);
    }
}
