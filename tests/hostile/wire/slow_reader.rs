//! Clients that do not read their pushes or answers: they fall behind, at little cost to the server
//! and none to other users.

use cairn_client::Client;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::{RUN_MESSAGES_MAX, TEXT_BYTES_MAX};
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::session::{Pull, PullRange};
use cairn_client::proto::wire::response::ServerFrame;
use tokio::time::timeout;

use crate::hostile::raw::{PATIENCE, Raw};
use crate::hostile::{Stage, connect, group, resident_bytes, text};

const MESSAGES: u64 = 20_000;

/// Bytes of each message, without its number.
const MESSAGE_BYTES: usize = 250;

/// Sessions that do not read, for each of two users.
const READERS: usize = 7;

/// The allowed growth in memory: enough for the cached messages and regular use, and less than a
/// copy per reader.
const GROWTH_BYTES_MAX: u64 = 40 * 1024 * 1024;

#[tokio::test]
async fn stalled_reader_costs_others_nothing() {
    let mut stage = Stage::set().await;
    let eve = stage.account("eve").await;
    let (bob, _) = stage.user("bob").await;
    let mal = stage.account("mal").await;
    let team = group(&bob, "team", &[eve.user, mal.user]).await;
    let (server, owner) = (stage.server.addr, stage.owner.clone());
    bob.conversation(team)
        .add_members(vec![stage.owner_account.user])
        .await
        .unwrap();
    let first = bob.conversation(team).send(text("first")).await.unwrap();
    let before = resident_bytes(stage.server.data());
    let mut slow = stage
        .meanwhile(async {
            let mut slow = Vec::new();
            for account in [&eve, &mal].repeat(READERS) {
                let (raw, _) = Raw::log_in_with(server, account, true).await;
                let timeline = raw.timeline().await;
                slow.push((raw, timeline));
            }
            tokio::join!(send_all(&bob, team), follows_all(&owner, team, first));
            slow
        })
        .await;
    let grown = resident_bytes(stage.server.data()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
    // The sessions are alive despite their unread timelines, and another client of the same device
    // receives everything.
    for (raw, _) in &mut slow {
        raw.goes_on().await;
    }
    stage
        .meanwhile(async { follows_all(&connect(&eve).await, team, first).await })
        .await;
}

async fn send_all(client: &Client, team: ConversationId) {
    let filler = "x".repeat(MESSAGE_BYTES);
    let mut last = None;
    for n in 0..MESSAGES {
        last = Some(
            client
                .conversation(team)
                .enqueue(text(&format!("{n} {filler}")))
                .await
                .unwrap(),
        );
    }
    last.unwrap().await.unwrap();
}

async fn follows_all(client: &Client, team: ConversationId, first: MsgId) {
    let mut timeline = client.conversation(team).follow(first.next());
    let (mut next, mut seen) = (first.next(), 0);
    while seen < MESSAGES {
        for message in timeline.next_batch().await.unwrap().unwrap() {
            assert_eq!(message.msgid, next);
            let n = format!("{seen} ");
            assert!(matches!(&message.body, Body::Text(text) if text.as_str().starts_with(&n)));
            (next, seen) = (next.next(), seen + 1);
        }
    }
}

/// Requests whose answers are not read wait for space. Closing the connection ends the wait.
#[tokio::test]
async fn disconnected_reader_is_dropped() {
    let mut stage = Stage::set().await;
    let eve = stage.account("eve").await;
    let (bob, _) = stage.user("bob").await;
    let team = group(&bob, "team", &[eve.user]).await;
    for _ in 0..8 {
        bob.conversation(team)
            .send(text(&"x".repeat(TEXT_BYTES_MAX)))
            .await
            .unwrap();
    }
    let (server, owner) = (stage.server.addr, stage.owner.clone());
    let before = owner.admin().metrics().await.unwrap().sessions;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &eve).await;
            let mut asked = Vec::new();
            for _ in 0..PULLS {
                let range = PullRange::From(MsgId::new(3));
                frame::write(
                    &raw.request(Request::from(Pull {
                        conversation: team,
                        range,
                        limit: RUN_MESSAGES_MAX,
                    }))
                    .1,
                    &mut asked,
                );
            }
            raw.stream.write(&asked).await;
            // One answer proves that the others are pending.
            raw.stream.read().await;
            assert_eq!(owner.admin().metrics().await.unwrap().sessions, before + 1);
            raw.connection.close(0_u32.into(), b"");
            let gone = async { while owner.admin().metrics().await.unwrap().sessions > before {} };
            timeout(PATIENCE, gone)
                .await
                .expect("the session stays for ever");
        })
        .await;
}

/// Pulls whose answers are not read, each for the most that one answer may hold: 250 MiB in total.
const PULLS: usize = 4_000;

/// Pulls of another user meanwhile; they give the server time to handle the unread ones.
const PULLS_BESIDE: usize = 400;

#[tokio::test]
async fn unread_replies_apply_backpressure() {
    let mut stage = Stage::set().await;
    let eve = stage.account("eve").await;
    let (bob, _) = stage.user("bob").await;
    let team = group(&bob, "team", &[eve.user]).await;
    let server = stage.server.addr;
    for _ in 0..8 {
        bob.conversation(team)
            .send(text(&"x".repeat(TEXT_BYTES_MAX)))
            .await
            .unwrap();
    }
    let range = PullRange::From(MsgId::new(3));
    let before = resident_bytes(stage.server.data());
    let mut raw = stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &eve).await;
            let mut asked = Vec::new();
            for _ in 0..PULLS {
                let (_, request) = raw.request(Request::from(Pull {
                    conversation: team,
                    range,
                    limit: RUN_MESSAGES_MAX,
                }));
                frame::write(&request, &mut asked);
            }
            raw.stream.write(&asked).await;
            for _ in 0..PULLS_BESIDE {
                assert!(
                    !bob.conversation(team)
                        .pull(range, RUN_MESSAGES_MAX)
                        .await
                        .unwrap()
                        .messages
                        .is_empty()
                );
            }
            raw
        })
        .await;
    let grown = resident_bytes(stage.server.data()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
    for _ in 0..PULLS_BESIDE {
        let ServerFrame::Response(_, Ok(answer)) = raw.stream.read().await else {
            panic!("no answer")
        };
        assert!(answer.of::<Pull>().unwrap().run.count > 0);
    }
}
