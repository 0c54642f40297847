//! Who finds what: by membership, history setting, leaving, kicks, bans, expiry and blocks. What a
//! search finds is always what a pull shows.

use std::collections::BTreeSet;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::group::JoinerHistory;
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Client, Error, ErrorCode};

use super::{find, group, next_millisecond, open_group, say};
use crate::support::{Server, invite};

/// The messages with a word that pulls show, in all conversations of these.
async fn pulled(
    client: &Client,
    conversations: &[ConversationId],
    word: &str,
) -> BTreeSet<(ConversationId, MsgId)> {
    let mut seen = BTreeSet::new();
    for &conversation in conversations {
        let mut from = MsgId::new(1);
        loop {
            let view = client.conversation(conversation);
            let page = match view.pull(PullRange::From(from), 500).await {
                Ok(page) => page,
                Err(Error::Refused(ErrorCode::NotFound)) => break,
                Err(error) => panic!("{error}"),
            };
            let Some(last) = page.messages.last() else {
                break;
            };
            from = last.msgid.next();
            let messages = page
                .messages
                .iter()
                .filter(|message| message.body.is_message());
            seen.extend(
                messages
                    .filter(|message| message.body.words().is_some_and(|said| said.contains(word)))
                    .map(|message| (conversation, message.msgid)),
            );
        }
    }
    seen
}

#[tokio::test]
async fn users_find_what_they_can_pull() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let mut users = Vec::new();
    for name in ["stays", "leaves", "rejoins", "kicked", "banned", "never"] {
        users.push(invite(&ada, name).await);
    }
    let mut all = Vec::new();
    for (name, history) in [
        ("whole", JoinerHistory::All),
        ("later", JoinerHistory::FromJoin),
    ] {
        let team = open_group(&ada, name, history).await;
        let view = ada.conversation(team);
        say(&ada, team, "word before").await;
        for (client, _) in &users[..5] {
            client.conversation(team).join().await.unwrap();
            say(client, team, "word while joined").await;
        }
        let [
            (_, _),
            (leaves, _),
            (rejoins, rejoining),
            (_, kicked),
            (_, banned),
        ] = &users[..5]
        else {
            panic!("five users");
        };
        for client in [leaves, rejoins] {
            let own = client.whoami().user;
            client
                .conversation(team)
                .remove_members(vec![own])
                .await
                .unwrap();
        }
        view.remove_members(vec![kicked.user]).await.unwrap();
        view.ban(vec![banned.user]).await.unwrap();
        say(&ada, team, "word after").await;
        rejoins.conversation(team).join().await.unwrap();
        say(&ada, team, "word after the return").await;
        assert_eq!(rejoins.whoami().user, rejoining.user);
        all.push(team);
    }
    for (client, _) in users.iter().chain([&(ada.clone(), users[0].1.clone())]) {
        let found: BTreeSet<_> = find(client, "word").await.into_iter().collect();
        assert_eq!(found, pulled(client, &all, "word").await);
    }
    assert_eq!(find(&users[1].0, "word").await, [], "left");
    assert_eq!(find(&users[3].0, "word").await, [], "kicked");
    let rejoined = find(&users[2].0, "word in:#later").await;
    assert_eq!(rejoined.len(), 1, "from the return on");
    assert!(find(&users[0].0, "word").await.len() > 10);
}

/// A search that began before a kick returns nothing after it.
#[tokio::test]
async fn kick_ends_a_search() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&account]).await;
    for n in 0..10 {
        say(&ada, team, &format!("word {n}")).await;
    }
    let mut search = bob
        .search(super::query(&bob, "word").await)
        .hits_per_page(3);
    assert_eq!(search.next_page().await.unwrap().unwrap().len(), 3);
    ada.conversation(team)
        .remove_members(vec![account.user])
        .await
        .unwrap();
    while let Some(page) = search.next_page().await {
        assert_eq!(page.unwrap(), []);
    }
}

#[tokio::test]
async fn blocked_users_are_found_as_they_are_pulled() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&account]).await;
    let chat = ada.conversations().direct(account.user).unwrap();
    let in_team = say(&bob, team, "word").await;
    next_millisecond().await;
    let in_chat = say(&bob, chat, "word").await;
    let block = ada.people().relate(account.user, RelationAct::Block);
    block.await.unwrap();
    assert_eq!(find(&ada, "word").await, [(chat, in_chat), (team, in_team)]);
}
