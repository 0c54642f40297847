//! Renamed users, and the users that imported authors are.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ImportSource, Timestamp};
use cairn_client::proto::model::audit::AuditAct;
use cairn_client::proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::{Client, Error, Event, Events, JoinRequest, Update, UserId};

use crate::support::{Server, invite};

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorCode {
    match result {
        Err(Error::Refused(code) | Error::LoginRefused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn next_user(events: &mut Events) -> UserInfo {
    loop {
        if let Event::Update(Update::User(user)) = events.next().await.unwrap() {
            return user;
        }
    }
}

async fn named(client: &Client, name: &str) -> Option<UserInfo> {
    client.people().find(name.parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn new_name_reaches_open_sessions_and_frees_none() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (bob, of_bob) = invite(&ada, "bob").await;
    let (eve, _) = invite(&ada, "eve").await;
    let user = bob.whoami().user;
    let (mut own, mut others) = (bob.events(), eve.events());
    bob.people()
        .rename(user, "robert".parse().unwrap())
        .await
        .unwrap();
    for events in [&mut own, &mut others] {
        let seen = next_user(events).await;
        assert_eq!((seen.id, seen.name.as_str()), (user, "robert"));
    }
    assert_eq!(bob.whoami().name.as_str(), "robert");
    assert_eq!(
        eve.people().get(user).await.unwrap().unwrap().name.as_str(),
        "robert"
    );
    assert!(named(&eve, "bob").await.is_none());

    // The former name is kept from others, however it is typed, but not from its user.
    let own_id = eve.whoami().user;
    for name in ["bob", "BOB", "Robert"] {
        let taken = eve.people().rename(own_id, name.parse().unwrap()).await;
        assert_eq!(refused(taken), ErrorCode::NameTaken, "{name}");
    }
    let link = ada
        .admin()
        .create_invite(2, std::time::Duration::from_secs(60))
        .await
        .unwrap();
    let who = JoinRequest {
        name: "Bob".parse().unwrap(),
        password: None,
        device: "desk".parse().unwrap(),
    };
    let joined = Client::builder().join(&link, who).await.map(drop);
    assert_eq!(refused(joined), ErrorCode::NameTaken);

    // Members rename themselves, admins members, and owners everyone.
    let other = eve.people().rename(user, "rob".parse().unwrap()).await;
    assert_eq!(refused(other), ErrorCode::Forbidden);
    ada.admin()
        .set_role(own_id, ServerRole::Admin)
        .await
        .unwrap();
    eve.people()
        .rename(user, "rob".parse().unwrap())
        .await
        .unwrap();
    let owner = ada.whoami().user;
    let other = eve.people().rename(owner, "adam".parse().unwrap()).await;
    assert_eq!(refused(other), ErrorCode::Forbidden);
    let page = ada.admin().audit(1).await.unwrap();
    let renamed = page.records.iter().filter_map(|record| match &record.act {
        AuditAct::Renamed { before, after, .. } => {
            Some((record.actor, before.as_str(), after.as_str()))
        }
        _ => None,
    });
    let renamed: Vec<_> = renamed.collect();
    assert_eq!(
        renamed,
        [(user, "bob", "robert"), (own_id, "robert", "rob")]
    );

    // Both names survive a kill, and a stop.
    server.kill();
    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    assert_eq!(named(&ada, "rob").await.unwrap().id, user);
    ada.close().await;
    assert!(server.stop().success());
    server.restart();
    let bob = Client::builder().connect(&of_bob).await.unwrap();
    assert_eq!(bob.whoami().name.as_str(), "rob");
    let ada = Client::builder().connect(&account).await.unwrap();
    let taken = ada.people().rename(owner, "bob".parse().unwrap()).await;
    assert_eq!(refused(taken), ErrorCode::NameTaken);
    bob.people()
        .rename(user, "bob".parse().unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn imported_author_is_claimed() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, _) = invite(&ada, "bob").await;
    let group = ada
        .conversations()
        .create_group("old".parse().unwrap(), vec![bob.whoami().user])
        .await
        .unwrap();
    let entry = ImportEntry {
        sender: "bob_irc".parse().unwrap(),
        sent_at: Timestamp::new(1_000_000),
        body: Body::Text("from the log".parse().unwrap()),
    };
    ada.conversation(group)
        .import(ImportSource::new(7), 0, vec![entry])
        .await
        .unwrap();
    let author = named(&ada, "bob_irc").await.unwrap();
    assert_eq!(author.state, UserState::Imported);
    let (user, owner): (UserId, UserId) = (bob.whoami().user, ada.whoami().user);
    let claim = bob.people().claim(author.id, user).await;
    assert_eq!(refused(claim), ErrorCode::Forbidden);
    // Who had a device is a user of their own.
    let claim = ada.people().claim(user, owner).await;
    assert_eq!(refused(claim), ErrorCode::NotImported);
    let mut events = bob.events();
    ada.people().claim(author.id, user).await.unwrap();
    assert_eq!(next_user(&mut events).await.state, UserState::AliasOf(user));
    assert_eq!(
        named(&ada, "bob_irc").await.unwrap().state,
        UserState::AliasOf(user)
    );
}
