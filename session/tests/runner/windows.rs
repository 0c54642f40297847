//! Windows: shown from the cache without a server, and cleared of what was recalled.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cairn_session::store::Condition;
use cairn_session::{Command, LinkView, Place, Session, SessionOptions, What};

use tokio::time::interval;

use crate::chat::{World, soon, until};

fn shown(session: &Session, world: &World) -> Vec<String> {
    let window = session.model().window(world.group);
    let rows = window.map(|window| window.rows).unwrap_or_default();
    let words = rows.iter().filter_map(|row| match &row.what {
        What::Message(message) => message.entry.body.words().map(str::to_owned),
        _ => None,
    });
    words.collect()
}

async fn open(session: &Session, world: &World) {
    let open = Command::Open {
        conversation: world.group,
        at: Place::End,
    };
    session.perform(open).await;
}

async fn until_shown(session: &Session, world: &World, expected: &[&str]) {
    until(session, "the window", |model| {
        let rows = model.window(world.group).map(|window| window.rows);
        let rows = rows.unwrap_or_default();
        let words: Vec<&str> = rows
            .iter()
            .filter_map(|row| match &row.what {
                What::Message(message) => message.entry.body.words(),
                _ => None,
            })
            .collect();
        words == expected
    })
    .await;
}

fn is_in_file(dir: &Path, word: &str) -> bool {
    let bytes = fs::read(dir.join("cache.redb")).unwrap();
    bytes
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}

#[tokio::test]
async fn window_is_shown_without_a_server() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    open(&session, &world).await;
    for words in ["one", "two", "three"] {
        world
            .client
            .conversation(world.group)
            .send(words)
            .await
            .unwrap();
    }
    until_shown(&session, &world, &["one", "two", "three"]).await;
    session.close().await;
    world.server.stop().await;

    let session = world.open(dir.path());
    until(&session, "the list", |model| !model.list().is_empty()).await;
    assert_ne!(session.model().link(), LinkView::Online);
    open(&session, &world).await;
    until_shown(&session, &world, &["one", "two", "three"]).await;
    // It comes up to date once there is a server.
    world.server.run().await;
    let sent = world.client.conversation(world.group).send("four").await;
    sent.unwrap();
    until_shown(&session, &world, &["one", "two", "three", "four"]).await;
    session.close().await;
}

#[tokio::test]
async fn recalled_words_leave_the_file() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let group = world.client.conversation(world.group);
    let kept = group.send("kept-in-the-log").await.unwrap();
    let secret = group.send("recalled-secret").await.unwrap();
    let session = world.online(dir.path()).await;
    open(&session, &world).await;
    until_shown(&session, &world, &["kept-in-the-log", "recalled-secret"]).await;
    session.close().await;
    assert!(is_in_file(dir.path(), "recalled-secret"), "control");

    // While this device is away, and while it is not looking.
    group.recall(secret).await.unwrap();
    let session = world.online(dir.path()).await;
    until(&session, "it has caught up", |model| {
        let last = model.conversation(world.group).map(|view| view.head);
        last > Some(secret)
    })
    .await;
    open(&session, &world).await;
    until_shown(&session, &world, &["kept-in-the-log"]).await;
    session.close().await;
    assert!(is_in_file(dir.path(), "kept-in-the-log"));
    assert!(!is_in_file(dir.path(), "recalled-secret"));

    // While its window is open.
    let session = world.online(dir.path()).await;
    open(&session, &world).await;
    group.recall(kept).await.unwrap();
    until_shown(&session, &world, &[]).await;
    session.close().await;
    assert!(!is_in_file(dir.path(), "kept-in-the-log"));
}

#[tokio::test]
async fn recalled_words_leave_the_file_of_an_open_session() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let options = SessionOptions {
        clean_after: Duration::ZERO,
        ..world.options(dir.path())
    };
    let session = Session::open(&world.account, options).unwrap();
    until(&session, "the list", |model| !model.list().is_empty()).await;
    open(&session, &world).await;
    let group = world.client.conversation(world.group);
    let secret = group.send("recalled-secret").await.unwrap();
    soon("it is stored", async {
        let mut looks = interval(Duration::from_millis(20));
        while !is_in_file(dir.path(), "recalled-secret") {
            looks.tick().await;
        }
    })
    .await;
    group.recall(secret).await.unwrap();
    soon("it is erased", async {
        let mut looks = interval(Duration::from_millis(20));
        while is_in_file(dir.path(), "recalled-secret") {
            looks.tick().await;
        }
    })
    .await;
    session.close().await;
}

#[tokio::test]
async fn lost_membership_leaves_the_file() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let link = world
        .client
        .admin()
        .create_invite(1, Duration::from_secs(600))
        .await
        .unwrap();
    let (_, bob) = world.server.join(&link, "bob").await;
    let group = world.client.conversation(world.group);
    group.add_members(vec![bob.user]).await.unwrap();
    group.send("words-for-members").await.unwrap();
    let session = Session::open(&bob, world.options(dir.path())).unwrap();
    until(&session, "the list", |model| !model.list().is_empty()).await;
    open(&session, &world).await;
    until_shown(&session, &world, &["words-for-members"]).await;
    session.close().await;
    assert!(is_in_file(dir.path(), "words-for-members"), "control");

    group.remove_members(vec![bob.user]).await.unwrap();
    let session = Session::open(&bob, world.options(dir.path())).unwrap();
    until(&session, "it is gone", |model| {
        model.link() == LinkView::Online && model.list().is_empty()
    })
    .await;
    session.close().await;
    assert!(!is_in_file(dir.path(), "words-for-members"));
}

#[tokio::test]
async fn session_without_a_folder_keeps_nothing() {
    let world = World::new().await;
    let options = SessionOptions {
        dir: None,
        ..world.options(Path::new("unused"))
    };
    let session = Session::open(&world.account, options).unwrap();
    assert!(matches!(*session.condition(), Condition::NotKept));
    let group = world.group;
    until(&session, "the list", |model| {
        model.conversation(group).is_some()
    })
    .await;
    open(&session, &world).await;
    world.say(&session, "hello").await;
    until_shown(&session, &world, &["hello"]).await;
    assert_eq!(shown(&session, &world), ["hello"]);
    assert_eq!(world.log().await, ["hello"]);
    session.close().await;
}
