//! Logs of queues and inquiries that are possible, and such that are not.

use cairn_client::proto::content::body::SystemEntry;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::model::desk::{ClosedBy, DeskEntry, ReturnCause, RouteEntry, RouteStep};
use cairn_client::{Body, ConversationId, Message, MsgId, Text, Timestamp, UserId};

use crate::live::desk::ledger::{Ledger, is_sound};

const ADA: UserId = UserId::new(2);
const BOB: UserId = UserId::new(3);
const INQUIRY: ConversationId = ConversationId::new(7);

fn ledger(steps: &[RouteStep]) -> Ledger {
    let mut ledger = Ledger::default();
    for (at, step) in (1..).zip(steps) {
        let (inquiry, step) = (INQUIRY, step.clone());
        ledger.add(Timestamp::new(at * 1_000), &RouteEntry { inquiry, step });
    }
    ledger
}

fn opened() -> RouteStep {
    RouteStep::Opened {
        priority: 4,
        rule: None,
    }
}

fn offered(agent: UserId) -> RouteStep {
    RouteStep::Offered {
        agent,
        until: Timestamp::new(0),
    }
}

fn accepted(agent: UserId) -> RouteStep {
    RouteStep::Accepted {
        agent,
        waited_ms: 0,
    }
}

fn returned(agent: UserId) -> RouteStep {
    let why = ReturnCause::Absent;
    RouteStep::Returned { agent, why }
}

fn closed(agent: UserId) -> RouteStep {
    RouteStep::Closed {
        by: ClosedBy::Agent(agent),
        agent: Some(agent),
        tags: Vec::new(),
        open_ms: 0,
    }
}

#[test]
fn one_holder_after_the_other_is_sound() {
    let ledger = ledger(&[
        opened(),
        offered(ADA),
        RouteStep::Missed { agent: ADA },
        offered(ADA),
        accepted(ADA),
        returned(ADA),
        offered(BOB),
        accepted(BOB),
        closed(BOB),
    ]);
    assert_eq!(ledger.faults, [""; 0]);
    assert_eq!((ledger.len(), ledger.open()), (1, 0));
    assert!(ledger.knows(INQUIRY));
    // Ada had it from the fifth second to the sixth, and Bob from the eighth on.
    let handed = |at| ledger.handed_over(ADA, Timestamp::new(at));
    assert_eq!(handed(5_500), [Some(2_500)]);
    assert_eq!(handed(6_000), [None; 0]);
    assert_eq!(ledger.given(Timestamp::new(7_000)).get(&BOB), None);
    assert_eq!(ledger.given(Timestamp::new(9_000)).get(&BOB), Some(&1));
}

#[test]
fn inquiry_without_a_next_holder_is_left_behind() {
    let ledger = ledger(&[opened(), offered(ADA), accepted(ADA), returned(ADA)]);
    assert_eq!(ledger.handed_over(ADA, Timestamp::new(3_500)), [None]);
    assert_eq!(ledger.open(), 1);
}

#[test]
fn impossible_steps_are_found() {
    let held = [opened(), offered(ADA), accepted(ADA)];
    let offer = [opened(), offered(ADA)];
    let cases: [(&[RouteStep], RouteStep); 8] = [
        (&held, accepted(BOB)),
        (&held, offered(BOB)),
        (&held, closed(BOB)),
        (&held, returned(BOB)),
        (&held, opened()),
        (&offer, accepted(BOB)),
        (&offer, offered(BOB)),
        (&[], accepted(ADA)),
    ];
    for (before, step) in cases {
        assert_eq!(ledger(before).faults, [""; 0]);
        let all = [before, std::slice::from_ref(&step)].concat();
        assert_eq!(ledger(&all).faults.len(), 1, "{step:?}");
    }
}

fn log(entries: &[(UserId, Body)]) -> Vec<Message> {
    let message = |(msgid, (sender, body)): (u64, &(UserId, Body))| Message {
        conversation: INQUIRY,
        msgid: MsgId::new(msgid),
        sender: *sender,
        sent_at: Timestamp::new(0),
        body: body.clone(),
        extras: Extras::default(),
    };
    (1..).zip(entries).map(message).collect()
}

fn says(user: UserId, text: &str) -> (UserId, Body) {
    (user, Body::Text(Text::new(text).unwrap()))
}

fn joined(agent: UserId) -> (UserId, Body) {
    let name = "Ada".parse().unwrap();
    let entry = DeskEntry::Joined { agent, name };
    (agent, Body::System(SystemEntry::Desk(entry)))
}

#[test]
fn log_of_an_inquiry_has_each_text_once_and_one_agent_at_a_time() {
    let own = ["one".to_owned(), "two".to_owned()];
    let (one, two) = (says(UserId::VISITOR, "one"), says(UserId::VISITOR, "two"));
    let gone = DeskEntry::Transferred { queue: None };
    let gone = (ADA, Body::System(SystemEntry::Desk(gone)));
    let is_sound = |entries: &[(UserId, Body)]| is_sound(&log(entries), &own);
    assert!(is_sound(&[
        one.clone(),
        joined(ADA),
        says(ADA, "hello"),
        two.clone(),
        gone,
        joined(BOB),
        says(BOB, "hello"),
    ]));
    assert!(!is_sound(std::slice::from_ref(&one)), "one is missing");
    assert!(!is_sound(&[one.clone(), two.clone(), two.clone()]), "twice");
    let both = [one, two];
    let with = |more: &[(UserId, Body)]| is_sound(&[&both[..], more].concat());
    assert!(with(&[joined(ADA), says(ADA, "hello")]));
    assert!(!with(&[says(ADA, "hello")]), "of no holder");
    assert!(!with(&[joined(ADA), says(BOB, "hello")]), "of another one");
    assert!(!with(&[joined(ADA), joined(BOB)]), "two at once");
}
