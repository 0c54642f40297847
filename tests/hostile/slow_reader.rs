//! A client that is pushed everything and reads nothing: it falls behind, which costs the server a position and nobody else anything.

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::Client;

use super::raw::Raw;
use super::{Stage, connect, group, resident_bytes, text};

const MESSAGES: u64 = 20_000;

/// What the server may grow by: room for the messages in memory, several times over, and for what it uses anyway.
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[tokio::test]
async fn who_does_not_read_costs_nobody_anything() {
    let mut stage = Stage::set().await;
    let eve = stage.account("eve").await;
    let (bob, bob_account) = stage.user("bob").await;
    let team = group(&bob, "team", &[eve.user]).await;
    let (server, owner) = (stage.server.addr, stage.owner.clone());
    bob.add_members(team, vec![stage.owner_account.user]).await.unwrap();
    let first = bob.send(team, text("first")).await.unwrap();
    let before = resident_bytes(stage.server.data());
    let mut slow = stage
        .meanwhile(async {
            let (slow, _) = Raw::log_in_with(server, &eve, true).await;
            let timeline = slow.timeline().await;
            tokio::join!(send_all(&bob, team), follows_all(&owner, team, first));
            (slow, timeline)
        })
        .await;
    let grown = resident_bytes(stage.server.data()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
    // Her session is alive beside the timeline that she does not read; a client of the same device gets everything.
    slow.0.goes_on().await;
    stage.meanwhile(async { follows_all(&connect(&eve).await, team, first).await }).await;
    assert_eq!(bob_account.user, bob.whoami().user);
}

async fn send_all(client: &Client, team: ConversationId) {
    let filler = "x".repeat(100);
    let mut last = None;
    for n in 0..MESSAGES {
        last = Some(client.enqueue(team, text(&format!("{n} {filler}"))).await.unwrap());
    }
    last.unwrap().await.unwrap();
}

async fn follows_all(client: &Client, team: ConversationId, first: MsgId) {
    let mut timeline = client.follow(team, first.next());
    let (mut next, mut seen) = (first.next(), 0);
    while seen < MESSAGES {
        for message in timeline.next_batch().await.unwrap().unwrap() {
            assert_eq!(message.msgid, next);
            let n = format!("{seen} ");
            assert!(matches!(&message.body, cairn_client::proto::body::Body::Text(text) if text.as_str().starts_with(&n)));
            (next, seen) = (next.next(), seen + 1);
        }
    }
}
