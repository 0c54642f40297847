//! Each check of the desk must be seen to fail.

use std::collections::BTreeMap;

use cairn_client::proto::ids::{Timestamp, VisitorId};
use cairn_client::proto::model::desk::{ClosedBy, InquiryInfo, RouteEntry, VisitorInfo};
use cairn_client::{ConversationId, MsgId, UserId};

use super::*;
use crate::history::{Entry, Given, Seen};

const QUEUE: ConversationId = ConversationId::new(20);
const OTHER_QUEUE: ConversationId = ConversationId::new(21);
const INQUIRY: ConversationId = ConversationId::new(22);
const ADA: UserId = UserId::new(1);
const BOB: UserId = UserId::new(2);

/// What happens to one inquiry.
struct Desk {
    routed: Vec<(ConversationId, RouteStep)>,
    written: Vec<(UserId, Content)>,
    state: InquiryState,
    given: Vec<UserId>,
    seen: Vec<Seen>,
}

const fn held(agent: UserId) -> InquiryState {
    let since = Timestamp::new(1);
    InquiryState::Held { agent, since }
}

const fn closed() -> InquiryState {
    let (at, by) = (Timestamp::new(2), ClosedBy::Visitor);
    InquiryState::Closed { at, by }
}

fn desk_entry(entry: DeskEntry) -> Content {
    Content::System(SystemEntry::Desk(entry))
}

fn joined(agent: UserId) -> Content {
    let name = "agent".parse().unwrap();
    desk_entry(DeskEntry::Joined { agent, name })
}

fn text(visitor: usize) -> Content {
    Content::Text(format!("m0 {}", Canary::of_visitor(visitor).text()))
}

const fn offered(agent: UserId) -> RouteStep {
    let until = Timestamp::new(9);
    RouteStep::Offered { agent, until }
}

const fn accepted(agent: UserId) -> RouteStep {
    let waited_ms = 0;
    RouteStep::Accepted { agent, waited_ms }
}

/// A visitor asks, Ada accepts and answers.
fn sound() -> Desk {
    let opened = RouteStep::Opened {
        priority: 5,
        rule: None,
    };
    let queue = "queue".parse().unwrap();
    Desk {
        routed: vec![
            (QUEUE, opened),
            (QUEUE, offered(ADA)),
            (QUEUE, accepted(ADA)),
        ],
        written: vec![
            (UserId::VISITOR, desk_entry(DeskEntry::Opened { queue })),
            (UserId::VISITOR, text(0)),
            (ADA, joined(ADA)),
            (ADA, text(0)),
        ],
        state: held(ADA),
        given: vec![ADA],
        seen: Vec::new(),
    }
}

fn log(entries: impl IntoIterator<Item = (UserId, Content)>) -> Log {
    let entries: BTreeMap<MsgId, Entry> = (1..)
        .zip(entries)
        .map(|(msgid, (sender, content))| (MsgId::new(msgid), Entry { sender, content }))
        .collect();
    Log {
        floor: MsgId::ZERO,
        head: entries.keys().next_back().copied().unwrap_or(MsgId::ZERO),
        entries,
    }
}

fn check(desk: Desk) -> Result<(), String> {
    let mut logs = Logs::new();
    for queue in [QUEUE, OTHER_QUEUE] {
        let of_queue = desk.routed.iter().filter(|(of, _)| *of == queue);
        let entries = of_queue.map(|(_, step)| {
            let step = step.clone();
            let inquiry = INQUIRY;
            let route = RouteEntry { inquiry, step };
            (UserId::SERVER, Content::System(SystemEntry::Route(route)))
        });
        logs.insert(queue, log(entries));
    }
    logs.insert(INQUIRY, log(desk.written));
    let info = InquiryInfo {
        conversation: INQUIRY,
        queue: QUEUE,
        state: desk.state,
        priority: 5,
        visitor: VisitorInfo {
            id: VisitorId::new(1),
            name: None,
            sub: None,
            attrs: Vec::new(),
            language: None,
            page: None,
            topic: None,
        },
        opened_at: Timestamp::new(1),
        waiting_since: Timestamp::new(1),
        first_reply_at: None,
        tags: Vec::new(),
        rating: None,
        refused: Vec::new(),
        last_agent: None,
        back: None,
        head: MsgId::new(4),
    };
    let mut history = History::default();
    history.desk.queues = vec![QUEUE, OTHER_QUEUE];
    history.desk.infos = vec![(info, Some(0))];
    let inquiry = INQUIRY;
    let given = desk.given.into_iter();
    history.desk.given = given.map(|agent| Given { agent, inquiry }).collect();
    history.seen = desk.seen;
    super::check(&history, &logs)
}

/// Returns the property that is violated.
fn violated(change: impl FnOnce(&mut Desk)) -> String {
    let mut desk = sound();
    change(&mut desk);
    let error = check(desk).expect_err("a violation is not noticed");
    error.split(':').next().unwrap().to_owned()
}

#[test]
fn sound_desk_passes() {
    check(sound()).unwrap();
    let mut transferred = sound();
    let (from, to) = (Some(ADA), BOB);
    let step = RouteStep::TransferredToAgent { from, to };
    transferred.routed.push((QUEUE, step));
    let left = desk_entry(DeskEntry::Transferred { queue: None });
    transferred
        .written
        .extend([(ADA, left), (BOB, joined(BOB))]);
    transferred.state = held(BOB);
    check(transferred).unwrap();
}

#[test]
fn second_holder_is_noticed() {
    let accept_twice = |desk: &mut Desk| desk.routed.push((QUEUE, accepted(BOB)));
    assert_eq!(violated(accept_twice), "D1");
    let join_twice = |desk: &mut Desk| desk.written.push((BOB, joined(BOB)));
    assert_eq!(violated(join_twice), "D1");
    let offer_held = |desk: &mut Desk| desk.routed.push((QUEUE, offered(BOB)));
    assert_eq!(violated(offer_held), "D1");
}

#[test]
fn different_holders_are_noticed() {
    let other = |desk: &mut Desk| {
        desk.written[2] = (BOB, joined(BOB));
        desk.written.pop();
    };
    assert_eq!(violated(other), "D1");
    assert_eq!(violated(|desk| desk.given.push(BOB)), "D1");
}

#[test]
fn answer_of_another_is_noticed() {
    let answer = |desk: &mut Desk| desk.written.push((BOB, text(0)));
    assert_eq!(violated(answer), "D1");
    let mixed = |desk: &mut Desk| desk.written.push((UserId::VISITOR, text(1)));
    assert_eq!(violated(mixed), "D1");
}

#[test]
fn lost_inquiry_is_noticed() {
    assert_eq!(violated(|desk| desk.state = closed()), "D2");
    assert_eq!(violated(|desk| desk.state = InquiryState::Waiting), "D2");
    let nowhere = |desk: &mut Desk| {
        let (from, to) = (Some(ADA), OTHER_QUEUE);
        let step = RouteStep::TransferredToQueue { from, to };
        desk.routed.push((QUEUE, step));
    };
    assert_eq!(violated(nowhere), "D1");
}

#[test]
fn inquiry_of_another_visitor_is_noticed() {
    let seen = |host| Seen {
        host,
        user: UserId::VISITOR,
        place: INQUIRY,
        msgid: MsgId::new(2),
        entry: Entry {
            sender: UserId::VISITOR,
            content: text(0),
        },
        at: History::default().moment(),
    };
    use crate::world::DEVICES;
    let mut own = sound();
    own.seen.push(seen(DEVICES));
    check(own).unwrap();
    assert_eq!(violated(|desk| desk.seen.push(seen(DEVICES + 1))), "I11");
}
