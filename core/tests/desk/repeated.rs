//! Questions that a visitor's client repeats because it does not know that they were accepted.

use cairn_proto::model::desk::AnswerMode;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::EndInquiry;

use super::world::{World, config};

fn desk() -> World {
    let mut world = World::new(1);
    let mut queue = config("sales");
    queue.answer = AnswerMode::Manual;
    let queue = world.queue(queue);
    world.key(queue);
    world
}

#[test]
fn accepted_question_stays_accepted_on_a_full_disk() {
    let mut world = desk();
    let first = world.open_as(1, 1).unwrap();
    world.set_disk_low(true);
    assert_eq!(world.open_as(1, 2), Err(ErrorCode::DiskFull));
    assert_eq!(world.open_as(2, 1), Err(ErrorCode::DiskFull));
    let again = world.open_as(1, 1).unwrap();
    assert_eq!(
        (again.conversation, again.head),
        (first.conversation, first.head)
    );
    world.set_disk_low(false);
    assert_eq!(world.open_as(1, 2).unwrap().head, first.head.next());
}

/// The answer to a question is lost. Its inquiry ends, and another process of the visitor asks,
/// before the first one repeats the question.
#[test]
fn question_of_an_earlier_inquiry_is_not_stored_again() {
    let mut world = desk();
    let first = world.open_on(1, 1, 1).unwrap();
    let conversation = first.conversation;
    world.visit(1, EndInquiry { conversation }).unwrap();
    let ended = world.info(conversation).head;
    let other = world.open_on(2, 1, 1).unwrap();
    assert_ne!(other.conversation, conversation);
    for _ in 0..2 {
        let again = world.open_on(1, 1, 1).unwrap();
        assert_eq!(
            (again.conversation, again.head),
            (other.conversation, other.head)
        );
        world.restart();
    }
    assert_eq!(world.info(conversation).head, ended);
    let more = world.open_on(1, 1, 2).unwrap();
    assert_eq!(
        (more.conversation, more.head),
        (other.conversation, other.head.next())
    );
}
