//! Notices of a session: the keywords of the account, as of its start and as they change.

use std::time::Duration;

use cairn_client::memory::Limits;
use cairn_client::proto::text::Keyword;
use cairn_client::{Client, MsgId};
use cairn_session::{Notice, Reason, Session};
use cairn_testing::Server;
use tokio::time::timeout;

use crate::chat::{World, soon, until};

async fn next_notice(session: &Session) -> Notice {
    let mut found = None;
    soon("a notice", async {
        while found.is_none() {
            session.changed().await;
            found = session.take_notices().into_iter().next();
        }
    })
    .await;
    found.unwrap()
}

fn keywords(words: &[&str]) -> Vec<Keyword> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

async fn expect_keyword(session: &Session, sent: MsgId) {
    let Notice::Message { msgid, reason, .. } = next_notice(session).await else {
        panic!("a summary of one message");
    };
    assert_eq!((msgid, reason), (sent, Reason::Keyword));
}

#[tokio::test]
async fn keywords_of_the_account_notify() {
    let (server, link) = Server::start_now(Limits::default()).await;
    let world = World::on(server, &link).await;
    let (bob, account) = world.server.invite(&world.client, "bob").await;
    let group = world.client.conversation(world.group);
    group.add_members(vec![account.user]).await.unwrap();
    let me = world.client.me();
    me.change_keywords(keywords(&["release"]), Vec::new())
        .await
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let session = world.online(dir.path()).await;
    let say = async |client: &Client, words: &str| {
        let sent = client.conversation(world.group).send(words).await;
        sent.unwrap()
    };
    // The keywords are requested with the overview: a message before their answer notifies as any
    // other, so that of the first one is not compared.
    let first = say(&bob, "hello").await;
    until(&session, "it arrived", |model| {
        model.entry(world.group, first).is_some()
    })
    .await;
    next_notice(&session).await;
    let sent = say(&bob, "the RELEASE is out").await;
    expect_keyword(&session, sent).await;
    let me = world.client.me();
    me.change_keywords(keywords(&["rollback"]), keywords(&["release"]))
        .await
        .unwrap();
    // An update and a pushed entry come on one stream.
    let sent = say(&bob, "a rollback").await;
    expect_keyword(&session, sent).await;
    let sent = say(&bob, "another release").await;
    let Notice::Message { msgid, reason, .. } = next_notice(&session).await else {
        panic!("a summary of one message");
    };
    assert_eq!((msgid, reason), (sent, Reason::Message));
    // Own messages do not notify.
    say(&world.client, "a rollback of mine").await;
    assert!(
        timeout(Duration::from_millis(2_500), next_notice(&session))
            .await
            .is_err()
    );
    session.close().await;
}
