//! Cursors and ranges at and beyond the ends of a log.

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::{RUN_BYTES_MAX, RUN_MESSAGES_MAX};
use cairn_client::proto::model::conversation::Conversation;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::reading::{Ack, GetReceipts, MarkRead, MarkUnread};
use cairn_client::proto::wire::request::session::{ListConversations, Pull, PullRange, Pulled};
use cairn_client::proto::wire::request::{Answer, Request};

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, group, text};

async fn item(client: &Client, conversation: ConversationId) -> Conversation {
    client
        .conversations()
        .list()
        .await
        .unwrap()
        .into_iter()
        .find(|item| item.id == conversation)
        .unwrap()
}

#[tokio::test]
async fn cursor_is_bounded_and_monotonic() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    let head = eve.conversation(team).send(text("one")).await.unwrap();
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let ack = |msgid| {
                Request::from(Ack {
                    conversation: team,
                    msgid,
                })
            };
            let read = |msgid| {
                Request::from(MarkRead {
                    conversation: team,
                    msgid,
                })
            };
            for msgid in [head.next(), MsgId::new(u64::MAX)] {
                assert_eq!(raw.ask_any(read(msgid)).await, Err(ErrorCode::BadCursor));
            }
            for msgid in [
                MsgId::ZERO,
                MsgId::new(1),
                head.next(),
                MsgId::new(u64::MAX),
            ] {
                let receipts = Request::from(GetReceipts {
                    conversation: team,
                    msgid,
                    after: None,
                });
                assert_eq!(
                    raw.ask_any(receipts).await,
                    Err(ErrorCode::NoSuchMessage),
                    "no message of anybody"
                );
            }
            for from in [MsgId::ZERO, head.next(), MsgId::new(u64::MAX)] {
                let back = Request::from(MarkUnread {
                    conversation: team,
                    from,
                });
                assert_eq!(raw.ask_any(back).await, Err(ErrorCode::NoSuchMessage));
            }
            assert_eq!(
                delivered_and_read(&mut raw).await,
                (MsgId::ZERO, head),
                "sending reads"
            );
            for (moved, delivered) in [
                (head.prev(), head.prev()),
                (head, head),
                (head.prev(), head),
                (MsgId::ZERO, head),
            ] {
                assert_eq!(raw.ask_any(ack(moved)).await, Ok(Answer::to::<Ack>(&())));
                assert_eq!(
                    raw.ask_any(read(moved)).await,
                    Ok(Answer::to::<MarkRead>(&()))
                );
                assert_eq!(delivered_and_read(&mut raw).await, (delivered, head));
            }
            for ahead in [head.next(), MsgId::new(u64::MAX)] {
                assert_eq!(raw.ask_any(ack(ahead)).await, Ok(Answer::to::<Ack>(&())));
                assert_eq!(delivered_and_read(&mut raw).await, (head, head));
            }
        })
        .await;
    assert_eq!(item(&eve, team).await.head, head);
}

async fn delivered_and_read(raw: &mut Raw) -> (MsgId, MsgId) {
    let all = ListConversations {
        since: None,
        after: None,
    };
    let page = raw.ask(all).await.unwrap();
    (page.items[0].delivered, page.items[0].read)
}

#[tokio::test]
async fn pull_size_is_bounded() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    // More than one reply may hold, by count and by bytes.
    for n in 0..RUN_MESSAGES_MAX {
        drop(
            eve.conversation(team)
                .enqueue(text(&format!("message {n}")))
                .await
                .unwrap(),
        );
    }
    for _ in 0..RUN_BYTES_MAX / 10_000 {
        drop(
            eve.conversation(team)
                .enqueue(text(&"long ".repeat(2_000)))
                .await
                .unwrap(),
        );
    }
    let head = eve.conversation(team).send(text("last")).await.unwrap();
    let most = u64::from(RUN_MESSAGES_MAX);
    let (from, before) = (
        |msgid| PullRange::From(MsgId::new(msgid)),
        |msgid| PullRange::Before(MsgId::new(msgid)),
    );
    let max = u64::MAX;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for range in [from(1), from(max), before(0), before(max)] {
                assert_eq!(
                    pull(&mut raw, team, range, 0).await,
                    Err(ErrorCode::BadRequest),
                    "{range:?}"
                );
            }
            let h = head.get();
            for (range, limit, expected) in [
                (from(0), 1, Some((1, 1))),
                (from(0), u32::MAX, Some((1, most))),
                (from(1), u32::MAX, Some((1, most))),
                (from(h), u32::MAX, Some((h, h))),
                (from(h + 1), u32::MAX, None),
                (from(max), u32::MAX, None),
                (before(0), u32::MAX, None),
                (before(1), u32::MAX, None),
                (before(2), u32::MAX, Some((1, 1))),
                (before(h), 1, Some((h - 1, h - 1))),
                (before(h + 1), 2, Some((h - 1, h))),
                (before(max), 2, Some((h - 1, h))),
            ] {
                let pulled = pull(&mut raw, team, range, limit).await.unwrap();
                assert_eq!(span(&pulled), expected, "{range:?} {limit}");
                assert_eq!((pulled.head, pulled.floor), (head, MsgId::ZERO));
            }
            // A run ends at the byte limit.
            let pulled = pull(&mut raw, team, before(max), u32::MAX).await.unwrap();
            assert!(
                pulled.run.entries.len() <= RUN_BYTES_MAX && pulled.run.count < RUN_MESSAGES_MAX
            );
            assert_eq!(pulled.run.last(), head);
            assert!(pulled.run.messages().is_ok());
        })
        .await;
}

async fn pull(
    raw: &mut Raw,
    conversation: ConversationId,
    range: PullRange,
    limit: u32,
) -> Result<Pulled, ErrorCode> {
    raw.ask(Pull {
        conversation,
        range,
        limit,
    })
    .await
}

/// The first and last msgid of a run, whose entries must be consecutive.
fn span(pulled: &Pulled) -> Option<(u64, u64)> {
    let messages = pulled.run.messages().unwrap();
    assert!(
        messages
            .iter()
            .zip(pulled.run.first.get()..)
            .all(|(message, msgid)| message.msgid.get() == msgid)
    );
    Some((messages.first()?.msgid.get(), messages.last()?.msgid.get()))
}
