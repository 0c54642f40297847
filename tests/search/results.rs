//! What is found: in all conversations, the newest first, as it is now, also after a kill.

use std::collections::BTreeSet;

use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::search::Span;
use cairn_client::proto::wire::request::session::PullRange;

use super::{find, found_by, group, lift_rates, next_millisecond, query, say, say_all};
use crate::support::{Server, invite, soon};
use cairn_client::proto::text::Text;

#[tokio::test]
async fn words_are_found_in_all_conversations_newest_first() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&account]).await;
    let other = group(&ada, "other", &[]).await;
    let chat = ada.conversations().direct(account.user).unwrap();
    let first = say(&ada, team, "我家在上海东边").await;
    next_millisecond().await;
    let second = say(&ada, other, "上海 again").await;
    next_millisecond().await;
    let third = say(&bob, chat, "Where is 上海?").await;
    say(&ada, chat, "not here").await;
    let all = [(chat, third), (other, second), (team, first)];
    assert_eq!(find(&ada, "上海").await, all);
    assert_eq!(find(&bob, "上海").await, [(chat, third), (team, first)]);
    assert_eq!(find(&ada, "海市").await, []);
    assert_eq!(find(&ada, "AGAIN").await, [(other, second)]);
    assert_eq!(
        find(&ada, "上海 -again").await,
        [(chat, third), (team, first)]
    );
    assert_eq!(find(&ada, "上海 in:#team").await, [(team, first)]);
    assert_eq!(find(&ada, "上海 from:bob").await, [(chat, third)]);
    assert_eq!(find(&ada, "from:me in:@bob").await.len(), 1);
    let found = found_by(&ada, query(&ada, "上海 in:#team").await, 1).await;
    assert_eq!(found[0].highlights.words, [Span { start: 9, end: 15 }]);
    let page = ada.conversation(team).pull(PullRange::From(first), 1);
    assert_eq!(found[0].message, page.await.unwrap().messages[0]);
}

#[tokio::test]
async fn messages_are_found_as_they_are_now() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let team = group(&ada, "team", &[]).await;
    let edited = say(&ada, team, "the old wording").await;
    let recalled = say(&ada, team, "a secret wording").await;
    let kept = say(&ada, team, "a lasting wording").await;
    let new = Text::new("the new phrase").unwrap();
    ada.conversation(team).edit(edited, new).await.unwrap();
    ada.conversation(team).recall(recalled).await.unwrap();
    ada.close().await;
    // Once from the tail, once from the blocks of a stop, once from the log of a kill.
    for end in ["none", "stop", "kill"] {
        match end {
            "stop" => assert!(server.stop().success()),
            "kill" => server.kill(),
            _ => {}
        }
        if end != "none" {
            server.restart();
        }
        let ada = cairn_client::Client::builder()
            .connect(&account)
            .await
            .unwrap();
        assert_eq!(find(&ada, "wording").await, [(team, kept)], "{end}");
        assert_eq!(find(&ada, "phrase").await, [(team, edited)], "{end}");
        assert_eq!(find(&ada, "secret").await, [], "{end}");
        assert_eq!(find(&ada, "is:edited").await, [(team, edited)], "{end}");
        ada.close().await;
    }
}

/// Pages of any size hold every message once, while others are sent.
#[tokio::test]
async fn pages_hold_every_hit_once() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    lift_rates(&ada).await;
    let mut expected = BTreeSet::new();
    let mut groups = Vec::new();
    for name in ["one", "two", "three", "four", "five"] {
        groups.push(group(&ada, name, &[]).await);
    }
    for round in 0..40 {
        for (at, &team) in groups.iter().enumerate() {
            let texts: Vec<String> = (0..=at)
                .map(|n| match (round + n) % 3 {
                    0 => "a needle".to_owned(),
                    _ => format!("hay {n}"),
                })
                .collect();
            let msgids = say_all(&ada, team, &texts).await;
            let needles = texts.iter().zip(msgids);
            expected.extend(
                needles
                    .filter(|(words, _)| words.contains("needle"))
                    .map(|(_, msgid)| (team, msgid)),
            );
        }
    }
    for hits in [1, 7, 50] {
        let found = found_by(&ada, query(&ada, "needle").await, hits).await;
        let places = found.iter().map(|found| &found.message);
        let places: Vec<_> = places
            .map(|message| (message.conversation, message.msgid))
            .collect();
        assert_eq!(places.len(), expected.len(), "{hits} at a time");
        assert_eq!(places.into_iter().collect::<BTreeSet<_>>(), expected);
        let times: Vec<_> = found.iter().map(|found| found.message.sent_at).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older));
    }
    let mut search = ada.search(query(&ada, "needle").await).hits_per_page(3);
    let mut found = BTreeSet::new();
    while let Some(hit) = soon("a search goes on", search.next()).await {
        let message = hit.unwrap().message;
        assert!(found.insert((message.conversation, message.msgid)));
        say(&ada, groups[found.len() % 5], "a new needle").await;
    }
    assert!(found.is_superset(&expected));
}

#[tokio::test]
async fn misspelt_words_are_corrected_by_visible_messages() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, _) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[]).await;
    let own = group(&bob, "own", &[]).await;
    say(&ada, team, "a remarkable sentence").await;
    say(&bob, own, "an ordinary sentence").await;
    let corrected = async |client, words| {
        let client: &cairn_client::Client = client;
        let mut search = client.search(query(client, words).await);
        assert!(search.next().await.is_none(), "{words}");
        let respelling = search.respelling().await.unwrap();
        respelling.map(|respelling| respelling.instead.as_str().to_owned())
    };
    assert_eq!(corrected(&ada, "remakabl").await, None, "two edits");
    assert_eq!(
        corrected(&ada, "remarkabel").await.as_deref(),
        Some("remarkable")
    );
    assert_eq!(
        corrected(&ada, "remarkble").await.as_deref(),
        Some("remarkable")
    );
    assert_eq!(
        corrected(&bob, "remarkble").await,
        None,
        "she may not see it"
    );
    assert_eq!(
        corrected(&bob, "ordinry").await.as_deref(),
        Some("ordinary")
    );
}

#[tokio::test]
async fn pins_and_unread_messages_are_found() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&account]).await;
    let [one, two, three] = [
        say(&ada, team, "one").await,
        say(&ada, team, "two").await,
        say(&ada, team, "three").await,
    ];
    ada.conversation(team).pin(one).await.unwrap();
    bob.conversation(team).mark_read(two).await.unwrap();
    let own = say(&bob, team, "four").await;
    bob.conversation(team)
        .mark_unread(MsgId::new(three.get()))
        .await
        .unwrap();
    assert_eq!(find(&bob, "is:pinned").await, [(team, one)]);
    assert_eq!(find(&bob, "is:unread").await, [(team, three)]);
    assert_eq!(find(&bob, "from:me").await, [(team, own)]);
    ada.conversation(team).unpin(one).await.unwrap();
    assert_eq!(find(&bob, "is:pinned").await, []);
}
