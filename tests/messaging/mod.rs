//! The main path: messages arrive in order, exactly once, across kills and restarts.

mod attachments;
mod files_by_command;
mod full_disk;
mod memory;
mod partials;
mod pictures;
mod processes;
mod send_streams;

use cairn_client::proto::content::body::{Amendment, Body, Kind};
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Client, Error, Timeline};

use crate::support::{Server, invite, next, soon};

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(owner: &Client, other: &cairn_client::Account) -> ConversationId {
    owner
        .conversations()
        .create_group(GroupName::new("team").unwrap(), vec![other.user])
        .await
        .unwrap()
}

async fn said(timeline: &mut Timeline, count: usize) -> Vec<(u64, String)> {
    let mut said = Vec::new();
    while said.len() < count {
        let message = next(timeline).await;
        if let Body::Text(text) = message.body {
            said.push((message.msgid.get(), text.as_str().to_owned()));
        }
    }
    said
}

#[tokio::test]
async fn two_users_chat() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let mut seen_by_bob = bob.conversation(team).follow(MsgId::new(1));
    let first = ada.conversation(team).send(text("hello")).await.unwrap();
    let second = bob
        .conversation(team)
        .send(text("hello yourself"))
        .await
        .unwrap();
    assert_eq!(second, first.next());
    assert_eq!(
        said(&mut seen_by_bob, 2).await,
        [
            (first.get(), "hello".into()),
            (second.get(), "hello yourself".into())
        ]
    );

    let direct = ConversationId::direct(ada_account.user, bob_account.user).unwrap();
    let mut seen_by_ada = ada.conversation(direct).follow(MsgId::new(1));
    assert_eq!(
        bob.conversation(direct)
            .send(text("just us"))
            .await
            .unwrap(),
        MsgId::new(1)
    );
    assert_eq!(said(&mut seen_by_ada, 1).await, [(1, "just us".into())]);

    let unread = |list: Vec<cairn_client::proto::model::conversation::Conversation>, id| {
        list.into_iter().find(|c| c.id == id).unwrap().unread
    };
    assert_eq!(unread(ada.conversations().list().await.unwrap(), direct), 1);
    ada.conversation(direct)
        .mark_read(MsgId::new(1))
        .await
        .unwrap();
    assert_eq!(unread(ada.conversations().list().await.unwrap(), direct), 0);
    assert_eq!(
        unread(bob.conversations().list().await.unwrap(), direct),
        0,
        "sending reads"
    );
}

#[tokio::test]
async fn kill_loses_nothing() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let mut seen = bob.conversation(team).follow(MsgId::new(1));
    let before = ada.conversation(team).send(text("before")).await.unwrap();
    server.kill();
    // Enqueued while the server is down, and sent after its restart.
    let during = ada
        .conversation(team)
        .enqueue(text("during"))
        .await
        .unwrap();
    server.restart();
    let during = soon("what was said meanwhile is accepted", during)
        .await
        .unwrap();
    let after = ada.conversation(team).send(text("after")).await.unwrap();
    assert_eq!((during, after), (before.next(), before.plus(2)));
    assert_eq!(
        said(&mut seen, 3).await,
        [
            (before.get(), "before".into()),
            (during.get(), "during".into()),
            (after.get(), "after".into())
        ]
    );
}

#[tokio::test]
async fn graceful_stop_keeps_everything() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (_bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    for n in 0..200 {
        let _accepted = ada
            .conversation(team)
            .enqueue(text(&format!("message {n}")))
            .await
            .unwrap();
    }
    let last = ada.conversation(team).send(text("last")).await.unwrap();
    assert!(server.stop().success());
    server.restart();
    let again = Client::builder().connect(&account).await.unwrap();
    let mut history = again.conversation(team).follow(MsgId::new(1));
    let all = said(&mut history, 201).await;
    assert_eq!(all.last().unwrap(), &(last.get(), "last".into()));
    assert!(all.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
}

#[tokio::test]
async fn pull_beyond_head_is_empty() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let talk = tokio::spawn(async move {
        for n in 0..500 {
            ada.conversation(team)
                .send(text(&format!("message {n}")))
                .await
                .unwrap();
        }
    });
    let mut first = MsgId::new(1);
    let pulls = async {
        while !talk.is_finished() {
            let page = bob
                .conversation(team)
                .pull(PullRange::From(first), 500)
                .await
                .unwrap();
            match page.messages.last() {
                Some(last) => first = last.msgid.next(),
                None => assert!(
                    page.head < first,
                    "nothing of {first} and up, and yet the head is {}",
                    page.head
                ),
            }
        }
    };
    soon("five hundred messages arrive", pulls).await;
    talk.await.unwrap();
}

#[tokio::test]
async fn mention_notifies_the_user() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let question = bob
        .conversation(team)
        .send(text("who can help?"))
        .await
        .unwrap();
    let answer = ada
        .conversation(team)
        .reply(question, text("I can"))
        .await
        .unwrap();
    let extras = Extras::new(vec![Extra::Mention(bob_account.user)]).unwrap();
    ada.conversation(team)
        .enqueue_with(text("look here"), extras)
        .await
        .unwrap()
        .await
        .unwrap();
    let everybody = Extras::new(vec![Extra::MentionAll]).unwrap();
    ada.conversation(team)
        .enqueue_with(text("lunch"), everybody)
        .await
        .unwrap()
        .await
        .unwrap();
    let mine = bob.conversations().list().await.unwrap().remove(0);
    assert_eq!((mine.unread, mine.mentions), (3, 2));
    let page = bob
        .conversation(team)
        .pull(PullRange::From(answer), 1)
        .await
        .unwrap();
    assert_eq!(page.messages[0].extras.replied(), Some(question));
    bob.conversation(team).mark_read(mine.head).await.unwrap();
    assert_eq!(bob.conversations().list().await.unwrap()[0].mentions, 0);
}

#[tokio::test]
async fn edits_and_recalls_survive_kills() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let first = ada.conversation(team).send(text("frist")).await.unwrap();
    let secret = bob
        .conversation(team)
        .send(text("my password"))
        .await
        .unwrap();
    let mut seen = bob.conversation(team).follow(secret.next());
    ada.conversation(team)
        .edit(first, Text::new("second?").unwrap())
        .await
        .unwrap();
    ada.conversation(team)
        .edit(first, Text::new("first").unwrap())
        .await
        .unwrap();
    bob.conversation(team).recall(secret).await.unwrap();
    bob.conversation(team).recall(secret).await.unwrap();
    // A follower sees every change, but an edit that was edited again may arrive without its text.
    let mut changes = Vec::new();
    for _ in 0..3 {
        changes.push(next(&mut seen).await.body.kind());
    }
    assert_eq!(changes, [Kind::Edit, Kind::Edit, Kind::Recall]);

    let check = async |client: &Client| {
        let page = client
            .conversation(team)
            .pull(PullRange::From(first), 500)
            .await
            .unwrap();
        let bodies: Vec<Body> = page
            .messages
            .iter()
            .map(|message| message.body.clone())
            .collect();
        let edited = |words| {
            Body::Amendment(Amendment::Edited {
                msgid: first,
                text: words,
            })
        };
        let recalled = Body::Recalled {
            by: bob_account.user,
        };
        let told = Body::Amendment(Amendment::Recalled { msgid: secret });
        assert_eq!(
            bodies,
            [
                text("first"),
                recalled,
                edited(None),
                edited(Text::new("first").ok()),
                told
            ]
        );
        assert_eq!(
            page.messages[0].extras.edited().map(|(_, entry)| entry),
            Some(secret.plus(2))
        );
        let mine = client.conversations().list().await.unwrap().remove(0);
        assert_eq!(mine.unread, 0);
    };
    bob.conversation(team).mark_read(first).await.unwrap();
    check(&bob).await;
    server.kill();
    server.restart();
    check(&bob).await;
    assert!(server.stop().success());
    server.restart();
    check(&bob).await;
    // Edits are not retried after a broken connection, so connect first.
    check(&ada).await;
    assert_eq!(
        ada.conversation(team)
            .edit(secret, Text::new("mine").unwrap())
            .await
            .unwrap_err()
            .to_string(),
        Error::Refused(ErrorCode::Recalled).to_string()
    );
}

#[tokio::test]
async fn admins_recall_despite_edit_limit() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let [by_bob, by_ada] = [
        bob.conversation(team).send(text("as it is")).await.unwrap(),
        ada.conversation(team).send(text("so be it")).await.unwrap(),
    ];
    let direct = bob.conversations().direct(ada_account.user).unwrap();
    let between_us = bob
        .conversation(direct)
        .send(text("just us"))
        .await
        .unwrap();
    // Within the default time limit for edits.
    bob.conversation(team)
        .edit(by_bob, Text::new("as it was").unwrap())
        .await
        .unwrap();
    let set = async |minutes: &str| {
        ada.admin()
            .set_setting("amend-minutes".parse().unwrap(), minutes.parse().unwrap())
            .await
            .unwrap()
    };
    set("0").await;
    let too_late = Err(Error::Refused(ErrorCode::TooLate));
    for (client, conversation, msgid) in [
        (&bob, team, by_bob),
        (&ada, team, by_ada),
        (&bob, direct, between_us),
    ] {
        assert_eq!(
            client
                .conversation(conversation)
                .edit(msgid, Text::new("other words").unwrap())
                .await,
            too_late,
            "{msgid}"
        );
    }
    for (conversation, msgid) in [(team, by_bob), (direct, between_us)] {
        assert_eq!(
            bob.conversation(conversation).recall(msgid).await,
            too_late,
            "{msgid}"
        );
    }
    let body = async |msgid| {
        bob.conversation(team)
            .pull(PullRange::From(msgid), 1)
            .await
            .unwrap()
            .messages
            .remove(0)
            .body
    };
    assert_eq!(
        (body(by_bob).await, body(by_ada).await),
        (text("as it was"), text("so be it"))
    );
    for msgid in [by_bob, by_ada] {
        ada.conversation(team).recall(msgid).await.unwrap();
        assert_eq!(
            body(msgid).await,
            Body::Recalled {
                by: ada_account.user
            }
        );
    }
    set("1").await;
    bob.conversation(direct).recall(between_us).await.unwrap();
}

#[tokio::test]
async fn forward_keeps_author_and_is_idempotent() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let plan = ada.conversation(team).send(text("teh plan")).await.unwrap();
    ada.conversation(team)
        .edit(plan, Text::new("the plan").unwrap())
        .await
        .unwrap();
    let (own, chat) = (
        bob.conversations()
            .create_group(GroupName::new("own").unwrap(), vec![])
            .await
            .unwrap(),
        bob.conversations().direct(ada_account.user).unwrap(),
    );
    let there = bob.conversation(team).forward(plan, own).await.unwrap();
    // Forwards the copy again, into a chat that begins with it.
    assert_eq!(
        bob.conversation(own).forward(there, chat).await.unwrap(),
        MsgId::new(1)
    );
    ada.conversation(team).recall(plan).await.unwrap();
    server.kill();
    server.restart();
    for (client, conversation, msgid) in [
        (&bob, own, there),
        (&bob, chat, MsgId::new(1)),
        (&ada, chat, MsgId::new(1)),
    ] {
        let message = client
            .conversation(conversation)
            .pull(PullRange::From(msgid), 1)
            .await
            .unwrap()
            .messages
            .remove(0);
        assert_eq!(
            (message.sender, message.body),
            (bob_account.user, text("the plan"))
        );
        assert_eq!(
            message.extras.forwarded().map(|(author, _)| author),
            Some(ada_account.user)
        );
    }
    let refused = |result: Result<MsgId, Error>, code| {
        assert_eq!(
            result.unwrap_err().to_string(),
            Error::Refused(code).to_string()
        )
    };
    refused(
        bob.conversation(team).forward(plan, own).await,
        ErrorCode::Recalled,
    );
    refused(
        ada.conversation(own).forward(there, team).await,
        ErrorCode::NotFound,
    );
    let words = Text::new("mine").unwrap();
    assert_eq!(
        bob.conversation(own)
            .edit(there, words)
            .await
            .unwrap_err()
            .to_string(),
        Error::Refused(ErrorCode::Forbidden).to_string()
    );
}
