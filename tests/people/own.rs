//! Account updates: profile, read visibility and role are the same on all devices of a user.

use cairn_client::proto::model::people::Profile;
use cairn_client::proto::model::receipts::Reads;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::text::DisplayName;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::AccountUpdate;
use cairn_client::{Client, Event, Events, Update};
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
