//! Rate limits by key: failed logins by name and address, repeatable requests by principal.
//!
//! They are checked before the sequencer sees anything, so that what it decides and logs depends on
//! no clock.

use std::collections::VecDeque;
use std::hash::Hash;
use std::net::IpAddr;

use cairn_proto::text::UserName;
use cairn_proto::wire::request::Request;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

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
    failures: Mutex<AllFailures>,
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

/// Names and addresses are separate: a client with many addresses must not evict the names that it
/// guesses at, each of which costs a password hash.
#[derive(Debug, Default)]
struct AllFailures {
    of_addresses: Failures<IpNet>,
    /// By the keys of names.
    of_names: Failures<String>,
}

/// Failures of each source within a window of [`LOGIN_FAILURES_TIME`], which begins with the first.
#[derive(Debug)]
struct Failures<S> {
    counts: HashMap<S, u32>,
    /// The sources in the order of their windows.
    windows: VecDeque<(Instant, S)>,
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
        let mut failures = self.failures.lock();
        let AllFailures {
            of_addresses,
            of_names,
        } = &mut *failures;
        of_addresses.allow(&IpNet::of(address), now)
            && name.is_none_or(|name| of_names.allow(&name.folded(), now))
    }

    /// Counts a failed attempt.
    pub(crate) fn failed(&self, address: IpAddr, name: Option<&UserName>, now: Instant) {
        let mut failures = self.failures.lock();
        failures.of_addresses.count(&IpNet::of(address), now);
        if let Some(name) = name {
            failures.of_names.count(&name.folded(), now);
        }
    }
}

impl<S: Clone + Eq + Hash> Failures<S> {
    fn allow(&mut self, source: &S, now: Instant) -> bool {
        self.evict_expired(now);
        let count = self.counts.get(source);
        count.is_none_or(|&count| count < LOGIN_FAILURES_MAX)
    }

    /// Counts a failure. When too many sources are tracked, the oldest one is evicted.
    fn count(&mut self, source: &S, now: Instant) {
        self.evict_expired(now);
        if let Some(count) = self.counts.get_mut(source) {
            *count = count.saturating_add(1);
            return;
        }
        if self.counts.len() >= LOGIN_FAILURES_TRACKED_MAX {
            self.evict_oldest();
        }
        self.counts.insert(source.clone(), 1);
        self.windows.push_back((now, source.clone()));
    }

    fn evict_expired(&mut self, now: Instant) {
        let is_expired =
            |since: Instant| now.saturating_duration_since(since) >= LOGIN_FAILURES_TIME;
        while self
            .windows
            .front()
            .is_some_and(|&(since, _)| is_expired(since))
        {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        if let Some((_, source)) = self.windows.pop_front() {
            self.counts.remove(&source);
        }
    }
}

impl<S> Default for Failures<S> {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
            windows: VecDeque::new(),
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

#[cfg(test)]
mod tests;
