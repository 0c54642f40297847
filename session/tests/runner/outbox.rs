//! Own messages, from the keyboard into the log.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, SendStreamId, Timestamp};
use cairn_session::store::{Condition, ENTRIES_BYTES_MAX, Store};
use cairn_session::{
    Command, Doubt, Failure, LinkView, LocalId, Model, Outgoing, SavedPending, SavedState,
    SendState, StoreOp, limits,
};

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
        let session = world.open_offline(dir.path()).await;
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

#[tokio::test]
async fn outbox_is_bounded() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    session.close().await;
    let mut world = world;
    world.server.stop().await;
    let session = world.open_offline(dir.path()).await;
    for n in 1..=limits::OUTBOX_MAX {
        world.command(&session, &n.to_string());
    }
    world.say(&session, "one too many").await;
    let refused = session.take_refused();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].why, Failure::OutboxFull);
    assert_eq!(session.model().outbox().len(), limits::OUTBOX_MAX);
    let draft = session.model().draft(world.group).cloned().unwrap();
    assert_eq!(draft.words, "one too many", "it is not lost");

    world.server.run().await;
    until(&session, "all are sent", |model| model.outbox().is_empty()).await;
    let expected: Vec<String> = (1..=limits::OUTBOX_MAX).map(|n| n.to_string()).collect();
    assert_eq!(world.log().await, expected);
    session.close().await;
}

/// Leaves a message in the outbox, as a process that was killed after it handed it over.
fn leave_handed(world: &World, dir: &Path, seq: u64) {
    let now = Timestamp::new(1);
    let opened = Store::open(&world.account, Some(dir), ENTRIES_BYTES_MAX, now).unwrap();
    let pending = SavedPending {
        id: LocalId::new(1),
        conversation: world.group,
        written_at: now,
        what: Outgoing::Message {
            body: Body::Text("in doubt".parse().unwrap()),
            extras: Extras::NONE,
        },
        seq: Some(ClientSeq::new(seq)),
        state: SavedState::Handed,
    };
    let mut store = opened.store;
    store
        .perform([StoreOp::Pending(Box::new(pending))])
        .unwrap();
}

/// Sends messages on the named stream, as another copy of the profile.
async fn send_as_copy(world: &World, seqs: RangeInclusive<u64>) {
    let builder = world.server.client().send_stream(SendStreamId::named(0));
    let other = builder.connect(&world.account).await.unwrap();
    let mut accepted = Vec::new();
    for seq in seqs {
        let content = Content::new(Body::Text("other".parse().unwrap()), Extras::NONE);
        let conversation = other.conversation(world.group);
        let sent = conversation
            .enqueue_draft(ClientSeq::new(seq), content)
            .await;
        accepted.push(sent.unwrap());
    }
    for accepted in accepted {
        accepted.await.unwrap();
    }
    other.close().await;
}

async fn count(world: &World, words: &str) -> usize {
    let log = world.log().await;
    log.iter().filter(|said| *said == words).count()
}

#[tokio::test]
async fn what_the_server_does_not_remember_is_unknown() {
    // Too much was sent since; and another message has its number.
    for (seqs, doubt) in [(1..=1_100, Doubt::TooOld), (1..=20, Doubt::Conflict)] {
        let world = World::new().await;
        let dir = tempfile::tempdir().unwrap();
        send_as_copy(&world, seqs).await;
        leave_handed(&world, dir.path(), 7);
        let session = world.online(dir.path()).await;
        let is_unknown = |model: &Model| {
            model
                .outbox()
                .iter()
                .any(|item| item.state == SendState::Unknown(doubt))
        };
        until(&session, "it is unknown", is_unknown).await;
        assert_eq!(count(&world, "in doubt").await, 0);
        // Others get through, after this and after the next start.
        world.say(&session, "next").await;
        until(&session, "it is sent", |model| model.outbox().len() == 1).await;
        session.close().await;
        let session = world.online(dir.path()).await;
        world.say(&session, "after the start").await;
        until(&session, "it is sent", |model| model.outbox().len() == 1).await;
        assert!(is_unknown(&session.model()));
        assert_eq!(count(&world, "next").await, 1);
        assert_eq!(count(&world, "after the start").await, 1);
        assert_eq!(
            count(&world, "in doubt").await,
            0,
            "it is not sent by itself"
        );
        // Both choices.
        let id = session.model().outbox()[0].id;
        if doubt == Doubt::TooOld {
            session.perform(Command::Again(id)).await;
        } else {
            session.perform(Command::Withdraw(id)).await;
        }
        until(&session, "it is decided", |model| model.outbox().is_empty()).await;
        let sent = usize::from(doubt == Doubt::TooOld);
        assert_eq!(count(&world, "in doubt").await, sent);
        session.close().await;
    }
}

#[tokio::test]
async fn unanswered_messages_are_stored_once() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    // The server has it, but the process was killed before it knew.
    let builder = world.server.client().send_stream(SendStreamId::named(0));
    let killed = builder.connect(&world.account).await.unwrap();
    let content = Content::new(Body::Text("in doubt".parse().unwrap()), Extras::NONE);
    let conversation = killed.conversation(world.group);
    let sent = conversation.enqueue_draft(ClientSeq::new(7), content).await;
    sent.unwrap().await.unwrap();
    killed.close().await;
    leave_handed(&world, dir.path(), 7);
    let session = world.online(dir.path()).await;
    world.say(&session, "next").await;
    until(&session, "all are sent", |model| model.outbox().is_empty()).await;
    assert_eq!(world.log().await, ["in doubt", "next"]);
    session.close().await;
}

#[tokio::test]
async fn copied_profile_sends_nothing_twice() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    session.close().await;
    world.server.stop().await;
    let session = world.open_offline(dir.path()).await;
    world.say(&session, "typed before the copy").await;
    session.close().await;
    let copy = tempfile::tempdir().unwrap();
    fs::copy(
        dir.path().join("cache.redb"),
        copy.path().join("cache.redb"),
    )
    .unwrap();
    world.server.run().await;

    let original = world.online(dir.path()).await;
    until(&original, "it is sent", |model| model.outbox().is_empty()).await;
    let copied = world.online(copy.path()).await;
    assert!(matches!(
        *copied.condition(),
        Condition::Copied { outbox: 1 }
    ));
    let outbox = copied.model().outbox();
    assert_eq!(outbox[0].state, SendState::Unknown(Doubt::Copied));
    // Both go on, at the same time.
    for n in 1..=20 {
        world.say(&original, &format!("original {n}")).await;
        world.say(&copied, &format!("copy {n}")).await;
    }
    until(&original, "all are sent", |model| model.outbox().is_empty()).await;
    let is_settled = |model: &Model| {
        let mut outbox = model.outbox().into_iter();
        outbox.all(|item| matches!(item.state, SendState::Unknown(_)))
    };
    until(&copied, "all are settled", is_settled).await;
    let log = world.log().await;
    assert_eq!(
        log.iter()
            .filter(|said| *said == "typed before the copy")
            .count(),
        1
    );
    let unknown = copied.model().outbox();
    for n in 1..=20 {
        assert_eq!(count(&world, &format!("original {n}")).await, 1);
        let words = format!("copy {n}");
        let is_unknown = pending_words(&unknown).contains(&words);
        assert_eq!(count(&world, &words).await, usize::from(!is_unknown), "{n}");
    }
    original.close().await;
    copied.close().await;
}

#[tokio::test]
async fn restored_backup_sends_nothing_twice() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    session.close().await;
    world.server.stop().await;
    let session = world.open_offline(dir.path()).await;
    for n in 1..=3 {
        world.say(&session, &format!("typed {n}")).await;
    }
    session.close().await;
    let cache = dir.path().join("cache.redb");
    let backup = fs::read(&cache).unwrap();
    world.server.run().await;
    let session = world.online(dir.path()).await;
    world.say(&session, "after the backup").await;
    until(&session, "all are sent", |model| model.outbox().is_empty()).await;
    session.close().await;

    // In place: it is the same file.
    fs::write(&cache, backup).unwrap();
    let session = world.open(dir.path());
    assert!(matches!(*session.condition(), Condition::Kept));
    world.say(&session, "after the restoration").await;
    let is_settled = |model: &Model| {
        let mut outbox = model.outbox().into_iter();
        let has_ended = outbox.all(|item| matches!(item.state, SendState::Unknown(_)));
        has_ended && model.link() == LinkView::Online
    };
    until(&session, "all are settled", is_settled).await;
    let log = world.log().await;
    let expected = [
        "typed 1",
        "typed 2",
        "typed 3",
        "after the backup",
        "after the restoration",
    ];
    assert_eq!(log, expected);
    session.close().await;
}

#[tokio::test]
async fn second_window_sends_without_an_outbox() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let first = world.online(dir.path()).await;
    let second = world.online(dir.path()).await;
    assert!(matches!(*first.condition(), Condition::Kept));
    assert!(matches!(*second.condition(), Condition::InUse));
    for n in 1..=20 {
        world.say(&first, &format!("first {n}")).await;
        world.say(&second, &format!("second {n}")).await;
    }
    until(&first, "all are sent", |model| model.outbox().is_empty()).await;
    until(&second, "all are sent", |model| model.outbox().is_empty()).await;
    for window in ["first", "second"] {
        let log = world.log().await;
        let said = log.iter().filter(|said| said.starts_with(window));
        let expected: Vec<String> = (1..=20).map(|n| format!("{window} {n}")).collect();
        assert_eq!(said.cloned().collect::<Vec<_>>(), expected);
    }
    first.close().await;
    second.close().await;
    let alone = world.online(dir.path()).await;
    assert!(matches!(*alone.condition(), Condition::Kept));
    alone.close().await;
}

#[tokio::test]
async fn forwards_wait_in_the_outbox_too() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let target = world.client.conversations();
    let target = target.create_group("archive".parse().unwrap(), Vec::new());
    let target = target.await.unwrap();
    let group = world.client.conversation(world.group);
    let msgid = group.send("worth keeping").await.unwrap();
    let session = world.online(dir.path()).await;
    session.close().await;
    world.server.stop().await;

    let session = world.open(dir.path());
    until(&session, "the list", |model| {
        model.conversation(target).is_some()
    })
    .await;
    let forward = Command::Forward {
        from: world.group,
        msgid,
        to: target,
    };
    session.perform(forward).await;
    assert_eq!(session.model().outbox().len(), 1);
    session.close().await;
    world.server.run().await;
    let session = world.online(dir.path()).await;
    until(&session, "it is sent", |model| model.outbox().is_empty()).await;
    world.group = target;
    assert_eq!(world.log().await, ["worth keeping"]);
    session.close().await;
}
