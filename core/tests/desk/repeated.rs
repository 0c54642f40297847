//! Questions that a visitor's client repeats because it does not know that they were accepted.

use cairn_proto::model::desk::AnswerMode;
use cairn_proto::wire::error::ErrorCode;

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
