//! Clients whose users add more than the server allows: they wait, and nothing fails.

use std::time::Duration;

use cairn_client::proto::text::{SettingName, SettingValue};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Body, Client, ConversationId, Error, MsgId, UserId};
use cairn_memory::Limits;
use cairn_testing::Server;
use tokio::time::Instant;

async fn set(owner: &Client, name: &str, value: &str) {
    let (name, value) = (SettingName::new(name), SettingValue::new(value));
    owner
        .admin()
        .set_setting(name.unwrap(), value.unwrap())
        .await
        .unwrap();
}

async fn group(client: &Client, name: &str) -> ConversationId {
    let groups = client.conversations();
    groups
        .create_group(name.parse().unwrap(), Vec::new())
        .await
        .unwrap()
}

/// Sends many messages at once. Returns how long it takes until all are accepted.
async fn send_all(client: &Client, to: ConversationId, texts: &[String]) -> Duration {
    let (begun, mut accepted) = (Instant::now(), Vec::new());
    for text in texts {
        let enqueued = client.conversation(to).enqueue(text.clone()).await;
        accepted.push(enqueued.unwrap());
    }
    let mut last = MsgId::ZERO;
    for accepted in accepted {
        let msgid = accepted.await.unwrap();
        assert!(msgid > last, "one message overtook another");
        last = msgid;
    }
    begun.elapsed()
}

/// Checks that the conversation has these messages, in this order.
async fn assert_all_stored(client: &Client, of: ConversationId, texts: &[String]) {
    let mut timeline = client.conversation(of).follow(MsgId::new(1));
    let mut expected = texts.iter();
    while expected.len() > 0 {
        let message = timeline.next().await.unwrap().unwrap();
        if let Body::Text(text) = message.body {
            assert_eq!(Some(&text.to_string()), expected.next());
        }
    }
}

fn texts(count: usize, bytes: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:0bytes$}")).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_beyond_the_rate_wait() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (eve, account) = server.invite(&ada, "eve").await;
    set(&ada, "messages-per-second", "10").await;
    let (of_ada, of_eve) = (group(&ada, "ada").await, group(&eve, "eve").await);
    let also_eve = server.client().connect(&account).await.unwrap();
    // A minute's worth may be sent at once, on all connections together.
    let (texts, more) = (texts(400, 1), texts(400, 2));
    let other = group(&also_eve, "other").await;
    let (one, two, ada_took) = tokio::join!(
        send_all(&eve, of_eve, &texts),
        send_all(&also_eve, other, &more),
        send_all(&ada, of_ada, &texts),
    );
    let took = one.max(two);
    assert!(took >= Duration::from_secs(19), "{took:?}");
    assert!(took <= Duration::from_secs(25), "{took:?}");
    assert!(ada_took < Duration::from_secs(1), "{ada_took:?}");
    assert_all_stored(&eve, of_eve, &texts).await;
    assert_all_stored(&also_eve, other, &more).await;
    let metrics = ada.admin().metrics().await.unwrap();
    assert!(metrics.delayed >= 190, "{}", metrics.delayed);
    for client in [ada, eve, also_eve] {
        client.close().await;
    }
    server.stop().await;
}

/// The server refuses what would wait for long, and the client tries again.
#[tokio::test(start_paused = true)]
async fn messages_beyond_the_volume_of_a_day_wait_for_hours() {
    const BYTES: usize = 16 * 1024;
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (eve, _) = server.invite(&ada, "eve").await;
    set(&ada, "message-bytes-per-day", "1MiB").await;
    let to = group(&eve, "eve").await;
    // Half of them are stored at once, and another one every 22 minutes.
    let texts = texts(128, BYTES);
    let took = send_all(&eve, to, &texts).await;
    let hour = Duration::from_secs(60 * 60);
    assert!(took >= 23 * hour && took <= 25 * hour, "{took:?}");
    assert_all_stored(&eve, to, &texts).await;
    let metrics = ada.admin().metrics().await.unwrap();
    assert!(metrics.too_fast >= 64, "{}", metrics.too_fast);
    ada.close().await;
    eve.close().await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn groups_beyond_the_rate_wait() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (eve, _) = server.invite(&ada, "eve").await;
    set(&ada, "memberships-per-second", "1").await;
    let begun = Instant::now();
    for n in 0..20 {
        group(&eve, &format!("group-{n}")).await;
    }
    // Seven at once, and another one every ten seconds.
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(120), "{took:?}");
    assert!(took <= Duration::from_secs(150), "{took:?}");
    // Messages do not wait for a refused group.
    let to = eve.conversations().list().await.unwrap()[0].id;
    let members = (1_000..1_100).map(UserId::new).collect();
    let large = eve.conversations();
    let large = large.create_group("large".parse().unwrap(), members);
    let refused = large.await.unwrap_err();
    assert!(
        matches!(refused, Error::Refused(ErrorCode::NoSuchUser)),
        "{refused}"
    );
    let sent = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        send_all(&eve, to, &texts(10, 1)).await
    };
    let begun = Instant::now();
    let (_, sent) = tokio::join!(group(&eve, "last"), sent);
    assert!(sent < Duration::from_secs(1), "{sent:?}");
    assert!(begun.elapsed() > Duration::from_secs(90));
    assert_eq!(eve.conversations().list().await.unwrap().len(), 21);
    ada.close().await;
    eve.close().await;
    server.stop().await;
}

/// A connection that is lost meanwhile changes neither the order nor the number of the messages.
#[tokio::test(start_paused = true)]
async fn refused_messages_are_sent_after_a_restart() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, _) = server.join(&invite, "ada").await;
    let (eve, _) = server.invite(&ada, "eve").await;
    set(&ada, "message-bytes-per-day", "64KiB").await;
    let to = group(&eve, "eve").await;
    let texts = texts(12, 16 * 1024);
    let restart = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        server.stop().await;
        server.run().await;
    };
    let (_, ()) = tokio::join!(send_all(&eve, to, &texts), restart);
    assert_all_stored(&eve, to, &texts).await;
    ada.close().await;
    eve.close().await;
    server.stop().await;
}
