use cairn_proto::ids::UserId;
use cairn_proto::text::{SettingName, SettingValue};
use cairn_proto::wire::request::group::AddMembers;
use cairn_proto::wire::request::group::CreateGroup;
use cairn_proto::wire::request::session::ListDevices;

use super::*;

const EVE: Principal = Principal::User(UserId::new(1));
const ADA: Principal = Principal::User(UserId::new(2));

/// Allowances with these settings, and the time at which they begin.
fn allowances(set: &[(&str, &str)]) -> (Allowances, Instant) {
    (Allowances::new(rules(set)), Instant::now())
}

fn rules(set: &[(&str, &str)]) -> Rules {
    let mut settings = Settings::default();
    for (name, value) in set {
        let (name, value) = (SettingName::new(*name), SettingValue::new(*value));
        settings.set(&name.unwrap(), &value.unwrap()).unwrap();
    }
    Rules::of(&settings)
}

const OFF: [(&str, &str); 3] = [
    ("memberships-per-second", "0"),
    ("message-bytes-per-day", "0"),
    ("messages-per-second", "0"),
];

fn message() -> Request {
    use cairn_proto::content::body::Body;
    use cairn_proto::content::extras::Extras;
    use cairn_proto::content::message::Draft;
    use cairn_proto::content::packed::Content;
    use cairn_proto::ids::{ClientSeq, ConversationId};
    let body = Body::Text("hello".parse().unwrap());
    Request::from(Draft {
        conversation: ConversationId::new(1),
        seq: ClientSeq::new(1),
        content: Content::new(body, Extras::NONE),
    })
}

fn members(count: u32) -> Request {
    Request::from(AddMembers {
        conversation: cairn_proto::ids::ConversationId::new(1),
        users: (0..count).map(UserId::new).collect(),
    })
}

fn group(count: u32) -> Request {
    Request::from(CreateGroup {
        name: "team".parse().unwrap(),
        members: (0..count).map(UserId::new).collect(),
    })
}

#[test]
fn messages_beyond_the_burst_wait_their_turn() {
    let (allowances, start) = allowances(&[("messages-per-second", "10")]);
    let sessions = [allowances.of(EVE, start), allowances.of(EVE, start)];
    let send = |session: usize, now| allowances.count(&sessions[session], &message(), 10, now);
    let burst = 10 * ALLOWANCE_BURST.as_secs();
    assert!((0..=burst).all(|n| send(n as usize % 2, start) == Verdict::Now));
    let tenth = Duration::from_millis(100);
    assert_eq!(send(0, start), Verdict::After(tenth));
    assert_eq!(
        send(1, start),
        Verdict::After(2 * tenth),
        "over all sessions"
    );
    assert_eq!(send(0, start + 3 * tenth), Verdict::Now);
    let ada = allowances.of(ADA, start);
    assert_eq!(allowances.count(&ada, &message(), 10, start), Verdict::Now);
    assert_eq!(
        allowances.count(&sessions[0], &ListDevices.into(), 10, start),
        Verdict::Now
    );
    assert_eq!((allowances.delayed(), allowances.refused()), (2, 0));
}

#[test]
fn members_and_groups_are_counted() {
    let (allowances, start) = allowances(&[("memberships-per-second", "10")]);
    let eve = allowances.of(EVE, start);
    let count = |request, now| allowances.count(&eve, &request, 10, now);
    assert_eq!(count(members(500), start), Verdict::Now);
    assert_eq!(count(group(100), start), Verdict::Now);
    assert_eq!(
        count(group(490), start),
        Verdict::After(Duration::from_secs(1))
    );
    assert_eq!(count(members(1), start), Verdict::Refused);
    assert_eq!(count(group(0), start), Verdict::Refused);
    assert_eq!(count(message(), start), Verdict::Now);
    assert_eq!(count(members(1), start + ALLOWANCE_BURST), Verdict::Now);
    assert_eq!(allowances.refused(), 2);
}

#[test]
fn volume_of_a_day_is_limited() {
    let (allowances, start) = allowances(&[("message-bytes-per-day", "1MiB")]);
    let eve = allowances.of(EVE, start);
    let send = |now| allowances.count(&eve, &message(), 128 * 1024 - CHANGE_BYTES, now);
    assert!((0..9).all(|_| send(start) == Verdict::Now));
    assert_eq!(send(start), Verdict::Refused);
    let eighth = ALLOWANCE_DAY / 8;
    assert_eq!(send(start + eighth), Verdict::Now);
    assert_eq!(send(start + eighth), Verdict::Refused);
    let soon = Duration::from_secs(1);
    assert_eq!(send(start + 2 * eighth - soon), Verdict::After(soon));
}

#[test]
fn larger_volume_applies_at_once() {
    let (allowances, start) = allowances(&[("message-bytes-per-day", "1KiB")]);
    let eve = allowances.of(EVE, start);
    let send = || allowances.count(&eve, &message(), 2_000, start);
    assert_eq!((send(), send()), (Verdict::Now, Verdict::Refused));
    allowances.set_rules(rules(&OFF));
    assert_eq!(send(), Verdict::Now);
}

#[test]
fn zero_is_no_limit() {
    let (allowances, start) = allowances(&OFF);
    let eve = allowances.of(EVE, start);
    let count = |request| allowances.count(&eve, &request, 1 << 20, start);
    assert!((0..100_000).all(|_| count(message()) == Verdict::Now));
    assert!((0..1_000).all(|_| count(members(500)) == Verdict::Now));
}

#[test]
fn addition_larger_than_every_allowance_passes_in_time() {
    let settings = [
        ("memberships-per-second", "1"),
        ("message-bytes-per-day", "1"),
    ];
    let (allowances, start) = allowances(&settings);
    let eve = allowances.of(EVE, start);
    let count = |now| allowances.count(&eve, &members(u16::MAX.into()), usize::MAX >> 8, now);
    assert_eq!(
        (count(start), count(start)),
        (Verdict::Now, Verdict::Refused)
    );
    assert_eq!(count(start + ALLOWANCE_DEBT_MAX), Verdict::Now);
}

#[test]
fn accounts_are_kept_while_they_matter() {
    let (allowances, start) = allowances(&[]);
    let eve = allowances.of(EVE, start);
    let _ = allowances.count(&eve, &message(), 10, start);
    drop(eve);
    (10..10_000).for_each(|user| drop(allowances.of(UserId::new(user).into(), start)));
    let usages = allowances.usages.lock();
    assert!(usages.len() < 100 && usages.contains_key(&EVE));
}
