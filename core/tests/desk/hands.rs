//! Agents without a session that receives what is pushed, who do everything by single commands.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Draft;
use cairn_proto::content::packed::Content;
use cairn_proto::ids::{ClientSeq, ConversationId, UserId};
use cairn_proto::model::desk::{AnswerMode, InquiryState};
use cairn_proto::text::{DeskText, GroupName};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    CloseInquiry, ReopenInquiry, TakeInquiry, TransferInquiry, TransferTarget,
};

use super::world::{World, config, served};

const AGENT: UserId = UserId::new(2);

/// An agent who has been gone for an hour, and a visitor who waits.
fn desk() -> (World, ConversationId) {
    let mut world = World::new(1);
    let mut queue = config("sales");
    queue.answer = AnswerMode::Manual;
    let queue = world.queue(queue);
    world.key(queue);
    world.agent(AGENT, 5, &[served(queue)]);
    world.present(AGENT, false);
    world.pass(3_600_000);
    let conversation = world.open(1).unwrap().conversation;
    (world, conversation)
}

fn is_held(world: &mut World, conversation: ConversationId) -> bool {
    let state = world.info(conversation).state;
    matches!(state, InquiryState::Held { agent: AGENT, .. })
}

#[test]
fn absence_begins_again_when_an_agent_takes_an_inquiry() {
    let (mut world, conversation) = desk();
    world.ask(AGENT, TakeInquiry { conversation }).unwrap();
    world.pass(9_000);
    assert!(is_held(&mut world, conversation), "in the grace");
    world.pass(1_000);
    assert_eq!(world.info(conversation).state, InquiryState::Waiting);
}

#[test]
fn absence_begins_again_when_an_agent_opens_a_closed_inquiry() {
    let (mut world, conversation) = desk();
    world.ask(AGENT, TakeInquiry { conversation }).unwrap();
    let tags = Vec::new();
    let close = CloseInquiry { conversation, tags };
    world.ask(AGENT, close).unwrap();
    world.pass(60_000);
    world.ask(AGENT, ReopenInquiry { conversation }).unwrap();
    world.pass(9_000);
    assert!(is_held(&mut world, conversation), "in the grace");
    world.pass(1_000);
    assert!(!is_held(&mut world, conversation));
}

#[test]
fn absence_begins_again_with_each_answer() {
    let (mut world, conversation) = desk();
    world.ask(AGENT, TakeInquiry { conversation }).unwrap();
    for seq in 1..10 {
        world.pass(9_000);
        let draft = Draft {
            conversation,
            seq: ClientSeq::new(seq),
            content: Content::new(Body::Text("so".parse().unwrap()), Extras::NONE),
        };
        world.ask(AGENT, draft).unwrap();
    }
    world.pass(10_000);
    assert!(!is_held(&mut world, conversation));
}

#[test]
fn inquiry_is_passed_on_to_a_queue_by_its_name() {
    let (mut world, conversation) = desk();
    // The agent does not serve it.
    let other = world.queue(config("After Sale"));
    world.ask(AGENT, TakeInquiry { conversation }).unwrap();
    let pass_on = |name: &str| TransferInquiry {
        conversation,
        to: TransferTarget::QueueNamed(GroupName::new(name).unwrap()),
        note: DeskText::none(),
    };
    let refused = world.ask(AGENT, pass_on("after-sale"));
    assert_eq!(refused, Err(ErrorCode::NoSuchQueue));
    assert!(is_held(&mut world, conversation));
    world.ask(AGENT, pass_on("after sale")).unwrap();
    let info = world.info(conversation);
    assert_eq!((info.queue, info.state), (other, InquiryState::Waiting));
}
