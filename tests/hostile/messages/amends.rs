//! Refused amendments, and extras that are not permitted.

use cairn_client::proto::content::extras::{Extra, Extras, Reaction};
use cairn_client::proto::content::message::{Draft, Forward};
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::{EXTRAS_SENT_MAX, REACTION_KINDS_MAX};
use cairn_client::proto::text::{EmojiName, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::{Edit, React, Recall};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::proto::wire::request::{Answer, Request};

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, group, text};

#[tokio::test]
async fn only_senders_amend_messages() {
    let mut stage = Stage::set().await;
    let (ada, _) = stage.user("ada").await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&ada, "team", &[account.user]).await;
    let said = ada
        .conversation(team)
        .send(text("as it was"))
        .await
        .unwrap();
    let own = eve.conversation(team).send(text("mine")).await.unwrap();
    let server = stage.server.addr;
    let edit = |msgid, words: &str| {
        Request::from(Edit {
            conversation: team,
            msgid,
            text: Text::new(words).unwrap(),
        })
    };
    let recall = |msgid| {
        Request::from(Recall {
            conversation: team,
            msgid,
        })
    };
    let forward = |from, msgid, seq| {
        Request::from(Forward {
            to: team,
            seq: ClientSeq::new(seq),
            from,
            msgid,
        })
    };
    let (created, beyond) = (MsgId::new(1), own.next());
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for (request, code) in [
                (edit(said, "forged"), ErrorCode::Forbidden),
                (recall(said), ErrorCode::Forbidden),
                (edit(own, ""), ErrorCode::EmptyMessage),
                (edit(own, " \n\u{200b}"), ErrorCode::EmptyMessage),
                (edit(own, "\u{3164}\u{fe0f}"), ErrorCode::EmptyMessage),
                (edit(created, "no group"), ErrorCode::NoSuchMessage),
                (edit(MsgId::ZERO, "x"), ErrorCode::NoSuchMessage),
                (edit(beyond, "x"), ErrorCode::NoSuchMessage),
                (edit(MsgId::new(u64::MAX), "x"), ErrorCode::NoSuchMessage),
                (recall(MsgId::ZERO), ErrorCode::NoSuchMessage),
                (forward(team, created, 9), ErrorCode::NoSuchMessage),
                (forward(team, beyond, 9), ErrorCode::NoSuchMessage),
                (
                    forward(team, MsgId::new(u64::MAX), 9),
                    ErrorCode::NoSuchMessage,
                ),
                (forward(team, said, 0), ErrorCode::BadRequest),
                (
                    forward(ConversationId::new(u64::MAX), said, 9),
                    ErrorCode::NotFound,
                ),
                (recall(beyond), ErrorCode::NoSuchMessage),
                (recall(MsgId::new(u64::MAX)), ErrorCode::NoSuchMessage),
            ] {
                assert_eq!(raw.ask_any(request.clone()).await, Err(code), "{request:?}");
            }
        })
        .await;
    // The owner of the group may recall any message, but edit only their own.
    let mut owner = ada
        .conversation(team)
        .pull(PullRange::From(said), 500)
        .await
        .unwrap();
    assert_eq!(
        (owner.head, owner.messages.remove(0).body),
        (own, text("as it was"))
    );
    assert!(
        ada.conversation(team)
            .edit(own, Text::new("forged").unwrap())
            .await
            .is_err()
    );
    assert!(ada.conversation(team).recall(created).await.is_err());
    assert!(
        ada.conversation(team).pin(created).await.is_err(),
        "nobody said that"
    );
    ada.conversation(team).pin(own).await.unwrap();
    ada.conversation(team).pin(said).await.unwrap();
    assert_eq!(eve.conversation(team).pins().await.unwrap(), [said, own]);
    ada.conversation(team).recall(own).await.unwrap();
    assert_eq!(
        eve.conversation(team).pins().await.unwrap(),
        [said],
        "what is recalled is pinned no more"
    );
    assert!(
        eve.conversation(team)
            .edit(own, Text::new("again").unwrap())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn forbidden_extras_are_refused() {
    let mut stage = Stage::set().await;
    let (ada, _) = stage.user("ada").await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&ada, "team", &[account.user]).await;
    let (server, first) = (stage.server.addr, MsgId::new(1));
    let forged = Reaction {
        emoji: emoji(0),
        users: vec![UserId::new(1)],
    };
    let refused = [
        (vec![Extra::ReplyTo(MsgId::ZERO)], ErrorCode::NoSuchMessage),
        (
            vec![Extra::ReplyTo(MsgId::new(99))],
            ErrorCode::NoSuchMessage,
        ),
        (
            vec![Extra::ReplyTo(first), Extra::ReplyTo(first)],
            ErrorCode::BadRequest,
        ),
        (
            vec![Extra::Mention(UserId::new(999_999))],
            ErrorCode::NoSuchUser,
        ),
        (vec![Extra::Mention(UserId::SERVER)], ErrorCode::NoSuchUser),
        (vec![Extra::MentionAll], ErrorCode::Forbidden),
        (
            vec![Extra::Edited {
                at: Timestamp::new(1),
                entry: first,
            }],
            ErrorCode::BadRequest,
        ),
        (vec![Extra::Reactions(vec![forged])], ErrorCode::BadRequest),
        (
            vec![Extra::Mention(account.user); EXTRAS_SENT_MAX + 1],
            ErrorCode::BadRequest,
        ),
        (
            vec![Extra::Unknown(vec![200; 9].into())],
            ErrorCode::Unsupported,
        ),
    ];
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for (extras, code) in refused {
                let extras = Extras::new(extras).unwrap();
                let draft = Draft {
                    conversation: team,
                    seq: ClientSeq::new(1),
                    content: Content::new(text("x"), extras),
                };
                assert_eq!(raw.ask(draft.clone()).await, Err(code), "{draft:?}");
            }
        })
        .await;
    assert_eq!(
        eve.conversations().list().await.unwrap()[0].head,
        MsgId::new(2),
        "nothing was stored"
    );
}

fn emoji(number: usize) -> EmojiName {
    EmojiName::new(format!("emoji{number}")).unwrap()
}

#[tokio::test]
async fn reaction_flood_is_bounded() {
    let mut stage = Stage::set().await;
    let (ada, _) = stage.user("ada").await;
    let (_eve, account) = stage.user("eve").await;
    let team = group(&ada, "team", &[account.user]).await;
    let said = ada.conversation(team).send(text("well?")).await.unwrap();
    let server = stage.server.addr;
    let react = |msgid, number| {
        Request::from(React {
            conversation: team,
            msgid,
            emoji: emoji(number),
        })
    };
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for number in (0..REACTION_KINDS_MAX).chain(0..REACTION_KINDS_MAX) {
                assert_eq!(
                    raw.ask_any(react(said, number)).await,
                    Ok(Answer::to::<React>(&()))
                );
            }
            assert_eq!(
                raw.ask_any(react(said, REACTION_KINDS_MAX)).await,
                Err(ErrorCode::LimitReached)
            );
            assert_eq!(
                raw.ask_any(react(MsgId::new(1), 0)).await,
                Err(ErrorCode::NoSuchMessage),
                "nobody said that the group was made"
            );
            assert_eq!(
                raw.ask_any(react(MsgId::new(u64::MAX), 0)).await,
                Err(ErrorCode::NoSuchMessage)
            );
        })
        .await;
    let page = ada
        .conversation(team)
        .pull(PullRange::From(said), 500)
        .await
        .unwrap();
    assert_eq!(
        page.messages[0].extras.reactions().len(),
        REACTION_KINDS_MAX
    );
    assert_eq!(
        page.messages.len(),
        1 + REACTION_KINDS_MAX,
        "a reaction that is there already makes no entry"
    );
    ada.conversation(team)
        .unreact(said, emoji(0))
        .await
        .unwrap();
    assert_eq!(
        ada.conversation(team)
            .pull(PullRange::From(said), 1)
            .await
            .unwrap()
            .head,
        page.head,
        "that was not hers"
    );
}
