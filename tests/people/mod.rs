//! Relations between users, over the real binary: on all devices, across restarts, and their effect
//! on direct chats.

mod away;
mod claims;
mod commands;
mod deactivated;
mod invites;
mod names;
mod own;
mod passwords;
mod presence;
mod rename;
mod visibility;

use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{MsgId, UserId};
use cairn_client::proto::limits::AVATAR_BYTES_MAX;
use cairn_client::proto::model::people::{
    Avatar, Contact, Friendship, Profile, Relation, RelationAct,
};
use cairn_client::proto::model::receipts::ReceiptState;
use cairn_client::proto::text::{About, EmojiName, SettingName, SettingValue, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, Event, Events, Update};
use tokio::time::timeout;

use crate::support::{Server, cairn, invite};

/// The wait after which an event counts as absent.
const PATIENCE: Duration = Duration::from_secs(20);

const NONE: Relation = Relation {
    follows: false,
    friendship: Friendship::None,
    blocks: false,
};

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

/// Returns the client's next contact event.
async fn told(events: &mut Events) -> Contact {
    let next = async {
        loop {
            if let Event::Update(Update::Contact(contact)) = events.next().await.unwrap() {
                return contact;
            }
        }
    };
    timeout(PATIENCE, next)
        .await
        .expect("no contact is told of")
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorCode {
    match answer {
        Err(Error::Refused(code)) => code,
        other => panic!("not refused but {other:?}"),
    }
}

async fn relations(client: &Client) -> Vec<(UserId, Relation)> {
    client
        .people()
        .contacts()
        .await
        .unwrap()
        .into_iter()
        .map(|contact| (contact.user.id, contact.relation))
        .collect()
}

async fn set(owner: &Client, name: &str, value: &str) {
    let (name, value) = (
        SettingName::new(name).unwrap(),
        SettingValue::new(value).unwrap(),
    );
    assert_eq!(
        owner
            .admin()
            .set_setting(name, value.clone())
            .await
            .unwrap()
            .value,
        value
    );
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "the steps of one scenario")]
async fn friendship_syncs_and_persists() {
    let mut server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (ada_id, bob_id) = (ada_account.user, bob_account.user);
    let bobs_other = Client::builder().connect(&bob_account).await.unwrap();
    let [mut of_ada, mut of_bob, mut of_other] = [&ada, &bob, &bobs_other].map(Client::events);

    let asked = ada
        .people()
        .relate(bob_id, RelationAct::AskFriend)
        .await
        .unwrap();
    assert_eq!(
        asked,
        Relation {
            friendship: Friendship::Asked,
            ..NONE
        }
    );
    for events in [&mut of_bob, &mut of_other] {
        let Contact { user, relation } = told(events).await;
        assert_eq!(
            (user.id, relation),
            (
                ada_id,
                Relation {
                    friendship: Friendship::Invited,
                    ..NONE
                }
            )
        );
    }
    assert_eq!(told(&mut of_ada).await.relation, asked);
    // An offline device finds it after its next login.
    let late = Client::builder().connect(&bob_account).await.unwrap();
    assert_eq!(
        relations(&late).await,
        [(
            ada_id,
            Relation {
                friendship: Friendship::Invited,
                ..NONE
            }
        )]
    );

    bob.people()
        .relate(ada_id, RelationAct::AcceptFriend)
        .await
        .unwrap();
    let friends = Relation {
        friendship: Friendship::Friends,
        ..NONE
    };
    for events in [&mut of_ada, &mut of_bob, &mut of_other] {
        assert_eq!(told(events).await.relation, friends);
    }
    ada.people()
        .relate(bob_id, RelationAct::Follow)
        .await
        .unwrap();
    server.kill();
    server.restart();
    assert_eq!(
        relations(&ada).await,
        [(
            bob_id,
            Relation {
                follows: true,
                ..friends
            }
        )]
    );
    assert!(server.stop().success());
    server.restart();
    assert_eq!(relations(&bob).await, [(ada_id, friends)]);
    let avatar = Avatar::new(vec![7; AVATAR_BYTES_MAX].into()).unwrap();
    let presented = Profile {
        about: Some(About::new("here").unwrap()),
        avatar,
        ..Profile::default()
    };
    bob.me().set_profile(presented.clone()).await.unwrap();
    bob.people()
        .relate(ada_id, RelationAct::RemoveFriend)
        .await
        .unwrap();
    assert_eq!(
        relations(&ada).await,
        [(
            bob_id,
            Relation {
                follows: true,
                ..NONE
            }
        )]
    );
    assert_eq!(
        refused(ada.people().relate(bob_id, RelationAct::AcceptFriend).await),
        ErrorCode::NotAsked
    );
    set(&ada, "contacts-max", "7").await;
    assert!(server.stop().success());
    let doctor = cairn(&["doctor", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert!(
        doctor.status.success(),
        "{}",
        String::from_utf8_lossy(&doctor.stderr)
    );
    server.restart();
    let kept = ada.admin().settings().await.unwrap();
    assert!(kept.iter().any(|setting| setting.name.as_str() == "contacts-max"
        && setting.value.as_str() == "7"));
    assert_eq!(
        ada.people().profiles(&[bob_id]).await.unwrap()[0].profile,
        presented
    );
}

#[tokio::test]
async fn block_is_invisible() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let chat = ada.conversations().direct(eve_account.user).unwrap();
    let with_nobody = eve.conversations().direct(UserId::new(999_999)).unwrap();
    ada.conversation(chat).send(text("hello")).await.unwrap();
    ada.people()
        .relate(eve_account.user, RelationAct::AskFriend)
        .await
        .unwrap();
    ada.people()
        .relate(eve_account.user, RelationAct::Block)
        .await
        .unwrap();

    let to_nobody = refused(eve.conversation(with_nobody).send(text("hello")).await);
    assert_eq!(
        refused(eve.conversation(chat).send(text("why?")).await),
        to_nobody
    );
    assert_eq!(to_nobody, ErrorCode::NotFound);
    assert_eq!(
        refused(ada.conversation(chat).send(text("because")).await),
        ErrorCode::Blocked
    );
    assert_eq!(
        refused(
            ada.people()
                .relate(eve_account.user, RelationAct::AskFriend)
                .await
        ),
        ErrorCode::Blocked
    );
    // The sender sees the request as pending, but it is not delivered.
    let asked = eve
        .people()
        .relate(ada_account.user, RelationAct::AskFriend)
        .await
        .unwrap();
    assert_eq!(asked.friendship, Friendship::Asked);
    assert_eq!(
        relations(&ada).await,
        [(
            eve_account.user,
            Relation {
                blocks: true,
                ..NONE
            }
        )]
    );
    assert_eq!(
        relations(&eve).await,
        [(
            ada_account.user,
            Relation {
                friendship: Friendship::Asked,
                ..NONE
            }
        )]
    );

    ada.people()
        .relate(eve_account.user, RelationAct::Unblock)
        .await
        .unwrap();
    assert_eq!(
        eve.conversation(chat).send(text("again")).await.unwrap(),
        MsgId::new(2)
    );
    eve.people()
        .relate(ada_account.user, RelationAct::AskFriend)
        .await
        .unwrap();
    assert_eq!(
        relations(&ada).await,
        [(
            eve_account.user,
            Relation {
                friendship: Friendship::Invited,
                ..NONE
            }
        )],
        "she asks once more"
    );
    // Mutual requests make a friendship.
    assert_eq!(
        ada.people()
            .relate(eve_account.user, RelationAct::AskFriend)
            .await
            .unwrap()
            .friendship,
        Friendship::Friends
    );
}

#[tokio::test]
async fn direct_chat_policy_and_contact_limit() {
    let server = Server::start();
    let (owner, owner_account) = server.owner().await;
    let (bob, bob_account) = invite(&owner, "bob").await;
    let (carol, carol_account) = invite(&owner, "carol").await;
    let old = bob.conversations().direct(owner_account.user).unwrap();
    bob.conversation(old).send(text("early")).await.unwrap();

    set(&owner, "direct-chats", "friends").await;
    let chat = bob.conversations().direct(carol_account.user).unwrap();
    assert_eq!(
        refused(bob.conversation(chat).send(text("hello")).await),
        ErrorCode::FriendsOnly
    );
    bob.conversation(old)
        .send(text("chats that exist go on"))
        .await
        .unwrap();
    carol
        .people()
        .relate(bob_account.user, RelationAct::Block)
        .await
        .unwrap();
    assert_eq!(
        refused(bob.conversation(chat).send(text("hello")).await),
        ErrorCode::FriendsOnly,
        "as before the block"
    );
    carol
        .people()
        .relate(bob_account.user, RelationAct::Unblock)
        .await
        .unwrap();
    carol
        .people()
        .relate(bob_account.user, RelationAct::AskFriend)
        .await
        .unwrap();
    bob.people()
        .relate(carol_account.user, RelationAct::AcceptFriend)
        .await
        .unwrap();
    bob.conversation(chat).send(text("hello")).await.unwrap();

    set(&owner, "contacts-max", "1").await;
    assert_eq!(
        refused(
            bob.people()
                .relate(owner_account.user, RelationAct::Follow)
                .await
        ),
        ErrorCode::LimitReached
    );
    // The recipient's contact list is full: the request is not delivered, and its sender is not
    // notified.
    let asked = Relation {
        friendship: Friendship::Asked,
        ..NONE
    };
    assert_eq!(
        owner
            .people()
            .relate(bob_account.user, RelationAct::AskFriend)
            .await
            .unwrap(),
        asked
    );
    assert_eq!(
        (relations(&owner).await, relations(&bob).await.len()),
        (vec![(bob_account.user, asked)], 1)
    );
    // A user at the contact limit can still block: blocks are not contacts.
    assert!(
        bob.people()
            .relate(owner_account.user, RelationAct::Block)
            .await
            .unwrap()
            .blocks
    );
    bob.people()
        .relate(owner_account.user, RelationAct::Unblock)
        .await
        .unwrap();
    set(&owner, "contacts-max", "2").await;
    owner
        .people()
        .relate(bob_account.user, RelationAct::AskFriend)
        .await
        .unwrap();
    let invited = Relation {
        friendship: Friendship::Invited,
        ..NONE
    };
    assert!(
        relations(&bob)
            .await
            .contains(&(owner_account.user, invited)),
        "asking again is heard when there is room"
    );
}

#[tokio::test]
async fn block_hides_reads_and_allows_recall() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let chat = eve.conversations().direct(ada_account.user).unwrap();
    let said = eve.conversation(chat).send(text("hello")).await.unwrap();
    let wave = EmojiName::new("wave").unwrap();
    eve.conversation(chat)
        .react(said, wave.clone())
        .await
        .unwrap();
    ada.conversation(chat).mark_read(said).await.unwrap();
    let read_by_ada = async || {
        eve.conversation(chat)
            .members()
            .await
            .unwrap()
            .into_iter()
            .find(|member| member.user.id == ada_account.user)
            .unwrap()
            .read
    };
    assert_eq!(
        (
            read_by_ada().await,
            eve.conversation(chat).ticks(said).await.unwrap()
        ),
        (said, ReceiptState::Read)
    );

    ada.people()
        .relate(eve_account.user, RelationAct::Block)
        .await
        .unwrap();
    assert_eq!(
        (
            read_by_ada().await,
            eve.conversation(chat).ticks(said).await.unwrap()
        ),
        (MsgId::ZERO, ReceiptState::Delivered)
    );
    assert_eq!(
        refused(
            eve.conversation(chat)
                .react(said, EmojiName::new("again").unwrap())
                .await
        ),
        ErrorCode::NotFound
    );
    assert_eq!(
        refused(eve.conversation(chat).unreact(said, wave.clone()).await),
        ErrorCode::NotFound,
        "which would be seen as well"
    );
    eve.conversation(chat).recall(said).await.unwrap();

    ada.people()
        .relate(eve_account.user, RelationAct::Unblock)
        .await
        .unwrap();
    assert_eq!(read_by_ada().await, said);
}
