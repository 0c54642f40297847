//! Rate limits by key: failed logins by name and address, repeatable requests by principal.
//!
//! They are checked before the sequencer sees anything, so that what it decides and logs depends on
//! no clock.

use std::hash::Hash;
use std::net::IpAddr;
use std::time::Instant;

use cairn_proto::text::UserName;
use cairn_proto::wire::request::Request;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::limits::{
    LOGIN_FAILURES_MAX, LOGIN_FAILURES_TIME, LOGIN_FAILURES_TRACKED_MAX, REQUEST_BURST_MAX,
    REQUEST_INTERVAL,
};
use crate::principal::{IpNet, Principal};

/// Limits how fast one principal repeats requests that append an entry each time.
///
/// GCRA: at most [`REQUEST_BURST_MAX`] at once, then one in each [`REQUEST_INTERVAL`].
#[derive(Debug, Default)]
pub(crate) struct RequestRateLimiter {
    principals: Mutex<Limiters<Principal, ArrivalTime>>,
}

/// Limits failed logins, so that guessing a password takes years. Device tokens are exempt.
#[derive(Debug, Default)]
pub(crate) struct LoginRateLimiter {
    failures: Mutex<Limiters<Source, Failures>>,
}

/// One limiter for each key that was active recently.
#[derive(Debug)]
struct Limiters<K, L>(HashMap<K, L>);

/// State that can be evicted once it no longer limits anything.
trait Limiter {
    fn starting(now: Instant) -> Self;
    fn is_expired(&self, now: Instant) -> bool;
}

/// The theoretical arrival time: when the principal would be done at one request per interval.
#[derive(Clone, Copy, Debug)]
struct ArrivalTime(Instant);

/// Failures within one window of [`LOGIN_FAILURES_TIME`].
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: Instant,
}

/// Whose failures are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    Name(UserName),
    Address(IpNet),
}

impl RequestRateLimiter {
    /// Returns whether the principal may send this request now, and counts it if so.
    #[must_use]
    pub(crate) fn allows(&self, principal: Principal, request: &Request, now: Instant) -> bool {
        if !request.traits().is_rate_limited {
            return true;
        }
        let mut principals = self.principals.lock();
        let ArrivalTime(at) = principals.get_or_start(principal, now);
        let next = (*at).max(now) + REQUEST_INTERVAL;
        let is_allowed = next <= now + REQUEST_INTERVAL * REQUEST_BURST_MAX;
        if is_allowed {
            *at = next;
        }
        is_allowed
    }
}

impl LoginRateLimiter {
    /// Returns whether another attempt from `address`, as `name`, may be checked.
    #[must_use]
    pub(crate) fn allows(&self, address: IpAddr, name: Option<&UserName>, now: Instant) -> bool {
        let failures = self.failures.lock();
        sources(address, name).all(|source| {
            let tracked = failures.0.get(&source);
            tracked.is_none_or(|f| f.is_expired(now) || f.count < LOGIN_FAILURES_MAX)
        })
    }

    /// Counts a failed attempt. When too many sources are tracked already, it is not counted.
    pub(crate) fn failed(&self, address: IpAddr, name: Option<&UserName>, now: Instant) {
        let mut failures = self.failures.lock();
        if failures.0.len() >= LOGIN_FAILURES_TRACKED_MAX {
            failures.evict_expired(now);
        }
        if failures.0.len() >= LOGIN_FAILURES_TRACKED_MAX {
            return;
        }
        for source in sources(address, name) {
            let tracked = failures.get_or_start(source, now);
            if tracked.is_expired(now) {
                *tracked = Failures::starting(now);
            }
            tracked.count += 1;
        }
    }
}

impl<K: Eq + Hash, L: Limiter> Limiters<K, L> {
    fn get_or_start(&mut self, key: K, now: Instant) -> &mut L {
        // Before the map would grow, so that its size follows the keys that are limited now.
        if self.0.len() == self.0.capacity() {
            self.evict_expired(now);
        }
        self.0.entry(key).or_insert_with(|| L::starting(now))
    }

    fn evict_expired(&mut self, now: Instant) {
        self.0.retain(|_, limiter| !limiter.is_expired(now));
    }
}

impl<K, L> Default for Limiters<K, L> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl Limiter for ArrivalTime {
    fn starting(now: Instant) -> Self {
        Self(now)
    }

    fn is_expired(&self, now: Instant) -> bool {
        self.0 <= now
    }
}

impl Limiter for Failures {
    fn starting(now: Instant) -> Self {
        Self {
            count: 0,
            since: now,
        }
    }

    fn is_expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= LOGIN_FAILURES_TIME
    }
}

fn sources(address: IpAddr, name: Option<&UserName>) -> impl Iterator<Item = Source> {
    let address = Source::Address(IpNet::of(address));
    std::iter::once(address).chain(name.cloned().map(Source::Name))
}

#[cfg(test)]
mod tests;
