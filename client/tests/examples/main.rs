//! Every example, run against a real server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of tests are tests"
)]

mod desk;
mod example;
mod server;

use std::time::Duration;

use cairn_client::{
    Account, Body, Client, ConversationId, Event, GroupName, InviteLink, JoinRequest, MsgId, Text,
};

use crate::example::Example;
use crate::server::Server;

async fn join(link: &InviteLink, name: &str) -> (Client, Account) {
    let who = JoinRequest {
        name: name.parse().unwrap(),
        password: None,
        device: "test".parse().unwrap(),
    };
    Client::builder().join(link, who).await.unwrap()
}

fn text(text: &str) -> Body {
    Body::Text(Text::new(text).unwrap())
}

/// The owner, a group of the owner and bob, and bob's account.
async fn team(server: &Server) -> (Client, ConversationId, Account) {
    let (ada, _) = join(server.invite(), "ada").await;
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let link = ada.admin().create_invite(1, week).await.unwrap();
    let (bob, account) = join(&link, "bob").await;
    let members = vec![bob.whoami().user];
    let name = GroupName::new("team").unwrap();
    let team = ada.conversations().create_group(name, members).await;
    bob.close().await;
    (ada, team.unwrap(), account)
}

#[tokio::test]
async fn echo_bot_answers() {
    let server = Server::start();
    let (ada, _) = join(server.invite(), "ada").await;
    let link = ada.admin().create_invite(1, Duration::from_secs(60)).await;
    let mut bot = Example::start("echo_bot", &[&link.unwrap().to_string(), "echo"]);

    let echo = bot
        .meanwhile(async {
            loop {
                let found = ada.people().find("echo".parse().unwrap()).await.unwrap();
                if let Some(echo) = found {
                    return echo;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    let chat = ada.conversations().direct(echo.id).unwrap();
    let chat = ada.conversation(chat);
    for start in ["first", "second"] {
        if start == "second" {
            bot.restart(&[]);
        }
        let asked = chat.send(format!("hello echo, {start}")).await.unwrap();
        let mut timeline = chat.follow(asked.next());
        // A bot that was killed before its ack answers the same message again.
        let answered = async {
            while let Some(message) = timeline.next().await.transpose().unwrap() {
                if message.body == text(&format!("ada said: hello echo, {start}")) {
                    return;
                }
            }
        };
        bot.meanwhile(answered).await;
    }
}

#[tokio::test]
async fn tail_prints_old_and_new_messages() {
    let server = Server::start();
    let (ada, team, account) = team(&server).await;
    let conversation = ada.conversation(team);
    conversation.send("before").await.unwrap();
    let mut tail = Example::with_account("tail", &account, &[&team.to_string()]);
    tail.prints("ada: before").await;
    conversation.send("after").await.unwrap();
    tail.prints("ada: after").await;
}

#[tokio::test]
async fn send_file_shows_its_progress() {
    let server = Server::start();
    let (ada, team, account) = team(&server).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![7; 600_000]).unwrap();
    let path = file.path().to_str().unwrap();
    let mut sending = Example::with_account("send_file", &account, &[&team.to_string(), path]);
    sending.prints("reading 100%").await;
    sending.prints("sending 100%").await;
    sending.prints("sent as message").await;
    assert!(sending.ends().await.success());

    let mut history = ada.conversation(team).history(MsgId::new(1));
    let mut sizes = Vec::new();
    while let Some(message) = history.next().await.transpose().unwrap() {
        if let Body::File(file) = message.body {
            sizes.push(file.size_bytes);
        }
    }
    assert_eq!(sizes, [600_000]);
}

#[tokio::test]
async fn reconnect_sends_what_was_written_offline() {
    let mut server = Server::start();
    let (ada, team, account) = team(&server).await;
    let mut events = ada.events();
    server.stop();
    let mut lines = Example::with_account("reconnect", &account, &[&team.to_string()]);
    lines.writes("written offline").await;
    server.restart();
    lines
        .meanwhile(async { while events.next().await != Some(Event::Reconnected) {} })
        .await;
    lines.prints("online").await;
    lines.writes("written online").await;
    lines.ends_input();
    lines.prints("accepted as message").await;
    lines.prints("accepted as message").await;
    assert!(lines.ends().await.success());

    let mut history = ada.conversation(team).history(MsgId::new(1));
    let mut texts = Vec::new();
    while let Some(message) = history.next().await.transpose().unwrap() {
        if let Body::Text(text) = message.body {
            texts.push(text.as_str().to_owned());
        }
    }
    assert_eq!(texts, ["written offline", "written online"]);
}

#[tokio::test]
async fn conversation_list_is_kept_up_to_date() {
    let server = Server::start();
    let (ada, team, account) = team(&server).await;
    let mut list = Example::with_account("conversation_list", &account, &[]);
    list.prints("team: 0").await;
    ada.conversation(team).send("news").await.unwrap();
    list.prints("team: 1").await;

    let name = GroupName::new("friends").unwrap();
    let members = vec![account.user];
    let created = ada.conversations().create_group(name, members).await;
    list.prints("friends: 0").await;
    ada.conversation(created.unwrap()).send("hi").await.unwrap();
    list.prints("2 unread messages").await;

    // Another device reads.
    let other = Client::builder().connect(&account).await.unwrap();
    let head = MsgId::new(3);
    other.conversation(team).mark_read(head).await.unwrap();
    list.prints("1 unread messages").await;
}
