//! Own messages, from the keyboard into the log.

use cairn_session::SendState;
use cairn_session::store::Condition;

use crate::chat::{World, pending_words, until};

#[tokio::test]
async fn messages_are_sent_in_order() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    assert!(matches!(*session.condition(), Condition::Kept));
    for n in 1..=50 {
        world.say(&session, &n.to_string()).await;
    }
    until(&session, "all are sent", |model| model.outbox().is_empty()).await;
    let expected: Vec<String> = (1..=50).map(|n| n.to_string()).collect();
    assert_eq!(world.log().await, expected);
    session.close().await;
}

#[tokio::test]
async fn what_was_typed_offline_is_sent_after_the_next_start() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    world.say(&session, "before").await;
    until(&session, "it is sent", |model| model.outbox().is_empty()).await;
    session.close().await;
    world.server.stop().await;

    // Without a server, the conversation is there, and takes messages.
    for round in 1..=3 {
        let session = world.open(dir.path());
        let group = world.group;
        until(&session, "the list", |model| {
            model.conversation(group).is_some()
        })
        .await;
        world.say(&session, &format!("offline {round}")).await;
        let outbox = session.model().outbox();
        assert_eq!(outbox.len(), round);
        assert!(outbox.iter().all(|item| item.state == SendState::Queued));
        assert_eq!(
            pending_words(&outbox).last().unwrap(),
            &format!("offline {round}")
        );
        session.close().await;
    }

    world.server.run().await;
    let session = world.online(dir.path()).await;
    world.say(&session, "after").await;
    until(&session, "all are sent", |model| model.outbox().is_empty()).await;
    assert_eq!(
        world.log().await,
        ["before", "offline 1", "offline 2", "offline 3", "after"]
    );
    session.close().await;
}
