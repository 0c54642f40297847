//! Failed logins, counted by name and by address, so that guessing takes years. A device that has
//! its token is not affected.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use cairn_proto::text::UserName;
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::limits::{LOGIN_FAILURES_MAX, LOGIN_FAILURES_TIME, LOGIN_FAILURES_TRACKED_MAX};

/// Counts failed logins.
#[derive(Debug, Default)]
pub struct LoginRateLimiter {
    failures: Mutex<HashMap<Source, Failures>>,
}

/// Whose failures are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    Name(UserName),
    /// An IPv4 address, or the /64 that one customer of a provider has.
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    since: Instant,
}

impl LoginRateLimiter {
    /// Whether another attempt from `address`, as `name`, may be heard.
    #[must_use]
    pub fn allows(&self, address: IpAddr, name: Option<&UserName>, now: Instant) -> bool {
        let failures = self.failures.lock();
        let below = |source: &Source| {
            failures
                .get(source)
                .is_none_or(|f| f.is_over(now) || f.count < LOGIN_FAILURES_MAX)
        };
        sources(address, name).all(|source| below(&source))
    }

    /// Notes a failed attempt.
    pub fn failed(&self, address: IpAddr, name: Option<&UserName>, now: Instant) {
        let mut failures = self.failures.lock();
        if failures.len() >= LOGIN_FAILURES_TRACKED_MAX {
            failures.retain(|_, failures| !failures.is_over(now));
        }
        if failures.len() >= LOGIN_FAILURES_TRACKED_MAX {
            return;
        }
        for source in sources(address, name) {
            let entry = failures.entry(source).or_insert(Failures {
                count: 0,
                since: now,
            });
            if entry.is_over(now) {
                *entry = Failures {
                    count: 0,
                    since: now,
                };
            }
            entry.count += 1;
        }
    }
}

impl Failures {
    fn is_over(self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= LOGIN_FAILURES_TIME
    }
}

fn sources(address: IpAddr, name: Option<&UserName>) -> impl Iterator<Item = Source> {
    let address = match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    };
    std::iter::once(Source::Address(address)).chain(name.cloned().map(Source::Name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_are_refused_for_a_while() {
        let login_rate_limiter = LoginRateLimiter::default();
        let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let bob = UserName::new("bob").unwrap();
        let start = Instant::now();
        for _ in 0..LOGIN_FAILURES_MAX {
            assert!(login_rate_limiter.allows(here, Some(&bob), start));
            login_rate_limiter.failed(here, Some(&bob), start);
        }
        assert!(!login_rate_limiter.allows(here, None, start));
        assert!(
            !login_rate_limiter.allows(there, Some(&bob), start),
            "the name is guarded wherever the guesser is"
        );
        assert!(login_rate_limiter.allows(there, None, start));
        assert!(login_rate_limiter.allows(here, Some(&bob), start + LOGIN_FAILURES_TIME));
    }

    #[test]
    fn one_customers_addresses_count_together() {
        let login_rate_limiter = LoginRateLimiter::default();
        let start = Instant::now();
        for host in 0..LOGIN_FAILURES_MAX {
            login_rate_limiter.failed(format!("2001:db8::{host:x}").parse().unwrap(), None, start);
        }
        assert!(!login_rate_limiter.allows("2001:db8::ffff".parse().unwrap(), None, start));
        assert!(login_rate_limiter.allows("2001:db8:0:1::1".parse().unwrap(), None, start));
    }
}
