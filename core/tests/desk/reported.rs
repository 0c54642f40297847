//! Bugs that users of other desks reported, each of which cannot happen here.

use cairn_proto::ids::UserId;
use cairn_proto::model::desk::{AnswerMode, Duty, InquiryState, Strategy, VisitorState};
use cairn_proto::text::DeskText;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    AcceptInquiry, CloseInquiry, MyInquiry, RateInquiry, RefuseInquiry, SetDuty, TransferInquiry,
    TransferTarget,
};
use cairn_proto::wire::request::people::FindUsers;

use super::world::{OWNER, World, config, served};

const AGENT: UserId = UserId::new(2);
const OTHER: UserId = UserId::new(3);

fn desk(answer: AnswerMode, capacity: u16) -> World {
    let mut world = World::new(2);
    let mut queue = config("sales");
    queue.answer = answer;
    let queue = world.queue(queue);
    world.key(queue);
    for user in [AGENT, OTHER] {
        world.agent(user, capacity, &[served(queue)]);
    }
    world
}

fn holder(world: &mut World, conversation: cairn_proto::ids::ConversationId) -> Option<UserId> {
    world.info(conversation).state.agent()
}

/// Rocket.Chat #22206.
#[test]
fn two_agents_cannot_take_one_chat() {
    let mut world = desk(AnswerMode::Offer { seconds: 30 }, 5);
    let conversation = world.open(1).unwrap().conversation;
    let first = holder(&mut world, conversation).unwrap();
    let second = if first == AGENT { OTHER } else { AGENT };
    let refused = world.ask(second, AcceptInquiry { conversation });
    assert_eq!(refused, Err(ErrorCode::Taken));
    world.ask(first, AcceptInquiry { conversation }).unwrap();
    let refused = world.ask(second, AcceptInquiry { conversation });
    assert_eq!(refused, Err(ErrorCode::Taken));
    assert!(matches!(
        world.info(conversation).state,
        InquiryState::Held { agent, .. } if agent == first
    ));
}

/// Rocket.Chat #38148.
#[test]
fn double_click_opens_one_inquiry() {
    let mut world = desk(AnswerMode::Assign, 5);
    let first = world.open_as(1, 7).unwrap();
    let again = world.open_as(1, 7).unwrap();
    assert_eq!(
        (again.conversation, again.head),
        (first.conversation, first.head)
    );
    let more = world.open_as(1, 8).unwrap();
    assert_eq!(more.conversation, first.conversation);
    assert_eq!(more.head, first.head.next());
}

/// Rocket.Chat #18217.
#[test]
fn capacity_holds_under_load() {
    let mut world = desk(AnswerMode::Assign, 2);
    for number in 1..=10 {
        world.open(number).unwrap();
    }
    let loads: Vec<u32> = world.agents().iter().map(|agent| agent.load).collect();
    assert_eq!(loads, [2, 2]);
}

/// Chatwoot #7204, #4158; Rocket.Chat #26147.
#[test]
fn absent_agent_loses_what_they_hold() {
    let mut world = desk(AnswerMode::Assign, 5);
    let conversation = world.open(1).unwrap().conversation;
    let first = holder(&mut world, conversation).unwrap();
    world.present(first, false);
    world.pass(9_000);
    assert_eq!(
        holder(&mut world, conversation),
        Some(first),
        "in the grace"
    );
    world.pass(1_000);
    let next = holder(&mut world, conversation).unwrap();
    assert_ne!(next, first);
}

/// Chatwoot #10583, #10376; Rocket.Chat #23642.
#[test]
fn freed_agent_gets_the_first_who_waits() {
    let mut world = desk(AnswerMode::Assign, 1);
    let all: Vec<_> = (1..=4)
        .map(|number| {
            world.tick(1);
            world.open(number).unwrap().conversation
        })
        .collect();
    let agent = holder(&mut world, all[0]).unwrap();
    let close = CloseInquiry {
        conversation: all[0],
        tags: Vec::new(),
    };
    world.ask(agent, close).unwrap();
    assert_eq!(holder(&mut world, all[2]), Some(agent));
    assert_eq!(world.info(all[3]).state, InquiryState::Waiting);
}

/// Rocket.Chat #23563, Chatwoot #5436: duty is what the agent says, on whatever device.
#[test]
fn presence_never_changes_duty() {
    let mut world = desk(AnswerMode::Assign, 1);
    world.ask(AGENT, SetDuty { duty: Duty::Off }).unwrap();
    world.present(AGENT, false);
    world.present(AGENT, true);
    world.restart();
    world.present(AGENT, true);
    let duty = |world: &mut World| world.agents()[0].duty;
    assert_eq!(duty(&mut world), Duty::Off);
}

/// Rocket.Chat #20899, Zammad #4970: the message is kept, and waits.
#[test]
fn nobody_on_duty_loses_no_message() {
    let mut world = desk(AnswerMode::Assign, 1);
    for user in [AGENT, OTHER] {
        world.ask(user, SetDuty { duty: Duty::Off }).unwrap();
    }
    let opened = world.open(1).unwrap();
    assert!(matches!(
        opened.state,
        VisitorState::Waiting { place: 1, .. }
    ));
    world.restart();
    world.present(AGENT, true);
    world.ask(AGENT, SetDuty { duty: Duty::On }).unwrap();
    assert_eq!(holder(&mut world, opened.conversation), Some(AGENT));
}

/// Zammad #2559.
#[test]
fn message_into_a_closed_chat_reopens_and_routes_it() {
    let mut world = desk(AnswerMode::Assign, 1);
    let conversation = world.open(1).unwrap().conversation;
    let agent = holder(&mut world, conversation).unwrap();
    let close = CloseInquiry {
        conversation,
        tags: Vec::new(),
    };
    world.ask(agent, close).unwrap();
    let draft = cairn_proto::content::message::Draft {
        conversation,
        seq: cairn_proto::ids::ClientSeq::new(99),
        content: cairn_proto::content::packed::Content::new(
            cairn_proto::content::body::Body::Text("still broken".parse().unwrap()),
            cairn_proto::content::extras::Extras::NONE,
        ),
    };
    let first = world.visit(1, draft.clone()).unwrap();
    let state = world.info(conversation).state;
    assert!(matches!(state, InquiryState::Held { .. }), "{state:?}");
    let head = world.info(conversation).head;
    assert_eq!(world.visit(1, draft), Ok(first), "a retry");
    assert_eq!(world.info(conversation).head, head);
}

/// Rocket.Chat #9760, #7292: an offer that is not seen goes on to the next.
#[test]
fn missed_offers_go_on_and_end_in_a_break() {
    let mut world = desk(AnswerMode::Offer { seconds: 30 }, 5);
    let conversation = world.open(1).unwrap().conversation;
    let first = holder(&mut world, conversation).unwrap();
    world.pass(30_000);
    let second = holder(&mut world, conversation).unwrap();
    assert_ne!(first, second);
    for _ in 0..20 {
        world.pass(15_000);
    }
    let duties: Vec<Duty> = world.agents().iter().map(|agent| agent.duty).collect();
    assert_eq!(duties, [Duty::Break, Duty::Break]);
    assert_eq!(world.info(conversation).state, InquiryState::Waiting);
}

/// Rocket.Chat #18835: agents have a minute to come back after a restart.
#[test]
fn restart_takes_nothing_from_who_comes_back() {
    let mut world = desk(AnswerMode::Assign, 1);
    let conversation = world.open(1).unwrap().conversation;
    let agent = holder(&mut world, conversation).unwrap();
    world.restart();
    world.pass(59_000);
    world.present(agent, true);
    world.pass(60_000);
    assert_eq!(holder(&mut world, conversation), Some(agent));
}

#[test]
fn restart_without_agents_loses_no_inquiry() {
    let mut world = desk(AnswerMode::Assign, 1);
    let conversation = world.open(1).unwrap().conversation;
    world.restart();
    world.pass(60_000);
    assert_eq!(world.info(conversation).state, InquiryState::Waiting);
    world.present(OTHER, true);
    assert_eq!(holder(&mut world, conversation), Some(OTHER));
}

#[test]
fn bad_transfers_change_nothing() {
    let mut world = desk(AnswerMode::Assign, 5);
    let conversation = world.open(1).unwrap().conversation;
    let agent = holder(&mut world, conversation).unwrap();
    let other = if agent == AGENT { OTHER } else { AGENT };
    world.present(other, false);
    let before = world.info(conversation);
    let unknown = cairn_proto::ids::ConversationId::new(4_000);
    for (to, refusal) in [
        (TransferTarget::Agent(agent), ErrorCode::BadRequest),
        (TransferTarget::Agent(other), ErrorCode::NotOnDuty),
        (TransferTarget::Agent(OWNER), ErrorCode::NotAgent),
        (TransferTarget::Queue(unknown), ErrorCode::NoSuchQueue),
    ] {
        let note = DeskText::new("please").unwrap();
        let call = TransferInquiry {
            conversation,
            to: to.clone(),
            note,
        };
        assert_eq!(world.ask(agent, call), Err(refusal), "{to:?}");
    }
    assert_eq!(world.info(conversation), before);
}

#[test]
fn round_robin_gives_each_as_many() {
    let mut world = World::new(4);
    let mut queue = config("sales");
    queue.strategy = Strategy::RoundRobin;
    queue.answer = AnswerMode::Assign;
    let queue = world.queue(queue);
    world.key(queue);
    for user in 2..6 {
        world.agent(UserId::new(user), 50, &[served(queue)]);
    }
    for number in 1..=40 {
        world.open(number).unwrap();
    }
    let loads: Vec<u32> = world.agents().iter().map(|agent| agent.load).collect();
    assert_eq!(loads, [10; 4]);
}

#[test]
fn refusals_of_all_are_forgotten_after_a_while() {
    let mut world = desk(AnswerMode::Offer { seconds: 600 }, 5);
    let conversation = world.open(1).unwrap().conversation;
    for _ in 0..2 {
        let agent = holder(&mut world, conversation).unwrap();
        world.ask(agent, RefuseInquiry { conversation }).unwrap();
    }
    assert_eq!(world.info(conversation).state, InquiryState::Waiting);
    world.pass(10_000);
    assert!(holder(&mut world, conversation).is_some());
}

#[test]
fn visitors_rate_once_after_each_closing() {
    let mut world = desk(AnswerMode::Assign, 5);
    let conversation = world.open(1).unwrap().conversation;
    let rate = |stars| RateInquiry {
        conversation,
        stars,
        text: DeskText::none(),
    };
    assert_eq!(world.visit(1, rate(5)), Err(ErrorCode::InquiryOpen));
    let agent = holder(&mut world, conversation).unwrap();
    let tags = Vec::new();
    let close = CloseInquiry { conversation, tags };
    world.ask(agent, close).unwrap();
    world.visit(1, rate(5)).unwrap();
    world.visit(1, rate(5)).unwrap();
    assert_eq!(world.visit(1, rate(1)), Err(ErrorCode::AlreadyRated));
    assert_eq!(world.visit(2, rate(1)), Err(ErrorCode::NotFound));
}

#[test]
fn visitors_make_no_other_request() {
    let mut world = desk(AnswerMode::Assign, 5);
    world.open(1).unwrap();
    let find = FindUsers { names: Vec::new() };
    assert_eq!(world.visit(1, find).map(drop), Err(ErrorCode::Forbidden));
    let all = world.visit(1, MyInquiry).unwrap();
    assert!(matches!(all.unwrap().state, VisitorState::Answered { .. }));
    assert_eq!(world.visit(9, MyInquiry), Ok(None));
}
