//! Files: uploaded before their messages, also by the next process.

use std::fs;
use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::{Message, MsgId};
use cairn_session::{Command, Draft, DraftFile, Failure, FileFault, SendState, Session};

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
    let session = world.open(dir.path());
    let group = world.group;
    until(&session, "the list", |model| {
        model.conversation(group).is_some()
    })
    .await;
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
