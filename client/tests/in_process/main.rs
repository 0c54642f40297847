//! The client and the real server in one process, on one thread, without sockets and with paused
//! time: sequencer, sessions, delivery and transfers as they are, over the in-memory transport.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of tests are tests"
)]

mod allowances;
mod desk;
mod fairness;
mod requests;

use std::io::Cursor;
use std::time::Duration;

use cairn_client::proto::model::presence::Presence;
use cairn_client::proto::model::retention::Retention;
use cairn_client::{Attachment, Body, Error, Event, Mention, MsgId, PullRange, Reconnect, Update};
use cairn_memory::Limits;
use tokio::time::{Instant, sleep};

use cairn_testing::{DAY, Server};

/// The default of `away-after`.
const AWAY_AFTER: Duration = Duration::from_secs(10 * 60);

#[tokio::test(start_paused = true)]
async fn messages_arrive_through_small_windows() {
    const MESSAGES: u64 = 500;
    let (mut server, invite) = Server::start(Limits {
        to_server_bytes: 256,
        to_client_bytes: 256,
        ..Limits::default()
    })
    .await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (bob, _) = server.invite(&ada, "bob").await;
    let members = vec![bob.whoami().user];
    let group = ada.conversations();
    let group = group.create_group("team".parse().unwrap(), members).await;
    let group = group.unwrap();
    let mut timeline = bob.conversation(group).follow(MsgId::new(1));
    let send = async {
        let mut accepted = Vec::new();
        for n in 1..=MESSAGES {
            let enqueued = ada.conversation(group).enqueue(n.to_string()).await;
            accepted.push(enqueued.unwrap());
        }
        for accepted in accepted {
            accepted.await.unwrap();
        }
    };
    let read = async {
        let mut texts = Vec::new();
        while texts.len() < MESSAGES as usize {
            let message = timeline.next().await.unwrap().unwrap();
            if let Body::Text(text) = message.body {
                texts.push(text.to_string());
            }
        }
        texts
    };
    let ((), texts) = tokio::join!(send, read);
    let expected: Vec<String> = (1..=MESSAGES).map(|n| n.to_string()).collect();
    assert_eq!(texts, expected);
    ada.close().await;
    bob.close().await;
    server.stop().await;
}

/// Attachments are written and read on other threads, which paused time waits for.
#[tokio::test(start_paused = true)]
async fn attachments_arrive_through_small_windows() {
    const BYTES: usize = 300_000;
    let (mut server, invite) = Server::start(Limits {
        to_server_bytes: 1024,
        to_client_bytes: 1024,
        ..Limits::default()
    })
    .await;
    let (ada, _) = server.join(&invite, "ada").await;
    let group = ada.conversations();
    let group = group
        .create_group("files".parse().unwrap(), Vec::new())
        .await;
    let files = ada.conversation(group.unwrap());
    let content: Vec<u8> = (0..BYTES).map(|n| (n % 251) as u8).collect();
    let uploaded = ada
        .upload(&mut Cursor::new(&content), |_| {})
        .await
        .unwrap();
    let attachment = Attachment {
        hash: uploaded.hash,
        size_bytes: uploaded.size_bytes,
        name: "file".parse().unwrap(),
        media_type: "application/octet-stream".parse().unwrap(),
        caption: "".parse().unwrap(),
    };
    let body = Body::File(Box::new(attachment.clone()));
    let msgid = files.send(body).await.unwrap();
    let target = server.dir.path().join("downloaded");
    let downloaded = files.download(msgid, &attachment, &target, |_| {}).await;
    downloaded.unwrap();
    assert!(std::fs::read(target).unwrap() == content);
    ada.close().await;
    server.stop().await;
}

/// Paused time jumps to the next timer while nothing else happens, so days take no time, unless
/// something waits for another thread or for a socket. All clocks of the server follow it.
#[tokio::test(start_paused = true)]
async fn idle_user_is_away_and_old_messages_expire() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (bob, _) = server.invite(&ada, "bob").await;
    let watched = bob.whoami().user;
    let group = ada.conversations();
    let group = group.create_group("team".parse().unwrap(), vec![watched]);
    let group = ada.conversation(group.await.unwrap());
    group.set_retention(Some(Retention::Days(1))).await.unwrap();
    let sent = group.send("hello").await.unwrap();
    let present = ada.people().watch(vec![watched]).await.unwrap();
    assert_eq!(present[0].presence(), Presence::Online);

    let mut events = ada.events();
    let away = async {
        loop {
            if let Event::Update(Update::Presence(presence)) = events.next().await.unwrap() {
                return (presence.presence(), Instant::now());
            }
        }
    };
    let begun = Instant::now();
    let (became, noticed) = away.await;
    assert_eq!(became, Presence::Away);
    assert!(noticed - begun >= AWAY_AFTER / 2, "{:?}", noticed - begun);
    assert!(noticed - begun <= AWAY_AFTER * 2, "{:?}", noticed - begun);

    let oldest = async || {
        let page = group.pull(PullRange::From(MsgId::new(1)), 100);
        page.await.unwrap().floor
    };
    sleep(DAY / 2).await;
    assert!(oldest().await < sent);
    sleep(DAY).await;
    assert!(oldest().await >= sent);
    ada.close().await;
    bob.close().await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn client_continues_after_restart() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, account) = server.join(&invite, "ada").await;
    let group = ada.conversations();
    let group = group
        .create_group("team".parse().unwrap(), Vec::new())
        .await;
    let group = group.unwrap();
    ada.conversation(group).send("before").await.unwrap();
    let mut events = ada.events();
    let once = server.client().reconnect(Reconnect::Never);
    let once = once.connect(&account).await.unwrap();

    server.stop().await;
    let refused = server.client().connect(&account).await.unwrap_err();
    assert!(matches!(refused, Error::Broken { .. }), "{refused}");
    let lost = once.conversation(group).send("late").await.unwrap_err();
    assert!(
        matches!(&lost, Error::Lost { source, .. } if source.to_string().contains("stopping")),
        "{lost}"
    );
    let sent = async { ada.conversation(group).send("after").await.unwrap() };
    let (sent, ready) = tokio::join!(sent, server.run());
    assert_eq!(ready.invite, None);
    while !matches!(events.next().await.unwrap(), Event::Reconnected) {}
    let mut timeline = ada.conversation(group).follow(sent);
    assert_eq!(timeline.next().await.unwrap().unwrap().msgid, sent);
    ada.close().await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn texts_mention_members() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (bob, _) = server.invite(&ada, "bob").await;
    let user = bob.whoami().user;
    let group = ada.conversations();
    let group = group.create_group("team".parse().unwrap(), vec![user]);
    let team = ada.conversation(group.await.unwrap());
    let names = team.mention_names().await.unwrap();
    let found = names.find("@Bob, @all, @bob and `@bob`; @eve");
    assert_eq!(found.found, [Mention::User(user), Mention::All]);
    assert_eq!(found.unknown, ["eve"]);
    let theirs = bob.conversation(team.id()).mention_names().await.unwrap();
    assert_eq!(theirs.find("@all").found, [], "members cannot mention all");

    let accepted = team.enqueue_mentioning("@bob你好").await.unwrap();
    let msgid = accepted.await.unwrap();
    let mentions = async |msgid| {
        let message = team.message(msgid).await.unwrap().unwrap();
        message.extras.mentioned().collect::<Vec<_>>()
    };
    assert_eq!(mentions(msgid).await, [user]);
    team.edit_mentioning(msgid, "bob@example.org".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(mentions(msgid).await, []);
    team.edit_mentioning(msgid, "**@bob**".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(mentions(msgid).await, [user]);
    team.edit(msgid, "plain".parse().unwrap()).await.unwrap();
    assert_eq!(mentions(msgid).await, [user], "a plain edit keeps them");

    let (direct, hello) = (bob.conversations().direct(ada.whoami().user), "@ada");
    let direct = bob.conversation(direct.unwrap());
    let first = direct.enqueue_mentioning(hello).await.unwrap();
    assert_eq!(first.await.unwrap(), MsgId::new(1));
    let message = direct.message(MsgId::new(1)).await.unwrap().unwrap();
    assert!(message.extras.mentioned().eq([ada.whoami().user]));
    ada.close().await;
    bob.close().await;
    server.stop().await;
}
