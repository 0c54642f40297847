//! Presence: which users may see each other's, and which events watchers receive.

use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::limits::TYPING_INTERVAL;
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::model::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_client::proto::text::{DeviceName, GroupName, Password, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Event, Events, JoinRequest, LoginRequest, Update};
use tokio::time::timeout;

use super::PATIENCE;
use crate::support::{Server, invite};

/// Reads events until this presence of a user arrives.
pub(super) async fn until(events: &mut Events, expected: &UserPresence) {
    let next = async {
        loop {
            let event = events.next().await.unwrap();
            if event == Event::Update(Update::Presence(expected.clone())) {
                return;
            }
        }
    };
    timeout(PATIENCE, next)
        .await
        .unwrap_or_else(|_| panic!("{expected:?} is not told"));
}

/// Reads events until a user is online on such a device. Returns the users of all presence events.
async fn told_until(events: &mut Events, kind: DeviceKind) -> Vec<UserId> {
    let mut users = Vec::new();
    let told = async {
        loop {
            if let Event::Update(Update::Presence(told)) = events.next().await.unwrap() {
                users.push(told.user);
                if told.devices.iter().any(|device| device.kind == kind) {
                    return;
                }
            }
        }
    };
    timeout(PATIENCE, told).await.expect("nobody is told of");
    users.sort_unstable();
    users.dedup();
    users
}

pub(super) fn on(devices: &[(DeviceKind, bool)]) -> Vec<PresentDevice> {
    devices
        .iter()
        .map(|&(kind, is_away)| PresentDevice { kind, is_away })
        .collect()
}

#[tokio::test]
async fn watchers_see_each_device_change() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let user = account.user;
    ada.conversations()
        .create_group(GroupName::new("team").unwrap(), vec![user])
        .await
        .unwrap();
    let mut events = ada.events();
    let devices = on(&[(DeviceKind::Unknown, false)]);
    assert_eq!(
        ada.people().watch(vec![user]).await.unwrap(),
        [UserPresence { user, devices }]
    );

    bob.me()
        .set_presence(DeviceKind::Phone, true)
        .await
        .unwrap();
    until(
        &mut events,
        &UserPresence {
            user,
            devices: on(&[(DeviceKind::Phone, true)]),
        },
    )
    .await;
    // A second session of the same device, visible again, and one without push.
    let again = Client::builder().connect(&account).await.unwrap();
    until(
        &mut events,
        &UserPresence {
            user,
            devices: on(&[(DeviceKind::Phone, false)]),
        },
    )
    .await;
    let silent = Client::builder()
        .push(false)
        .connect(&account)
        .await
        .unwrap();
    bob.close().await;
    until(
        &mut events,
        &UserPresence {
            user,
            devices: on(&[(DeviceKind::Unknown, false)]),
        },
    )
    .await;
    again.close().await;
    let gone = UserPresence {
        user,
        devices: Vec::new(),
    };
    until(&mut events, &gone).await;
    assert_eq!(gone.presence(), Presence::Offline);
    assert_eq!(
        silent.people().watch(vec![user]).await.unwrap(),
        [gone],
        "a session that does not listen is nobody's presence"
    );
}

#[tokio::test]
async fn presence_requires_relation_and_no_block() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let (ada_id, eve_id) = (ada_account.user, eve_account.user);
    let sees = async |client: &Client, user| {
        client
            .people()
            .watch(vec![user])
            .await
            .unwrap()
            .iter()
            .map(UserPresence::presence)
            .collect::<Vec<_>>()
    };
    assert_eq!(sees(&eve, ada_id).await, []);
    eve.people()
        .relate(ada_id, RelationAct::Follow)
        .await
        .unwrap();
    assert_eq!(sees(&eve, ada_id).await, [Presence::Online]);
    assert_eq!(sees(&ada, eve_id).await, [], "following is one way");
    ada.conversations()
        .create_group(GroupName::new("team").unwrap(), vec![eve_id])
        .await
        .unwrap();
    assert_eq!(sees(&ada, eve_id).await, [Presence::Online]);

    let mut events = eve.events();
    ada.people()
        .relate(eve_id, RelationAct::Block)
        .await
        .unwrap();
    until(
        &mut events,
        &UserPresence {
            user: ada_id,
            devices: Vec::new(),
        },
    )
    .await;
    assert_eq!(sees(&eve, ada_id).await, []);
    assert_eq!(sees(&ada, eve_id).await, []);
    // No further event is about this user: the next one is about another user.
    let other = Client::builder().connect(&ada_account).await.unwrap();
    other
        .me()
        .set_presence(DeviceKind::Web, true)
        .await
        .unwrap();
    let (carol, carol_account) = invite(&ada, "carol").await;
    carol
        .conversations()
        .create_group(GroupName::new("others").unwrap(), vec![eve_id])
        .await
        .unwrap();
    assert_eq!(
        eve.people()
            .watch(vec![ada_id, carol_account.user])
            .await
            .unwrap()
            .len(),
        1
    );
    carol
        .me()
        .set_presence(DeviceKind::Bot, false)
        .await
        .unwrap();
    assert_eq!(
        told_until(&mut events, DeviceKind::Bot).await,
        [carol_account.user]
    );
}

/// Types until the other session is notified: a datagram may be lost.
async fn typing_until_told(from: &Client, to: &mut Events, chat: ConversationId) -> UserId {
    let told = async {
        loop {
            if let Event::Typing { conversation, user } = to.next().await.unwrap() {
                assert_eq!(conversation, chat);
                return user;
            }
        }
    };
    let types = async {
        let mut clock = tokio::time::interval(TYPING_INTERVAL);
        loop {
            clock.tick().await;
            from.conversation(chat).typing();
        }
    };
    tokio::select! {
        user = timeout(PATIENCE, told) => user.expect("nobody is told who types"),
        () = types => unreachable!("it goes on"),
    }
}

#[tokio::test]
async fn typing_reaches_only_viewers() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), vec![bob_account.user])
        .await
        .unwrap();
    let [mut of_ada, mut of_eve] = [&ada, &eve].map(Client::events);
    for client in [&ada, &bob] {
        client.conversation(team).focus().await.unwrap();
    }
    assert_eq!(
        typing_until_told(&bob, &mut of_ada, team).await,
        bob_account.user
    );
    // Eve focuses another conversation, and gets its typing events; those of the team would come
    // first.
    let chat = eve.conversations().direct(ada_account.user).unwrap();
    eve.conversation(chat)
        .send(super::text("hello"))
        .await
        .unwrap();
    for client in [&ada, &eve] {
        client.conversation(chat).focus().await.unwrap();
    }
    bob.conversation(team).typing();
    assert_eq!(
        typing_until_told(&eve, &mut of_ada, chat).await,
        eve_account.user
    );
    assert_eq!(
        typing_until_told(&ada, &mut of_eve, chat).await,
        ada_account.user
    );
    // To a blocked user, the chat does not exist.
    ada.people()
        .relate(eve_account.user, RelationAct::Block)
        .await
        .unwrap();
    assert_eq!(
        super::refused(eve.conversation(chat).focus().await),
        ErrorCode::NotFound
    );
    assert_eq!(
        super::refused(ada.conversation(chat).focus().await),
        ErrorCode::Blocked
    );
}

#[tokio::test]
async fn presence_combines_devices() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let link = ada
        .admin()
        .create_invite(1, Duration::from_secs(3600))
        .await
        .unwrap();
    let (name, password) = (
        UserName::new("bob").unwrap(),
        Password::new("correct horse").unwrap(),
    );
    let device = |name| DeviceName::new(name).unwrap();
    let who = JoinRequest {
        name: name.clone(),
        password: Some(password.clone()),
        device: device("phone"),
    };
    let (phone, account) = Client::builder().join(&link, who).await.unwrap();
    let (addr, pin) = (account.addr.clone(), account.pin);
    let (desktop, _) = Client::builder()
        .login(LoginRequest {
            addr,
            pin,
            name,
            password,
            device: device("desktop"),
        })
        .await
        .unwrap();
    let user = account.user;
    ada.conversations()
        .create_group(GroupName::new("team").unwrap(), vec![user])
        .await
        .unwrap();
    let mut events = ada.events();
    assert_eq!(
        ada.people().watch(vec![user]).await.unwrap()[0].devices,
        on(&[(DeviceKind::Unknown, false); 2])
    );

    for (phone_away, desktop_away, expected) in [
        (true, false, Presence::Online),
        (true, true, Presence::Away),
        (false, true, Presence::Online),
        (false, false, Presence::Online),
    ] {
        phone
            .me()
            .set_presence(DeviceKind::Phone, phone_away)
            .await
            .unwrap();
        desktop
            .me()
            .set_presence(DeviceKind::Desktop, desktop_away)
            .await
            .unwrap();
        let devices = on(&[
            (DeviceKind::Desktop, desktop_away),
            (DeviceKind::Phone, phone_away),
        ]);
        let told = UserPresence { user, devices };
        until(&mut events, &told).await;
        assert_eq!(
            (
                told.presence(),
                ada.people().watch(vec![user]).await.unwrap()
            ),
            (expected, vec![told])
        );
    }
    desktop.close().await;
    until(
        &mut events,
        &UserPresence {
            user,
            devices: on(&[(DeviceKind::Phone, false)]),
        },
    )
    .await;
}

#[tokio::test]
async fn friends_see_presence_without_shared_chat() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (ada_id, bob_id) = (ada_account.user, bob_account.user);
    let befriend = async || {
        bob.people()
            .relate(ada_id, RelationAct::AskFriend)
            .await
            .unwrap();
        assert_eq!(
            ada.people().watch(vec![bob_id]).await.unwrap(),
            [],
            "who asks is no friend yet"
        );
        assert_eq!(
            bob.people().watch(vec![ada_id]).await.unwrap(),
            [],
            "nor is who is asked"
        );
        ada.people()
            .relate(bob_id, RelationAct::AcceptFriend)
            .await
            .unwrap();
        ada.people().watch(vec![bob_id]).await.unwrap().len()
    };
    assert_eq!(ada.conversations().list().await.unwrap(), []);
    let mut events = ada.events();
    assert_eq!(befriend().await, 1);
    assert_eq!(bob.people().watch(vec![ada_id]).await.unwrap().len(), 1);
    let of_bob = |kind| UserPresence {
        user: bob_id,
        devices: on(&[(kind, false)]),
    };
    bob.me()
        .set_presence(DeviceKind::Desktop, false)
        .await
        .unwrap();
    until(&mut events, &of_bob(DeviceKind::Desktop)).await;

    // The permission is checked once, at the request: an existing watch continues, a new one is
    // refused.
    bob.people()
        .relate(ada_id, RelationAct::RemoveFriend)
        .await
        .unwrap();
    bob.me()
        .set_presence(DeviceKind::Phone, false)
        .await
        .unwrap();
    until(&mut events, &of_bob(DeviceKind::Phone)).await;
    assert_eq!(ada.people().watch(vec![bob_id]).await.unwrap(), []);

    // A block ends watches at once, in both directions.
    assert_eq!(befriend().await, 1);
    bob.people()
        .relate(ada_id, RelationAct::Block)
        .await
        .unwrap();
    until(
        &mut events,
        &UserPresence {
            user: bob_id,
            devices: Vec::new(),
        },
    )
    .await;
    assert_eq!(ada.people().watch(vec![bob_id]).await.unwrap(), []);
    assert_eq!(bob.people().watch(vec![ada_id]).await.unwrap(), []);
}

#[tokio::test]
async fn unfocused_viewers_receive_nothing() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (carol, carol_account) = invite(&ada, "carol").await;
    ada.conversations()
        .create_group(
            GroupName::new("team").unwrap(),
            vec![bob_account.user, carol_account.user],
        )
        .await
        .unwrap();
    let mut events = ada.events();
    ada.people().watch(vec![bob_account.user]).await.unwrap();
    ada.people().watch(vec![carol_account.user]).await.unwrap();
    bob.me().set_presence(DeviceKind::Web, false).await.unwrap();
    carol
        .me()
        .set_presence(DeviceKind::Web, false)
        .await
        .unwrap();
    // The first reply has the presence of both.
    assert_eq!(
        told_until(&mut events, DeviceKind::Web).await,
        [bob_account.user, carol_account.user]
    );
    bob.me()
        .set_presence(DeviceKind::Phone, false)
        .await
        .unwrap();
    carol
        .me()
        .set_presence(DeviceKind::Phone, false)
        .await
        .unwrap();
    assert_eq!(
        told_until(&mut events, DeviceKind::Phone).await,
        [carol_account.user]
    );
}

#[tokio::test]
async fn watches_and_focus_resume_after_crash() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let chat = ada.conversations().direct(bob_account.user).unwrap();
    ada.conversation(chat)
        .send(Body::Text(Text::new("hello").unwrap()))
        .await
        .unwrap();
    let mut told = bob.events();
    bob.people().watch(vec![ada_account.user]).await.unwrap();
    ada.me()
        .set_presence(DeviceKind::Phone, true)
        .await
        .unwrap();
    for client in [&ada, &bob] {
        client.conversation(chat).focus().await.unwrap();
    }
    server.kill();
    server.restart();
    until(
        &mut told,
        &UserPresence {
            user: ada_account.user,
            devices: on(&[(DeviceKind::Phone, true)]),
        },
    )
    .await;
    assert_eq!(
        typing_until_told(&ada, &mut told, chat).await,
        ada_account.user
    );
}
