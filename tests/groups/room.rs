//! Limits on groups and conversations per user, and who may add whom.

use cairn_client::proto::model::group::{Access, JoinerHistory, Role};
use cairn_client::proto::model::people::RelationAct;
use cairn_client::proto::text::{GroupName, SettingName, SettingValue};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error};

use super::{group, is_sound, settings, text};
use crate::support::{Server, invite};

const FULL: Error = Error::Refused(ErrorCode::LimitReached);

async fn set(owner: &Client, name: &str, value: &str) {
    owner
        .admin()
        .set_setting(
            SettingName::new(name).unwrap(),
            SettingValue::new(value).unwrap(),
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn owned_groups_are_bounded() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    set(&ada, "groups-per-owner", "1").await;
    let name = || GroupName::new("another").unwrap();
    let (adas, bobs) = (
        group(&ada, &[&bob_account]).await,
        group(&bob, &[&ada_account]).await,
    );
    assert_eq!(
        bob.conversations().create_group(name(), Vec::new()).await,
        Err(FULL)
    );
    assert_eq!(
        ada.conversation(adas).hand_over(bob_account.user).await,
        Err(FULL)
    );
    assert_eq!(
        ada.conversation(adas)
            .set_role(bob_account.user, Role::Owner)
            .await,
        Err(FULL)
    );
    is_sound(&mut server);
    server.restart();
    assert_eq!(bob.conversations().list().await.unwrap().len(), 2);
    assert_eq!(
        bob.conversations().create_group(name(), Vec::new()).await,
        Err(FULL),
        "after a restart"
    );
    set(&ada, "groups-per-owner", "2").await;
    bob.conversation(bobs)
        .hand_over(ada_account.user)
        .await
        .unwrap();
    set(&ada, "groups-per-owner", "1").await;
    bob.conversations()
        .create_group(name(), Vec::new())
        .await
        .unwrap();
    assert_eq!(
        ada.conversations().create_group(name(), Vec::new()).await,
        Err(FULL),
        "she owns two"
    );
}

#[tokio::test]
async fn memberships_are_bounded() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    set(&ada, "conversations-per-user", "2").await;
    let first = group(&ada, &[&bob_account]).await;
    let second = group(&ada, &[]).await;
    ada.conversation(second)
        .set_group_settings(settings(Access::Open, JoinerHistory::All))
        .await
        .unwrap();
    bob.conversation(second).join().await.unwrap();
    let third = group(&eve, &[]).await;
    eve.conversation(third)
        .set_group_settings(settings(Access::Open, JoinerHistory::All))
        .await
        .unwrap();
    assert_eq!(bob.conversation(third).join().await, Err(FULL));
    assert_eq!(
        eve.conversation(third)
            .add_members(vec![bob_account.user])
            .await,
        Err(FULL)
    );
    assert_eq!(
        eve.conversations()
            .create_group(GroupName::new("fourth").unwrap(), vec![bob_account.user])
            .await,
        Err(FULL)
    );
    assert_eq!(
        bob.conversation(bob.conversations().direct(eve_account.user).unwrap())
            .send(text("hello"))
            .await,
        Err(FULL)
    );
    // Direct chats that others begin are exempt from the limit: a full list must not cut its user
    // off.
    eve.conversation(eve.conversations().direct(bob_account.user).unwrap())
        .send(text("hello"))
        .await
        .unwrap();
    assert_eq!(bob.conversations().list().await.unwrap().len(), 3);
    ada.conversation(first)
        .remove_members(vec![bob_account.user])
        .await
        .unwrap();
    assert_eq!(bob.conversation(third).join().await, Err(FULL));
    bob.conversation(second)
        .remove_members(vec![bob_account.user])
        .await
        .unwrap();
    bob.conversation(third).join().await.unwrap();
    assert_eq!(ada.conversations().list().await.unwrap().len(), 2);
}

#[tokio::test]
async fn block_prevents_adding_to_groups() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let both = group(&ada, &[&bob_account, &eve_account]).await;
    ada.conversation(both)
        .set_role(eve_account.user, Role::Admin)
        .await
        .unwrap();
    bob.people()
        .relate(eve_account.user, RelationAct::Block)
        .await
        .unwrap();
    let name = GroupName::new("a trap").unwrap();
    let nobody = Err(Error::Refused(ErrorCode::NoSuchUser));
    assert_eq!(
        eve.conversations()
            .create_group(name.clone(), vec![bob_account.user])
            .await,
        nobody
    );
    let own = eve
        .conversations()
        .create_group(name, Vec::new())
        .await
        .unwrap();
    assert_eq!(
        eve.conversation(own)
            .add_members(vec![bob_account.user])
            .await,
        Err(Error::Refused(ErrorCode::NoSuchUser))
    );
    assert_eq!(
        eve.conversation(both)
            .add_members(vec![bob_account.user])
            .await,
        Ok(0),
        "already a member"
    );
    assert_eq!(bob.conversations().list().await.unwrap().len(), 1);
    // The blocking user may still add the blocked one.
    let bobs = group(&bob, &[&eve_account]).await;
    assert!(
        eve.conversations()
            .list()
            .await
            .unwrap()
            .iter()
            .any(|item| item.id == bobs)
    );
    bob.people()
        .relate(eve_account.user, RelationAct::Unblock)
        .await
        .unwrap();
    assert_eq!(
        eve.conversation(own)
            .add_members(vec![bob_account.user])
            .await,
        Ok(1)
    );
}
