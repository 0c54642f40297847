//! Clocks that jump, and servers that start again: waits, offers and absences last as long as ever.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::desk::{AnswerMode, Duty, InquiryState};

use super::world::{DAY, World, config, served};

const AGENT: UserId = UserId::new(2);
const OTHER: UserId = UserId::new(3);

/// A queue that two agents serve, and an inquiry that the first one has.
fn desk(answer: AnswerMode) -> (World, ConversationId) {
    let mut world = World::new(2);
    let mut queue = config("sales");
    queue.answer = answer;
    let queue = world.queue(queue);
    world.key(queue);
    world.agent(AGENT, 5, &[served(queue)]);
    let conversation = world.open(1).unwrap().conversation;
    world.agent(OTHER, 5, &[served(queue)]);
    (world, conversation)
}

fn agent_of(world: &mut World, conversation: ConversationId) -> Option<UserId> {
    world.info(conversation).state.agent()
}

const fn days(days: i64) -> i64 {
    days * DAY.cast_signed()
}

/// The server's clock makes it up for days, and runs backwards meanwhile.
#[test]
fn absence_ends_after_the_clock_jumped() {
    for by_ms in [days(-200), -60_000, 60_000, days(200)] {
        let (mut world, conversation) = desk(AnswerMode::Assign);
        world.jump(by_ms);
        world.pass(1_000);
        world.present(AGENT, false);
        for _ in 0..9 {
            world.pass(1_000);
            assert_eq!(agent_of(&mut world, conversation), Some(AGENT), "{by_ms}");
        }
        world.pass(1_000);
        assert_eq!(agent_of(&mut world, conversation), Some(OTHER), "{by_ms}");
    }
}

#[test]
fn absence_ends_although_the_clock_jumps_in_it() {
    let (mut world, conversation) = desk(AnswerMode::Assign);
    world.present(AGENT, false);
    for day in [-200, 1, -3, 500, -9, 2, -40, -1, 300] {
        world.jump(days(day));
        world.pass(1_000);
        assert_eq!(agent_of(&mut world, conversation), Some(AGENT));
    }
    world.pass(1_000);
    assert_eq!(agent_of(&mut world, conversation), Some(OTHER));
}

#[test]
fn offers_last_as_long_as_ever_after_a_jump() {
    for by_ms in [days(-200), days(200)] {
        let (mut world, conversation) = desk(AnswerMode::Offer { seconds: 30 });
        world.jump(by_ms);
        for second in 0..30 {
            let InquiryState::Offered { agent, until } = world.info(conversation).state else {
                panic!("it is not offered");
            };
            assert_eq!(agent, AGENT);
            // What is shown are the seconds that are left.
            assert_eq!(until.get() - world.now, (30 - second) * 1_000);
            world.pass(1_000);
        }
        assert_eq!(agent_of(&mut world, conversation), Some(OTHER));
    }
}

#[test]
fn visitor_who_comes_after_a_jump_back_overtakes_nobody() {
    let (mut world, first) = desk(AnswerMode::Assign);
    for user in [AGENT, OTHER] {
        world.present(user, false);
    }
    world.pass(10_000);
    let waited = |world: &mut World| world.now - world.info(first).waiting_since.get();
    assert_eq!(waited(&mut world), 10_000);
    world.jump(days(-100));
    world.pass(10_000);
    assert_eq!(waited(&mut world), 20_000);
    let second = world.open(2).unwrap().conversation;
    let [first, second] = [first, second].map(|id| world.info(id).waiting_since);
    assert!(first < second);
}

/// A server that is killed again and again gives on what an agent who is gone holds.
#[test]
fn absence_goes_on_across_starts() {
    let (mut world, conversation) = desk(AnswerMode::Assign);
    world.present(AGENT, false);
    for _ in 0..4 {
        world.pass(2_000);
        world.restart();
        world.present(OTHER, true);
        assert_eq!(agent_of(&mut world, conversation), Some(AGENT));
    }
    world.pass(2_000);
    assert_eq!(agent_of(&mut world, conversation), Some(OTHER));
}

#[test]
fn minute_after_a_start_is_not_given_twice() {
    let (mut world, conversation) = desk(AnswerMode::Assign);
    for _ in 0..5 {
        world.restart();
        world.pass(11_000);
        assert_eq!(agent_of(&mut world, conversation), Some(AGENT));
    }
    world.restart();
    world.pass(5_000);
    assert_eq!(world.info(conversation).state, InquiryState::Waiting);
}

/// An agent cannot answer while the server is down, or before they are back.
#[test]
fn offers_of_agents_who_are_gone_are_not_missed() {
    let (mut world, conversation) = desk(AnswerMode::Offer { seconds: 30 });
    for _ in 0..5 {
        world.restart();
        world.pass(31_000);
        assert_eq!(world.info(conversation).state, InquiryState::Waiting);
        for agent in world.agents() {
            assert_eq!((agent.missed, agent.duty), (0, Duty::On));
        }
        world.present(AGENT, true);
        assert_eq!(agent_of(&mut world, conversation), Some(AGENT));
    }
}

#[test]
fn offer_moves_when_its_agent_does_not_come_back() {
    let (mut world, conversation) = desk(AnswerMode::Offer { seconds: 600 });
    world.restart();
    world.present(OTHER, true);
    world.pass(59_000);
    assert_eq!(agent_of(&mut world, conversation), Some(AGENT));
    world.pass(1_000);
    assert_eq!(agent_of(&mut world, conversation), Some(OTHER));
}

/// The desk's clock goes on at the last time that a row has, so some of it is lost.
#[test]
fn offer_ends_in_time_after_a_start_with_a_clock_set_back() {
    let (mut world, conversation) = desk(AnswerMode::Offer { seconds: 60 });
    for user in [AGENT, OTHER] {
        world.present(user, false);
    }
    world.pass(3_600_000);
    world.present(AGENT, true);
    world.jump(days(-1));
    world.restart();
    world.present(AGENT, true);
    let is_offered = |world: &mut World| {
        let state = world.info(conversation).state;
        matches!(state, InquiryState::Offered { agent: AGENT, .. })
    };
    assert!(is_offered(&mut world));
    world.pass(60_000);
    assert!(!is_offered(&mut world));
}
