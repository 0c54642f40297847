//! Limits on the state that members can create: each can be reached, and not exceeded.

use std::collections::BTreeSet;
use std::time::Instant;

use bytes::BytesMut;
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::{
    BANNED_USERS_MAX, GROUPS_FOUND_MAX, IMPORT_ENTRIES_MAX, PINS_MAX, REACTION_KINDS_MAX,
    REACTIONS_MAX, TEXT_BYTES_MAX, USER_NAME_BYTES_MAX, USERS_PER_REQUEST_MAX,
};
use cairn_client::proto::model::group::{Access, GroupSettings};
use cairn_client::proto::text::{EmojiName, GroupName, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::request::group::{Ban, FindGroups, ListBanned, Unban};
use cairn_client::proto::wire::request::message::{
    Import, ImportEntry, Pin, React, Recall, Unpin, Unreact,
};
use cairn_client::proto::wire::request::people::FindUsers;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::proto::wire::request::{Answer, List, Request};
use cairn_client::proto::wire::response::ServerFrame;
use cairn_server::limits::{REQUEST_BURST_MAX, REQUEST_INTERVAL};
use tokio::time::timeout;

use crate::hostile::raw::{PATIENCE, Raw};
use crate::hostile::{Stage, connect, group, text};

fn done() -> Result<Answer, ErrorCode> {
    Ok(Answer::to::<Pin>(&()))
}

/// An emoji name of the maximum length.
fn emoji(number: usize) -> EmojiName {
    EmojiName::new(format!("{number:0>USER_NAME_BYTES_MAX$}")).unwrap()
}

fn changed(users: usize) -> Result<Answer, ErrorCode> {
    Ok(Answer::to::<Ban>(&users.try_into().unwrap()))
}

/// The maximum number of reactions on a message of the maximum length.
#[tokio::test]
async fn reactions_per_message_are_bounded() {
    let mut stage = Stage::set().await;
    let (ada, _) = stage.user("ada").await;
    let mut accounts = Vec::new();
    for number in 0..=REACTIONS_MAX / REACTION_KINDS_MAX {
        accounts.push(stage.account(&format!("user{number}")).await);
    }
    let team = group(
        &ada,
        "team",
        &accounts
            .iter()
            .map(|account| account.user)
            .collect::<Vec<_>>(),
    )
    .await;
    let words = text(&"x".repeat(TEXT_BYTES_MAX));
    let said = ada.conversation(team).send(words.clone()).await.unwrap();
    let server = stage.server.addr;
    let react = |number| {
        Request::from(React {
            conversation: team,
            msgid: said,
            emoji: emoji(number),
        })
    };
    let unreact = |number| {
        Request::from(Unreact {
            conversation: team,
            msgid: said,
            emoji: emoji(number),
        })
    };
    stage
        .meanwhile(async {
            let (late, others) = accounts.split_last().unwrap();
            for account in others {
                let mut raw = Raw::log_in(server, account).await;
                for number in 0..REACTION_KINDS_MAX {
                    assert_eq!(raw.ask_any(react(number)).await, done());
                }
            }
            let (mut first, mut late) = (
                Raw::log_in(server, &others[0]).await,
                Raw::log_in(server, late).await,
            );
            assert_eq!(late.ask_any(react(0)).await, Err(ErrorCode::LimitReached));
            assert_eq!(first.ask_any(react(0)).await, done(), "it is there already");
            assert_eq!(first.ask_any(unreact(0)).await, done());
            assert_eq!(late.ask_any(react(0)).await, done());
            assert_eq!(first.ask_any(react(0)).await, Err(ErrorCode::LimitReached));
        })
        .await;
    let page = ada
        .conversation(team)
        .pull(PullRange::From(said), 1)
        .await
        .unwrap();
    let message = &page.messages[0];
    let reactions: Vec<usize> = message
        .extras
        .reactions()
        .iter()
        .map(|reaction| reaction.users.len())
        .collect();
    assert_eq!(
        reactions,
        [REACTIONS_MAX / REACTION_KINDS_MAX; REACTION_KINDS_MAX]
    );
    assert_eq!(message.body, words);
    assert_eq!(page.head, MsgId::new(said.get() + REACTIONS_MAX as u64 + 2));
}

#[tokio::test]
async fn pins_are_bounded() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let mut said = Vec::new();
    for number in 0..=PINS_MAX {
        said.push(
            eve.conversation(team)
                .send(text(&number.to_string()))
                .await
                .unwrap(),
        );
    }
    let server = stage.server.addr;
    let pin = |msgid| {
        Request::from(Pin {
            conversation: team,
            msgid,
        })
    };
    let (&last, rest) = said.split_last().unwrap();
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for &msgid in rest {
                assert_eq!(raw.ask_any(pin(msgid)).await, done());
            }
            assert_eq!(raw.ask_any(pin(last)).await, Err(ErrorCode::LimitReached));
            assert_eq!(
                raw.ask_any(pin(rest[0])).await,
                done(),
                "it is pinned already"
            );
            // A recall frees a pin, and so does unpinning.
            assert_eq!(
                raw.ask(Recall {
                    conversation: team,
                    msgid: rest[0]
                })
                .await,
                Ok(())
            );
            assert_eq!(raw.ask_any(pin(last)).await, done());
            assert_eq!(
                raw.ask(Unpin {
                    conversation: team,
                    msgid: last
                })
                .await,
                Ok(())
            );
            assert_eq!(raw.ask_any(pin(last)).await, done());
        })
        .await;
    assert_eq!(eve.conversation(team).pins().await.unwrap(), said[1..]);
}

/// Users created by an import.
async fn imported(raw: &mut Raw, into: ConversationId, count: usize) -> Vec<UserId> {
    let names: Vec<UserName> = (0..count)
        .map(|number| UserName::new(format!("old{number}")).unwrap())
        .collect();
    let mut users = Vec::new();
    for (part, names) in (0..).zip(names.chunks(IMPORT_ENTRIES_MAX.min(USERS_PER_REQUEST_MAX))) {
        let entry = |name: &UserName| ImportEntry {
            sender: name.clone(),
            sent_at: Timestamp::new(1),
            body: text("x"),
        };
        let (first, entries) = (
            part * IMPORT_ENTRIES_MAX as u64,
            names.iter().map(entry).collect(),
        );
        raw.ask(Import {
            conversation: into,
            source: ImportSource::new(1),
            first,
            entries,
        })
        .await
        .unwrap();
        match raw
            .ask(FindUsers {
                names: names.to_vec(),
            })
            .await
        {
            Ok(List(found)) => users.extend(found.into_iter().map(|user| user.id)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(users.len(), count);
    users
}

#[tokio::test]
async fn bans_are_bounded() {
    let mut stage = Stage::set().await;
    let (server, account) = (stage.server.addr, stage.owner_account.clone());
    let team = group(&stage.owner, "team", &[]).await;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let users = imported(&mut raw, team, BANNED_USERS_MAX + 1).await;
            let ban = |users: &[UserId]| {
                Request::from(Ban {
                    conversation: team,
                    users: users.to_vec(),
                })
            };
            let (&last, rest) = users.split_last().unwrap();
            let (some, others) = rest.split_at(USERS_PER_REQUEST_MAX);
            assert_eq!(raw.ask_any(ban(some)).await, changed(some.len()));
            assert_eq!(
                raw.ask_any(ban(&[&others[1..], &[last, others[0]]].concat()))
                    .await,
                Err(ErrorCode::BadRequest)
            );
            assert_eq!(
                raw.ask_any(ban(&others[1..])).await,
                changed(others.len() - 1)
            );
            assert_eq!(
                raw.ask_any(ban(&[others[0], last])).await,
                Err(ErrorCode::LimitReached),
                "all or none"
            );
            assert_eq!(raw.ask_any(ban(&others[..1])).await, changed(1));
            assert_eq!(
                raw.ask_any(ban(&[last])).await,
                Err(ErrorCode::LimitReached)
            );
            assert_eq!(
                raw.ask_any(ban(some)).await,
                changed(0),
                "they are banned already"
            );
            let List(listed) = raw.ask(ListBanned { conversation: team }).await.unwrap();
            assert_eq!(
                listed.iter().map(|user| user.id).collect::<BTreeSet<_>>(),
                rest.iter().copied().collect()
            );
            assert_eq!(
                raw.ask(Unban {
                    conversation: team,
                    users: vec![some[0]]
                })
                .await,
                Ok(1)
            );
            assert_eq!(raw.ask_any(ban(&[last])).await, changed(1));
        })
        .await;
}

#[tokio::test]
async fn search_results_are_bounded() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let server = stage.server.addr;
    let settings = GroupSettings {
        access: Access::Open,
        ..GroupSettings::default()
    };
    stage
        .meanwhile(async {
            for number in 0..=GROUPS_FOUND_MAX {
                let open = group(&eve, &format!("group {number:03}"), &[]).await;
                eve.conversation(open)
                    .set_group_settings(settings)
                    .await
                    .unwrap();
            }
            let mut raw = Raw::log_in(server, &account).await;
            for (prefix, found) in [
                (None, 0..GROUPS_FOUND_MAX),
                (Some("Group 10"), GROUPS_FOUND_MAX..GROUPS_FOUND_MAX + 1),
            ] {
                let prefix = prefix.map(|prefix| GroupName::new(prefix).unwrap());
                let List(groups) = raw.ask(FindGroups { prefix }).await.unwrap();
                let names: Vec<String> = groups
                    .iter()
                    .map(|group| group.name.as_str().to_owned())
                    .collect();
                assert_eq!(
                    names,
                    found
                        .map(|number| format!("group {number:03}"))
                        .collect::<Vec<_>>()
                );
            }
        })
        .await;
}

const FLOOD: usize = 1000;

/// Adds and removes a reaction, pipelined; returns how many of the requests succeeded.
async fn flood(raw: &mut Raw, conversation: ConversationId, msgid: MsgId) -> usize {
    let mut frames = BytesMut::new();
    for number in 0..FLOOD {
        let request = match number % 2 {
            0 => Request::from(React {
                conversation,
                msgid,
                emoji: emoji(1),
            }),
            _ => Request::from(Unreact {
                conversation,
                msgid,
                emoji: emoji(1),
            }),
        };
        frames.extend_from_slice(&frame::frame(&raw.request(request).1));
    }
    raw.stream.write(&frames).await;
    let mut done = 0;
    for _ in 0..FLOOD {
        match raw.stream.read().await {
            ServerFrame::Response(_, Ok(_)) => done += 1,
            ServerFrame::Response(_, Err(ErrorCode::RateLimited)) => {}
            other => panic!("{other:?}"),
        }
    }
    done
}

#[tokio::test]
async fn reaction_rate_limit_spans_connections() {
    let mut stage = Stage::set().await;
    let (ada, _) = stage.user("ada").await;
    let account = stage.account("eve").await;
    let team = group(&ada, "team", &[account.user]).await;
    let said = ada.conversation(team).send(text("well?")).await.unwrap();
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let (mut one, mut another) = (
                Raw::log_in(server, &account).await,
                Raw::log_in(server, &account).await,
            );
            let begun = Instant::now();
            let (some, others) =
                tokio::join!(flood(&mut one, team, said), flood(&mut another, team, said));
            let allowed = u128::from(REQUEST_BURST_MAX)
                + begun.elapsed().as_millis() / REQUEST_INTERVAL.as_millis()
                + 1;
            let done = some + others;
            assert!(
                (REQUEST_BURST_MAX as usize..2 * FLOOD).contains(&done),
                "{done} were done"
            );
            assert!(
                done as u128 <= allowed,
                "{done} were done, and {allowed} may be"
            );
            let entries = ada
                .conversation(team)
                .pull(PullRange::From(said), 1)
                .await
                .unwrap()
                .head
                .get()
                - said.get();
            assert!(
                (1..=done as u64).contains(&entries),
                "{entries} entries of {done} requests"
            );
            // Other users are not limited; neither are this user's other requests, nor their
            // reactions once the interval has passed.
            ada.conversation(team).react(said, emoji(2)).await.unwrap();
            one.goes_on().await;
            let react = || {
                Request::from(React {
                    conversation: team,
                    msgid: said,
                    emoji: emoji(3),
                })
            };
            let again =
                async { while one.ask_any(react()).await == Err(ErrorCode::RateLimited) {} };
            timeout(PATIENCE, again).await.expect("she waits for ever");
        })
        .await;
    let eve = connect(&account).await;
    let page = eve
        .conversation(team)
        .pull(PullRange::From(said), 1)
        .await
        .unwrap();
    assert!(
        page.messages[0]
            .extras
            .reactions()
            .iter()
            .any(|reaction| reaction.emoji == emoji(3))
    );
}
