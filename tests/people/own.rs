//! Account updates: profile, read visibility, role and keywords are the same on all devices.

use cairn_client::proto::limits::KEYWORDS_MAX;
use cairn_client::proto::model::notification::{NotificationLevel, Notifications};
use cairn_client::proto::model::people::{Profile, RelationAct};
use cairn_client::proto::model::receipts::Reads;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::{DisplayName, Keyword};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::AccountUpdate;
use cairn_client::{Client, Event, Events, MsgId, Timestamp, Update};
use tokio::time::timeout;

use super::{PATIENCE, refused};
use crate::support::{Server, invite};

/// Returns the client's next account update.
async fn own(events: &mut Events) -> AccountUpdate {
    let next = async {
        loop {
            if let Event::Update(Update::Account(own)) = events.next().await.unwrap() {
                return own;
            }
        }
    };
    timeout(PATIENCE, next).await.expect("nothing is told of")
}

fn named(name: &str) -> Profile {
    Profile {
        display_name: Some(DisplayName::new(name).unwrap()),
        ..Profile::default()
    }
}

#[tokio::test]
async fn account_updates_sync_across_devices() {
    let server = Server::start();
    let (ada, account) = server.owner().await;
    let (bob, _) = invite(&ada, "bob").await;
    let other = Client::builder().connect(&account).await.unwrap();
    let (mut here, mut there, mut elsewhere) = (ada.events(), other.events(), bob.events());
    ada.me().set_profile(named("Ada")).await.unwrap();
    for events in [&mut here, &mut there] {
        assert_eq!(own(events).await, AccountUpdate::Profile(named("Ada")));
    }
    // Setting the current value publishes no update.
    ada.me().set_profile(named("Ada")).await.unwrap();
    other.me().set_reads(Reads::Hidden).await.unwrap();
    for events in [&mut here, &mut there] {
        assert_eq!(own(events).await, AccountUpdate::Reads(Reads::Hidden));
    }
    // Other users receive none of these: updates arrive in order, so an earlier one would precede
    // Bob's own.
    bob.me().set_profile(named("Bob")).await.unwrap();
    assert_eq!(
        own(&mut elsewhere).await,
        AccountUpdate::Profile(named("Bob"))
    );
}

fn keywords(words: &[&str]) -> Vec<Keyword> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

#[tokio::test]
async fn keywords_sync_across_devices_and_restarts() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let other = Client::builder().connect(&account).await.unwrap();
    let mut there = other.events();
    let added = ada
        .me()
        .change_keywords(keywords(&["Deploy", "发布"]), Vec::new());
    assert_eq!(added.await.unwrap(), keywords(&["Deploy", "发布"]));
    assert_eq!(
        own(&mut there).await,
        AccountUpdate::Keywords(keywords(&["Deploy", "发布"]))
    );
    // The same words in another case change nothing, so that the next update is the removal.
    let same = other
        .me()
        .change_keywords(keywords(&["ＤＥＰＬＯＹ"]), Vec::new());
    assert_eq!(same.await.unwrap(), keywords(&["Deploy", "发布"]));
    let removed = ada.me().change_keywords(Vec::new(), keywords(&["deploy"]));
    assert_eq!(removed.await.unwrap(), keywords(&["发布"]));
    assert_eq!(
        own(&mut there).await,
        AccountUpdate::Keywords(keywords(&["发布"]))
    );
    let many: Vec<String> = (0..KEYWORDS_MAX).map(|n| format!("word {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let too_many = ada.me().change_keywords(keywords(&many), Vec::new());
    assert_eq!(refused(too_many.await), ErrorCode::LimitReached);
    let all = ada
        .me()
        .change_keywords(keywords(&many), keywords(&["发布"]));
    assert_eq!(all.await.unwrap().len(), KEYWORDS_MAX);

    server.kill();
    server.restart();
    assert_eq!(other.me().keywords().await.unwrap(), keywords(&many));
}

#[tokio::test]
async fn mentions_and_keywords_notify_unless_they_are_of_blocked_users() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bobs) = invite(&ada, "bob").await;
    let name = "crew".parse().unwrap();
    let crew = ada
        .conversations()
        .create_group(name, vec![bobs.user])
        .await
        .unwrap();
    let (said, heard) = (ada.conversation(crew), bob.conversation(crew));
    let mut events = bob.events();
    bob.me()
        .change_keywords(keywords(&["deploy", "发布"]), Vec::new())
        .await
        .unwrap();
    let mut notifier = bob.me().notifier().await.unwrap();
    let now = Timestamp::new(1_000);
    let level = |level| Notifications { level, until: None };
    let [all, mentions, nothing] = [
        NotificationLevel::All,
        NotificationLevel::Mentions,
        NotificationLevel::Nothing,
    ]
    .map(level);
    for (text, notifies) in [
        ("lunch?", false),
        ("@bob", true),
        ("@all", true),
        ("Deploy now", true),
        ("redeployed", false),
        ("`deploy`", false),
        ("今天发布新版本", true),
    ] {
        let sent = said.enqueue_mentioning(text).await.unwrap().await.unwrap();
        let message = heard.message(sent).await.unwrap().unwrap();
        assert!(notifier.notifies(&message, all, now), "{text}");
        assert_eq!(
            notifier.notifies(&message, mentions, now),
            notifies,
            "{text}"
        );
        assert!(!notifier.notifies(&message, nothing, now), "{text}");
        let over = Notifications {
            until: Some(now),
            ..nothing
        };
        assert!(notifier.notifies(&message, over, now), "{text}");
    }
    let own = heard.send("deploy").await.unwrap();
    let own = heard.message(own).await.unwrap().unwrap();
    assert!(!notifier.notifies(&own, all, now));
    let created = heard.message(MsgId::new(1)).await.unwrap().unwrap();
    assert!(!notifier.notifies(&created, all, now));

    let sent = said.send("deploy at @bob").await.unwrap();
    let message = heard.message(sent).await.unwrap().unwrap();
    assert!(notifier.notifies(&message, mentions, now));
    bob.me()
        .change_keywords(Vec::new(), keywords(&["deploy"]))
        .await
        .unwrap();
    let update = AccountUpdate::Keywords(keywords(&["发布"]));
    loop {
        let Event::Update(next) = events.next().await.unwrap() else {
            continue;
        };
        notifier.update(&next);
        if next == Update::Account(update.clone()) {
            break;
        }
    }
    assert!(!notifier.notifies(&message, mentions, now));
    bob.people()
        .relate(message.sender, RelationAct::Block)
        .await
        .unwrap();
    let notifier = bob.me().notifier().await.unwrap();
    assert!(!notifier.notifies(&message, all, now));
}

#[tokio::test]
async fn last_owner_keeps_the_role() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let life = std::time::Duration::from_secs(60);
    let (adas, bobs) = (ada_account.user, bob_account.user);
    let mut of_bob = bob.events();
    assert_eq!(
        refused(bob.admin().create_invite(1, life).await),
        ErrorCode::Forbidden
    );
    assert_eq!(
        refused(bob.admin().set_role(bobs, ServerRole::Admin).await),
        ErrorCode::Forbidden
    );
    ada.admin().set_role(bobs, ServerRole::Admin).await.unwrap();
    assert_eq!(
        own(&mut of_bob).await,
        AccountUpdate::Role(ServerRole::Admin)
    );
    bob.admin().create_invite(1, life).await.unwrap();
    assert_eq!(
        refused(bob.admin().set_role(adas, ServerRole::Member).await),
        ErrorCode::Forbidden,
        "an admin gives no roles"
    );
    assert_eq!(
        refused(ada.admin().set_role(adas, ServerRole::Member).await),
        ErrorCode::LastOwner
    );

    server.kill();
    server.restart();
    bob.conversations().list().await.unwrap();
    bob.admin().create_invite(1, life).await.unwrap();
    let again = Client::builder().connect(&bob_account).await.unwrap();
    assert_eq!(again.whoami().role, ServerRole::Admin);
    ada.admin().set_role(bobs, ServerRole::Owner).await.unwrap();
    bob.admin()
        .set_role(adas, ServerRole::Member)
        .await
        .unwrap();
    assert_eq!(
        refused(ada.admin().create_invite(1, life).await),
        ErrorCode::Forbidden
    );
    assert_eq!(
        refused(bob.admin().set_role(bobs, ServerRole::Admin).await),
        ErrorCode::LastOwner
    );
}
