use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::wire::request::MessageRequest;
use cairn_proto::wire::request::message::Pin;
use cairn_proto::wire::request::session::ListDevices;

use super::*;

const PIN: Request = Request::Message(MessageRequest::Pin(Pin {
    conversation: ConversationId::new(1),
    msgid: MsgId::new(1),
}));

#[test]
fn burst_is_allowed_then_one_per_interval() {
    let (limiter, start) = (RequestRateLimiter::default(), Instant::now());
    let [eve, ada] = [1, 2].map(|user| Principal::from(UserId::new(user)));
    assert!((0..REQUEST_BURST_MAX).all(|_| limiter.allows(eve, &PIN, start)));
    assert!(!limiter.allows(eve, &PIN, start));
    assert!(
        limiter.allows(eve, &ListDevices.into(), start),
        "requests that append nothing are not limited"
    );
    assert!(
        limiter.allows(ada, &PIN, start),
        "each principal has a limit of its own"
    );
    let later = start + REQUEST_INTERVAL;
    assert!(limiter.allows(eve, &PIN, later));
    assert!(
        !limiter.allows(eve, &PIN, later),
        "allowed requests count, refused ones do not"
    );
    let rested = later + REQUEST_INTERVAL * REQUEST_BURST_MAX;
    assert!((0..REQUEST_BURST_MAX).all(|_| limiter.allows(eve, &PIN, rested)));
    assert!(!limiter.allows(eve, &PIN, rested));
}

#[test]
fn expired_limiters_are_evicted() {
    let (limiter, start) = (RequestRateLimiter::default(), Instant::now());
    for user in 1..10_000_u32 {
        assert!(limiter.allows(
            UserId::new(user).into(),
            &PIN,
            start + REQUEST_INTERVAL * user
        ));
    }
    assert!(limiter.principals.lock().0.len() < 100);
}

#[test]
fn failed_logins_are_limited_by_name_and_address() {
    let limiter = LoginRateLimiter::default();
    let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
    let bob = UserName::new("bob").unwrap();
    let start = Instant::now();
    for _ in 0..LOGIN_FAILURES_MAX {
        assert!(limiter.allows(here, Some(&bob), start));
        limiter.failed(here, Some(&bob), start);
    }
    assert!(!limiter.allows(here, None, start));
    assert!(
        !limiter.allows(there, Some(&bob), start),
        "the name is limited from every address"
    );
    assert!(limiter.allows(there, None, start));
    assert!(limiter.allows(here, Some(&bob), start + LOGIN_FAILURES_TIME));
}

#[test]
fn addresses_of_one_ipv6_customer_count_together() {
    let limiter = LoginRateLimiter::default();
    let start = Instant::now();
    for host in 0..LOGIN_FAILURES_MAX {
        limiter.failed(format!("2001:db8::{host:x}").parse().unwrap(), None, start);
    }
    assert!(!limiter.allows("2001:db8::ffff".parse().unwrap(), None, start));
    assert!(limiter.allows("2001:db8:0:1::1".parse().unwrap(), None, start));
}

#[test]
fn flood_of_sources_evicts_the_oldest() {
    let limiter = LoginRateLimiter::default();
    let start = Instant::now();
    let address = |n: usize| IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
    let guess = |n, name: Option<&UserName>| {
        (0..LOGIN_FAILURES_MAX).for_each(|_| limiter.failed(address(n), name, start));
    };
    let bob = UserName::new("bob").unwrap();
    guess(0, Some(&bob));
    (1..=LOGIN_FAILURES_TRACKED_MAX).for_each(|n| guess(n, None));
    assert!(!limiter.allows(address(LOGIN_FAILURES_TRACKED_MAX), None, start));
    assert!(!limiter.allows(address(1), None, start));
    assert!(limiter.allows(address(0), None, start), "the oldest");
    assert!(
        !limiter.allows(address(0), Some(&bob), start),
        "addresses do not evict names"
    );
    let failures = limiter.failures.lock();
    assert_eq!(
        failures.of_addresses.windows.len(),
        LOGIN_FAILURES_TRACKED_MAX
    );
}
