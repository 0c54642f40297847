//! Retention: messages expire for all members, on a real server and across kills.

mod bounds;
mod files;
mod space;
mod uses;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp};
use cairn_client::proto::limits::RETENTION_DAYS_MAX;
use cairn_client::proto::model::retention::{Retention, RetentionInfo};
use cairn_client::proto::text::{EmojiName, GroupName, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Client, Error, Event, Events, Update};
use cairn_store::check::doctor;

use crate::support::{Server, acked, event, invite, next, until};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn days_ago(days: u32) -> Timestamp {
    let then = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - DAY * days;
    Timestamp::new(then.as_millis() as u64)
}

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

/// Imports messages of the given ages in days.
async fn import(client: &Client, to: ConversationId, days: impl Iterator<Item = u32>) {
    let said = |days| ImportEntry {
        sender: UserName::new("carol").unwrap(),
        sent_at: days_ago(days),
        body: text(&format!("said {days} days ago")),
    };
    let source = ImportSource::new(1);
    let first = client.conversation(to).import_cursor(source).await.unwrap();
    client
        .conversation(to)
        .import(source, first, days.map(said).collect())
        .await
        .unwrap();
}

/// Waits until messages expire, and returns the floor.
async fn expired(events: &mut Events) -> (ConversationId, MsgId) {
    let floor_of = |event| match event {
        Event::Update(Update::Floor {
            conversation,
            floor,
        }) => Some((conversation, floor)),
        _ => None,
    };
    event(events, "messages expire", floor_of).await
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorCode {
    match answer {
        Err(Error::Refused(code)) => code,
        other => panic!("{other:?}"),
    }
}

/// The policy is only in the log: no checkpoint has moved it into the trees.
#[tokio::test]
async fn policy_is_followed_after_a_kill() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let name = GroupName::new("team").unwrap();
    let team = ada
        .conversations()
        .create_group(name, vec![])
        .await
        .unwrap();
    import(&ada, team, [40, 39].into_iter()).await;
    let policy = Some(Retention::Days(30));
    ada.conversation(team).set_retention(policy).await.unwrap();
    server.kill();
    ada.close().await;
    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    let floor = async || {
        let all = ada.conversations().list().await.unwrap();
        all.iter().find(|found| found.id == team).unwrap().floor
    };
    until("messages expire", async || floor().await == MsgId::new(3)).await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
async fn expired_differs_from_never_existed() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), vec![bob_account.user])
        .await
        .unwrap();
    // The two entries of the group's creation are from today, so the policy keeps them.
    import(
        &ada,
        team,
        [40, 39, 20]
            .into_iter()
            .chain(std::iter::repeat_n(10, 200))
            .chain([50]),
    )
    .await;
    let (mut seen, mut events) = (bob.conversation(team).follow(MsgId::new(1)), bob.events());
    let last = ada.conversation(team).send(text("today")).await.unwrap();
    while next(&mut seen).await.msgid < last {}
    assert_eq!(seen.floor(), MsgId::ZERO);
    for (days, floor) in [
        (60, None),
        (30, Some(4)),
        (15, Some(5)),
        (12, None),
        (9, Some(206)),
    ] {
        ada.conversation(team)
            .set_retention(Some(Retention::Days(days)))
            .await
            .unwrap();
        if let Some(floor) = floor {
            assert_eq!(
                expired(&mut events).await,
                (team, MsgId::new(floor)),
                "{days} days"
            );
            check_gone(&bob, team, MsgId::new(floor)).await;
        }
    }
    let last = ada
        .conversation(team)
        .send(text("later today"))
        .await
        .unwrap();

    let direct = bob
        .conversations()
        .direct(server_owner(&bob).await)
        .unwrap();
    let quiet = ada
        .conversation(direct)
        .send(text("just us"))
        .await
        .unwrap();
    assert_eq!(
        ada.conversation(team).retention().await.unwrap(),
        RetentionInfo {
            set: Some(Retention::Days(9)),
            effective: Retention::Days(9)
        }
    );
    assert_eq!(
        refused(
            bob.conversation(team)
                .set_retention(Some(Retention::Days(1)))
                .await
        ),
        ErrorCode::Forbidden
    );
    for absurd in [0, RETENTION_DAYS_MAX + 1, u32::MAX] {
        assert_eq!(
            refused(
                ada.conversation(team)
                    .set_retention(Some(Retention::Days(absurd)))
                    .await
            ),
            ErrorCode::BadRequest
        );
        assert_eq!(
            refused(
                ada.conversation(team)
                    .set_retention(Some(Retention::UntilAcked { cap_days: absurd }))
                    .await
            ),
            ErrorCode::BadRequest
        );
    }

    // Every device acked everything, so no ack delays expiry.
    for client in [&ada, &bob] {
        acked(client, team, last).await;
    }
    ada.conversation(team)
        .set_retention(Some(Retention::UntilAcked { cap_days: 1 }))
        .await
        .unwrap();
    let (conversation, floor) = expired(&mut events).await;
    assert_eq!((conversation, floor), (team, last));
    while next(&mut seen).await.msgid <= last {}
    assert_eq!(seen.floor(), last);
    check_gone(&bob, team, last).await;
    // Other conversations are not affected.
    assert_eq!(
        bob.conversation(direct)
            .pull(PullRange::From(quiet), 1)
            .await
            .unwrap()
            .messages
            .len(),
        1
    );
    assert_eq!(
        bob.conversation(direct).retention().await.unwrap(),
        RetentionInfo {
            set: None,
            effective: Retention::Keep
        }
    );

    server.kill();
    server.restart();
    check_gone(&bob, team, last).await;
    let next = ada
        .conversation(team)
        .send(text("after it all"))
        .await
        .unwrap();
    assert_eq!(next, last.plus(2));
    drop((ada, bob));
    assert!(server.stop().success());
    let report = doctor::check(server.data(), doctor::Depth::Hashes, &mut |_| ()).unwrap();
    assert_eq!(
        report.messages, 3,
        "the entry that tells of the policy, what was said since, and the direct chat"
    );
}

async fn server_owner(client: &Client) -> cairn_client::proto::ids::UserId {
    client
        .people()
        .find(UserName::new("owner").unwrap())
        .await
        .unwrap()
        .unwrap()
        .id
}

/// Checks that requests about expired messages are refused with the reason.
async fn check_gone(client: &Client, team: ConversationId, floor: MsgId) {
    for range in [PullRange::From(MsgId::new(1)), PullRange::Before(floor)] {
        let page = client.conversation(team).pull(range, 500).await.unwrap();
        assert_eq!(page.floor, floor);
        assert!(
            page.messages.iter().all(|message| message.msgid > floor),
            "{range:?}"
        );
    }
    let emoji = EmojiName::new("wave").unwrap();
    assert_eq!(
        refused(client.conversation(team).react(floor, emoji.clone()).await),
        ErrorCode::Expired
    );
    assert_eq!(
        refused(
            client
                .conversation(team)
                .edit(MsgId::new(1), Text::new("other words").unwrap())
                .await
        ),
        ErrorCode::Expired
    );
    assert_eq!(
        refused(client.conversation(team).recall(floor).await),
        ErrorCode::Expired
    );
    assert_eq!(
        refused(client.conversation(team).pin(floor).await),
        ErrorCode::Expired
    );
    assert_eq!(
        refused(
            client
                .conversation(team)
                .reply(floor, text("what did you say?"))
                .await
        ),
        ErrorCode::Expired
    );
    assert_eq!(
        refused(
            client
                .conversation(team)
                .react(MsgId::new(9_999), emoji)
                .await
        ),
        ErrorCode::NoSuchMessage
    );
    let overview = client
        .conversations()
        .list()
        .await
        .unwrap()
        .into_iter()
        .find(|found| found.id == team)
        .unwrap();
    assert_eq!((overview.floor, overview.mentions), (floor, 0));
}
