//! Who is seen where, by whom, and what those who look are told.

use cairn_client::proto::body::Body;
use cairn_client::proto::error::ErrorCode;
use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::limits::TYPING_INTERVAL;
use cairn_client::proto::people::RelationAct;
use cairn_client::proto::presence::{DeviceKind, Presence, PresentDevice, UserPresence};
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::{Client, Event, Events, Options};
use tokio::time::timeout;

use super::PATIENCE;
use crate::support::{Server, invite};

/// Waits until those who look are told this of somebody.
async fn until(events: &mut Events, expected: &UserPresence) {
    let next = async {
        loop {
            if matches!(events.next().await.unwrap(), Event::Presence(told) if told == *expected) {
                return;
            }
        }
    };
    timeout(PATIENCE, next).await.unwrap_or_else(|_| panic!("{expected:?} is not told"));
}

fn on(devices: &[(DeviceKind, bool)]) -> Vec<PresentDevice> {
    devices.iter().map(|&(kind, is_away)| PresentDevice { kind, is_away }).collect()
}

#[tokio::test]
async fn who_looks_is_told_of_every_device_that_comes_goes_or_is_left_alone() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, account) = invite(&ada, "bob").await;
    let user = account.user;
    ada.create_group(GroupName::new("team").unwrap(), vec![user]).await.unwrap();
    let mut events = ada.events();
    let devices = on(&[(DeviceKind::Unknown, false)]);
    assert_eq!(ada.watch(vec![user]).await.unwrap(), [UserPresence { user, devices }]);

    bob.set_presence(DeviceKind::Phone, true).await.unwrap();
    until(&mut events, &UserPresence { user, devices: on(&[(DeviceKind::Phone, true)]) }).await;
    // A second session of the same device that somebody looks at, and one that asks and goes.
    let again = Client::connect(&account, Options::default()).await.unwrap();
    until(&mut events, &UserPresence { user, devices: on(&[(DeviceKind::Phone, false)]) }).await;
    let silent = Client::connect(&account, Options { push: false, ..Options::default() }).await.unwrap();
    bob.close().await;
    until(&mut events, &UserPresence { user, devices: on(&[(DeviceKind::Unknown, false)]) }).await;
    again.close().await;
    let gone = UserPresence { user, devices: Vec::new() };
    until(&mut events, &gone).await;
    assert_eq!(gone.presence(), Presence::Offline);
    assert_eq!(silent.watch(vec![user]).await.unwrap(), [gone], "a session that does not listen is nobody's presence");
}

#[tokio::test]
async fn only_those_are_seen_with_whom_one_has_to_do_and_nobody_through_a_block() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let (ada_id, eve_id) = (ada_account.user, eve_account.user);
    let sees = async |client: &Client, user| client.watch(vec![user]).await.unwrap().iter().map(UserPresence::presence).collect::<Vec<_>>();
    assert_eq!(sees(&eve, ada_id).await, []);
    eve.relate(ada_id, RelationAct::Follow).await.unwrap();
    assert_eq!(sees(&eve, ada_id).await, [Presence::Online]);
    assert_eq!(sees(&ada, eve_id).await, [], "following is one way");
    ada.create_group(GroupName::new("team").unwrap(), vec![eve_id]).await.unwrap();
    assert_eq!(sees(&ada, eve_id).await, [Presence::Online]);

    let mut events = eve.events();
    ada.relate(eve_id, RelationAct::Block).await.unwrap();
    until(&mut events, &UserPresence { user: ada_id, devices: Vec::new() }).await;
    assert_eq!(sees(&eve, ada_id).await, []);
    assert_eq!(sees(&ada, eve_id).await, []);
    // Nothing is heard of her any more: what comes next is of somebody else.
    let other = Client::connect(&ada_account, Options::default()).await.unwrap();
    other.set_presence(DeviceKind::Web, true).await.unwrap();
    let (carol, carol_account) = invite(&ada, "carol").await;
    carol.create_group(GroupName::new("others").unwrap(), vec![eve_id]).await.unwrap();
    assert_eq!(eve.watch(vec![ada_id, carol_account.user]).await.unwrap().len(), 1);
    carol.set_presence(DeviceKind::Bot, false).await.unwrap();
    let told = timeout(PATIENCE, async {
        loop {
            if let Event::Presence(told) = events.next().await.unwrap() {
                return told;
            }
        }
    });
    assert_eq!(told.await.unwrap(), UserPresence { user: carol_account.user, devices: on(&[(DeviceKind::Bot, false)]) });
}

/// Says that somebody types until another is told of him: a datagram may be lost.
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
            from.typing(chat);
        }
    };
    tokio::select! {
        user = timeout(PATIENCE, told) => user.expect("nobody is told who types"),
        () = types => unreachable!("it goes on"),
    }
}

#[tokio::test]
async fn who_looks_at_a_conversation_is_told_who_types_there_and_nobody_else() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let team = ada.create_group(GroupName::new("team").unwrap(), vec![bob_account.user]).await.unwrap();
    let [mut of_ada, mut of_eve] = [&ada, &eve].map(Client::events);
    for client in [&ada, &bob] {
        client.look(Some(team)).await.unwrap();
    }
    assert_eq!(typing_until_told(&bob, &mut of_ada, team).await, bob_account.user);
    // Somewhere else she is told who types there: of the team's chat, nothing comes before it.
    let chat = eve.direct(ada_account.user).unwrap();
    eve.send(chat, super::text("hello")).await.unwrap();
    for client in [&ada, &eve] {
        client.look(Some(chat)).await.unwrap();
    }
    bob.typing(team);
    assert_eq!(typing_until_told(&eve, &mut of_ada, chat).await, eve_account.user);
    assert_eq!(typing_until_told(&ada, &mut of_eve, chat).await, ada_account.user);
    // Who is blocked looks at it no more, as if it were not there.
    ada.relate(eve_account.user, RelationAct::Block).await.unwrap();
    assert_eq!(super::refused(eve.look(Some(chat)).await), ErrorCode::NotFound);
    assert_eq!(super::refused(ada.look(Some(chat)).await), ErrorCode::Blocked);
}

#[tokio::test]
async fn who_looks_elsewhere_is_told_nothing_more() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (carol, carol_account) = invite(&ada, "carol").await;
    ada.create_group(GroupName::new("team").unwrap(), vec![bob_account.user, carol_account.user]).await.unwrap();
    let mut events = ada.events();
    ada.watch(vec![bob_account.user]).await.unwrap();
    ada.watch(vec![carol_account.user]).await.unwrap();
    bob.set_presence(DeviceKind::Web, false).await.unwrap();
    carol.set_presence(DeviceKind::Web, false).await.unwrap();
    loop {
        if let Event::Presence(told) = timeout(PATIENCE, events.next()).await.unwrap().unwrap() {
            assert_eq!(told.user, carol_account.user);
            return;
        }
    }
}

#[tokio::test]
async fn what_was_watched_and_looked_at_is_so_again_after_a_crash() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let chat = ada.direct(bob_account.user).unwrap();
    ada.send(chat, Body::Text(Text::new("hello").unwrap())).await.unwrap();
    let mut told = bob.events();
    bob.watch(vec![ada_account.user]).await.unwrap();
    ada.set_presence(DeviceKind::Phone, true).await.unwrap();
    for client in [&ada, &bob] {
        client.look(Some(chat)).await.unwrap();
    }
    server.kill();
    server.restart();
    until(&mut told, &UserPresence { user: ada_account.user, devices: on(&[(DeviceKind::Phone, true)]) }).await;
    assert_eq!(typing_until_told(&ada, &mut told, chat).await, ada_account.user);
}
