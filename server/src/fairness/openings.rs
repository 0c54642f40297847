//! Openings of inquiries: limited by address and in total, since visitors need no account.
//!
//! Exact within any span of a minute or an hour, so no pause lets twice as many through.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use cairn_core::state::settings::Settings;
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use crate::principal::IpNet;

/// Counts the inquiries that visitors open.
#[derive(Debug)]
pub(crate) struct Openings {
    rules: RwLock<OpeningRules>,
    recent: Mutex<Recent>,
}

/// How many inquiries may be opened. 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpeningRules {
    pub(crate) per_address_minute: usize,
    pub(crate) per_address_hour: usize,
    /// Never 0, which bounds what is remembered.
    pub(crate) per_minute: usize,
}

#[derive(Debug, Default)]
struct Recent {
    of: HashMap<IpNet, Log>,
    all: Log,
    refused: u64,
}

/// When the latest ones were allowed, in order.
#[derive(Debug, Default)]
struct Log(VecDeque<Instant>);

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl OpeningRules {
    #[must_use]
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            per_address_minute: settings.visitor_openings_per_minute.get(),
            per_address_hour: settings.visitor_openings_per_hour.get(),
            per_minute: settings.visitor_openings_total.get(),
        }
    }
}

impl Openings {
    #[must_use]
    pub(crate) fn new(rules: OpeningRules) -> Self {
        Self {
            rules: RwLock::new(rules),
            recent: Mutex::default(),
        }
    }

    pub(crate) fn set_rules(&self, rules: OpeningRules) {
        *self.rules.write() = rules;
    }

    /// Returns whether another inquiry may be opened from this address, and counts it if so.
    #[must_use]
    pub(crate) fn allow(&self, address: IpAddr, now: Instant) -> bool {
        let rules = *self.rules.read();
        let mut recent = self.recent.lock();
        let is_allowed = recent.allow(IpNet::of(address), &rules, now);
        recent.refused += u64::from(!is_allowed);
        is_allowed
    }

    /// Returns how many were refused.
    #[must_use]
    pub(crate) fn refused(&self) -> u64 {
        self.recent.lock().refused
    }
}

impl Recent {
    fn allow(&mut self, address: IpNet, rules: &OpeningRules, now: Instant) -> bool {
        self.all.forget(MINUTE, now);
        if !self.all.is_below(rules.per_minute, MINUTE, now) {
            return false;
        }
        // Before the map would grow, so that its size follows the addresses of the last hour.
        if self.of.len() == self.of.capacity() {
            self.of.retain(|_, log| {
                log.forget(HOUR, now);
                !log.0.is_empty()
            });
        }
        let log = self.of.entry(address).or_default();
        log.forget(HOUR, now);
        let is_allowed = log.is_below(rules.per_address_minute, MINUTE, now)
            && log.is_below(rules.per_address_hour, HOUR, now);
        if is_allowed {
            log.0.push_back(now);
            self.all.0.push_back(now);
        }
        is_allowed
    }
}

impl Log {
    fn forget(&mut self, window: Duration, now: Instant) {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) >= window;
        while self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
    }

    /// Returns whether fewer than `max` were allowed within the window.
    fn is_below(&self, max: usize, window: Duration, now: Instant) -> bool {
        let limiting = self.0.len().checked_sub(max).and_then(|at| self.0.get(at));
        max == 0 || limiting.is_none_or(|at| now.saturating_duration_since(*at) >= window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: OpeningRules = OpeningRules {
        per_address_minute: 5,
        per_address_hour: 30,
        per_minute: 1_000,
    };

    fn address(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    fn allowed(openings: &Openings, from: u32, tries: usize, now: Instant) -> usize {
        let allow = |_: &usize| openings.allow(address(from), now);
        (0..tries).filter(allow).count()
    }

    #[test]
    fn address_has_a_limit_per_minute() {
        let (openings, start) = (Openings::new(RULES), Instant::now());
        assert_eq!(allowed(&openings, 1, 10_000, start), 5);
        assert_eq!(
            allowed(&openings, 2, 1, start),
            1,
            "others are not affected"
        );
        let late = start + MINUTE - Duration::from_millis(1);
        assert_eq!(allowed(&openings, 1, 10, late), 0);
        assert_eq!(allowed(&openings, 1, 10, start + MINUTE), 5);
        assert_eq!(openings.refused(), 9_995 + 10 + 5);
    }

    #[test]
    fn no_hour_has_more_than_the_limit() {
        let (openings, start) = (Openings::new(RULES), Instant::now());
        let mut times = Vec::new();
        for second in 0..4 * 60 * 60 {
            let now = start + Duration::from_secs(second);
            times.extend((0..allowed(&openings, 1, 3, now)).map(|_| second));
        }
        for &from in &times {
            let within = |span| from..from + span;
            let count = |span| times.iter().filter(|at| within(span).contains(at)).count();
            assert!(count(60) <= 5 && count(60 * 60) <= 30, "from second {from}");
        }
        assert_eq!(times.len(), 4 * 30, "and none has fewer");
    }

    #[test]
    fn ipv6_networks_have_one_limit() {
        let (openings, now) = (Openings::new(RULES), Instant::now());
        let in_network = |n: usize| format!("2001:db8::{n:x}").parse().unwrap();
        let allow = |n: &usize| openings.allow(in_network(*n), now);
        assert_eq!((1..1_000).filter(allow).count(), 5);
    }

    #[test]
    fn all_addresses_share_a_limit() {
        let (openings, start) = (Openings::new(RULES), Instant::now());
        let opened = |now| {
            (0..2_000)
                .map(|n| allowed(&openings, n, 1, now))
                .sum::<usize>()
        };
        assert_eq!(opened(start), 1_000);
        assert_eq!(opened(start + MINUTE), 1_000);
    }

    #[test]
    fn limits_follow_the_settings() {
        let (openings, now) = (Openings::new(RULES), Instant::now());
        assert_eq!(allowed(&openings, 1, 10, now), 5);
        let rules = OpeningRules {
            per_address_minute: 0,
            per_address_hour: 0,
            per_minute: 50,
        };
        openings.set_rules(rules);
        assert_eq!(allowed(&openings, 1, 1_000, now), 45);
    }

    #[test]
    fn addresses_are_forgotten_after_an_hour() {
        let (openings, start) = (Openings::new(RULES), Instant::now());
        for minute in 0..10 {
            let now = start + minute * MINUTE;
            (0..1_000).for_each(|n| assert!(openings.allow(address(n), now)));
        }
        assert_eq!(openings.recent.lock().of.len(), 1_000);
        let late = start + 10 * MINUTE + HOUR;
        for n in 10_000..20_000 {
            // Refused in total, for the most part.
            let _ = openings.allow(address(n), late + MINUTE * (n - 10_000) / 100);
        }
        let known = openings.recent.lock().of.len();
        assert!(known <= 4 * 60 * 100, "{known}");
        assert!(
            !openings
                .recent
                .lock()
                .of
                .contains_key(&IpNet::of(address(1)))
        );
    }
}
