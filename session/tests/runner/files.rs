//! Files: uploaded before their messages, also by the next process.

use std::fs;
use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::{Message, MsgId};
use cairn_session::{
    Aim, Command, Doubt, Draft, DraftFile, Failure, FileFault, SendState, Session,
};

use crate::chat::{World, until};

fn file(path: &Path) -> DraftFile {
    DraftFile {
        path: path.to_str().unwrap().to_owned(),
        name: "plan.txt".to_owned(),
        size_bytes: fs::metadata(path).map_or(7, |found| found.len()),
        as_file: false,
    }
}

async fn send_file(world: &World, session: &Session, path: &Path) {
    let draft = Draft {
        words: "the plan".to_owned(),
        files: vec![file(path)],
        ..Draft::new(world.group)
    };
    session.perform(Command::Send(draft)).await;
}

async fn last(world: &World) -> Message {
    let group = world.client.conversation(world.group);
    let mut history = group.history(MsgId::new(1));
    let mut last = None;
    while let Some(message) = history.next().await {
        last = Some(message.unwrap());
    }
    last.unwrap()
}

#[tokio::test]
async fn upload_is_made_up_for_by_the_next_process() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    session.close().await;
    world.server.stop().await;

    let path = dir.path().join("plan.txt");
    fs::write(&path, vec![7; 700_000]).unwrap();
    let session = world.open_offline(dir.path()).await;
    send_file(&world, &session, &path).await;
    assert_eq!(session.model().outbox().len(), 1);
    session.close().await;

    world.server.run().await;
    let session = world.online(dir.path()).await;
    until(&session, "it is sent", |model| model.outbox().is_empty()).await;
    let Body::File(sent) = last(&world).await.body else {
        panic!("no file");
    };
    assert_eq!(sent.size_bytes, 700_000);
    assert_eq!(sent.caption.as_str(), "the plan");
    let target = dir.path().join("copy.txt");
    let message = last(&world).await;
    let group = world.client.conversation(world.group);
    group
        .download(message.msgid, &sent, &target, |_| {})
        .await
        .unwrap();
    assert_eq!(fs::read(&target).unwrap(), vec![7; 700_000]);
    session.close().await;
}

/// Leaves a file in the outbox of a profile, and the server stopped.
async fn leave_file(world: &mut World, dir: &Path) {
    let session = world.online(dir).await;
    session.close().await;
    world.server.stop().await;
    let path = dir.join("plan.txt");
    fs::write(&path, vec![7; 700_000]).unwrap();
    let session = world.open_offline(dir).await;
    send_file(world, &session, &path).await;
    session.close().await;
}

#[tokio::test]
async fn messages_that_pass_an_upload_of_an_earlier_run_leave_it_certain() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    leave_file(&mut world, dir.path()).await;

    let session = world.open_offline(dir.path()).await;
    world.say(&session, "passes").await;
    world.server.run().await;
    until(&session, "both are sent", |model| model.outbox().is_empty()).await;
    assert_eq!(world.log().await, ["passes", "the plan"]);
    session.close().await;
}

#[tokio::test]
async fn passed_upload_of_a_restored_backup_is_not_sent_again() {
    let mut world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    leave_file(&mut world, dir.path()).await;
    let cache = dir.path().join("cache.redb");
    let backup = fs::read(&cache).unwrap();
    world.server.run().await;
    let session = world.online(dir.path()).await;
    until(&session, "it is sent", |model| model.outbox().is_empty()).await;
    session.close().await;
    world.server.stop().await;

    fs::write(&cache, backup).unwrap();
    let session = world.open_offline(dir.path()).await;
    world.say(&session, "passes").await;
    world.server.run().await;
    until(&session, "the text is sent", |model| {
        let outbox = model.outbox();
        outbox.len() == 1 && outbox[0].state == SendState::Unknown(Doubt::TooOld)
    })
    .await;
    assert_eq!(world.log().await, ["the plan", "passes"]);
    session.close().await;
}

#[tokio::test]
async fn missing_and_changed_files_fail() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    let path = dir.path().join("plan.txt");
    send_file(&world, &session, &path).await;
    let fails_with = async |why| {
        until(&session, "it fails", |model| {
            let state = SendState::Failed(Failure::File(why));
            model.outbox().iter().any(|item| item.state == state)
        })
        .await;
        let id = session.model().outbox()[0].id;
        session.perform(Command::Withdraw(id)).await;
        assert!(session.model().outbox().is_empty());
    };
    fails_with(FileFault::Missing).await;
    fs::write(&path, "longer than seven bytes").unwrap();
    let changed = DraftFile {
        size_bytes: 7,
        ..file(&path)
    };
    let draft = Draft {
        files: vec![changed],
        ..Draft::new(world.group)
    };
    session.perform(Command::Send(draft)).await;
    fails_with(FileFault::Changed).await;
    session.close().await;
}

/// A picture of 3 by 2 pixels, without its pixels.
fn picture() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
    png.extend([0; 4]);
    png
}

#[tokio::test]
async fn pictures_are_sent_as_pictures_and_their_captions_edited() {
    let world = World::new().await;
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    let path = dir.path().join("cat.png");
    fs::write(&path, picture()).unwrap();
    let send = async |as_file| {
        let file = DraftFile {
            as_file,
            name: "cat.png".to_owned(),
            ..file(&path)
        };
        let draft = Draft {
            words: "a cat".to_owned(),
            files: vec![file],
            ..Draft::new(world.group)
        };
        session.perform(Command::Send(draft)).await;
        until(&session, "it is sent", |model| model.outbox().is_empty()).await;
        last(&world).await
    };
    let plain = send(true).await;
    assert!(matches!(plain.body, Body::File(_)));
    let sent = send(false).await;
    let Body::Image(image) = &sent.body else {
        panic!("no picture: {:?}", sent.body);
    };
    assert_eq!((image.width, image.height), (3, 2));
    assert_eq!(image.file.media_type.as_str(), "image/png");
    assert_eq!(image.file.caption.as_str(), "a cat");
    assert_eq!(
        image.preview.as_bytes(),
        &picture()[..],
        "it is small enough"
    );

    for words in ["my cat", ""] {
        let is_held = |msgid| {
            until(&session, "it is held", move |model| {
                model.entry(world.group, msgid).is_some()
            })
        };
        is_held(sent.msgid).await;
        let draft = Draft {
            words: words.to_owned(),
            aim: Aim::Edit(sent.msgid),
            ..Draft::new(world.group)
        };
        session.perform(Command::Send(draft)).await;
        assert_eq!(session.take_refused(), []);
        until(&session, "it is edited", |model| {
            let entry = model.entry(world.group, sent.msgid).unwrap();
            entry.body.words() == Some(words)
        })
        .await;
    }
    session.close().await;
}
