//! Replies and pushes arrive on different streams, in any order. The newer one must prevail.

use cairn_client::Event;
use cairn_client::proto::ids::UserId;
use cairn_client::proto::model::people::{Contact, ContactPage, Friendship, Relation};
use cairn_client::proto::model::presence::{DeviceKind, PresentDevice, UserPresence};
use cairn_client::proto::model::user::{ServerRole, UserInfo, UserState};
use cairn_client::proto::text::UserName;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::event::{TimelineFrame, Update};
use cairn_client::proto::wire::request::people::{FindUsers, GetUsers, ListContacts};
use cairn_client::proto::wire::request::session::Watch;
use cairn_client::proto::wire::request::{Answer, List};

use crate::fake::{Fake, eager, soon};

fn at(user: u32, kind: DeviceKind) -> UserPresence {
    UserPresence {
        user: UserId::new(user),
        devices: vec![PresentDevice {
            kind,
            is_away: false,
        }],
    }
}

fn contact(user: u32, relation: Relation) -> Contact {
    let user = UserInfo {
        id: UserId::new(user),
        name: UserName::new(format!("user{user}")).unwrap(),
        role: ServerRole::Member,
        state: UserState::Active,
    };
    Contact { user, relation }
}

#[tokio::test]
async fn pushed_presence_beats_older_reply() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut events = client.events();
    let users = vec![UserId::new(1), UserId::new(2)];
    let (watched, ()) = soon(async {
        tokio::join!(client.people().watch(users), async {
            let (id, _) = peer.request().await;
            for told in [at(1, DeviceKind::Phone), at(3, DeviceKind::Phone)] {
                peer.push(TimelineFrame::Update(Update::Presence(told.clone())))
                    .await;
                assert_eq!(
                    events.next().await,
                    Some(Event::Update(Update::Presence(told)))
                );
            }
            peer.answer(
                id,
                Ok(Answer::to::<Watch>(&List(vec![
                    at(1, DeviceKind::Web),
                    at(2, DeviceKind::Web),
                ]))),
            )
            .await;
        })
    })
    .await;
    assert_eq!(
        watched.unwrap(),
        [at(1, DeviceKind::Phone), at(2, DeviceKind::Web)]
    );
}

#[tokio::test]
async fn pushed_contacts_beat_older_pages() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut events = client.events();
    let follows = Relation {
        follows: true,
        ..Relation::default()
    };
    let friends = Relation {
        friendship: Friendship::Friends,
        ..Relation::default()
    };
    let (contacts, ()) = soon(async {
        tokio::join!(client.people().contacts(), async {
            let (id, _) = peer.request().await;
            for told in [
                contact(1, friends),
                contact(2, Relation::default()),
                contact(4, follows),
            ] {
                peer.push(TimelineFrame::Update(Update::Contact(told.clone())))
                    .await;
                assert_eq!(
                    events.next().await,
                    Some(Event::Update(Update::Contact(told)))
                );
            }
            let items = [1, 2, 3].map(|user| contact(user, follows)).to_vec();
            peer.answer(
                id,
                Ok(Answer::to::<ListContacts>(&ContactPage {
                    items,
                    next_after: None,
                })),
            )
            .await;
        })
    })
    .await;
    assert_eq!(
        contacts.unwrap(),
        [
            contact(1, friends),
            contact(3, follows),
            contact(4, follows)
        ]
    );
}

fn named(user: u32, name: &str) -> UserInfo {
    let name = UserName::new(name).unwrap();
    UserInfo {
        name,
        ..contact(user, Relation::default()).user
    }
}

#[tokio::test]
async fn pushed_user_beats_older_reply() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut events = client.events();
    let ids = [1, 2].map(UserId::new);
    let (users, ()) = soon(async {
        tokio::join!(client.people().get_all(&ids), async {
            let (id, _) = peer.request().await;
            let renamed = Update::User(named(1, "robert"));
            peer.push(TimelineFrame::Update(renamed.clone())).await;
            assert_eq!(events.next().await, Some(Event::Update(renamed)));
            let users = List(vec![named(1, "bob"), named(2, "carol")]);
            peer.answer(id, Ok(Answer::to::<GetUsers>(&users))).await;
        })
    })
    .await;
    assert_eq!(users.unwrap(), [named(1, "robert"), named(2, "carol")]);
    let cached = soon(client.people().get(ids[0])).await;
    assert_eq!(cached.unwrap(), Some(named(1, "robert")));
}

#[tokio::test]
async fn users_are_requested_again_after_a_reconnect() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let id = UserId::new(1);
    for name in ["bob", "robert"] {
        let (user, ()) = soon(async {
            tokio::join!(client.people().get(id), async {
                let (id, _) = peer.request().await;
                let users = List(vec![named(1, name)]);
                peer.answer(id, Ok(Answer::to::<GetUsers>(&users))).await;
            })
        })
        .await;
        assert_eq!(user.unwrap(), Some(named(1, name)));
        // The user may be renamed while there is no connection.
        peer.close(CloseCode::GoingAway);
        peer = soon(fake.welcomed(Vec::new())).await;
    }
}

#[tokio::test]
async fn claimed_author_is_shown_and_addressed_as_the_user() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let author = UserInfo {
        state: UserState::AliasOf(UserId::new(2)),
        ..named(1, "bob_irc")
    };
    let (bob, carol) = (named(2, "bob"), named(3, "carol"));
    let ids = [3, 1, 9].map(UserId::new);
    let (shown, ()) = soon(async {
        tokio::join!(client.people().shown(&ids), async {
            let (id, _) = peer.request().await;
            let found = List(vec![carol.clone(), author.clone()]);
            peer.answer(id, Ok(Answer::to::<GetUsers>(&found))).await;
            let (id, request) = peer.request().await;
            let ids = vec![bob.id];
            assert_eq!(request, GetUsers { ids }.into());
            let found = List(vec![bob.clone()]);
            peer.answer(id, Ok(Answer::to::<GetUsers>(&found))).await;
        })
    })
    .await;
    let expected = [(author.id, bob.clone()), (carol.id, carol.clone())];
    assert_eq!(shown.unwrap(), expected.into());

    let names = ["Bob_IRC", "nobody", "carol"].map(|name| UserName::new(name).unwrap());
    let (addressed, ()) = soon(async {
        tokio::join!(client.people().addressed(&names), async {
            let (id, _) = peer.request().await;
            let found = List(vec![author.clone(), carol.clone()]);
            peer.answer(id, Ok(Answer::to::<FindUsers>(&found))).await;
        })
    })
    .await;
    assert_eq!(addressed.unwrap(), [Some(bob), None, Some(carol)]);
}

#[tokio::test]
async fn unwatchable_user_is_offline_after_reconnect() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let users = vec![UserId::new(1), UserId::new(2)];
    soon(async {
        let (watched, ()) = tokio::join!(client.people().watch(users.clone()), async {
            let (id, _) = peer.request().await;
            peer.answer(
                id,
                Ok(Answer::to::<Watch>(&List(vec![
                    at(1, DeviceKind::Web),
                    at(2, DeviceKind::Web),
                ]))),
            )
            .await;
        });
        watched.unwrap();
    })
    .await;
    let mut events = client.events();
    peer.close(CloseCode::GoingAway);
    let mut peer = fake.welcomed(Vec::new()).await;
    let (id, request) = peer.request().await;
    assert_eq!(request, Watch { users }.into());
    // Newer than the reply, which then leaves the user out.
    peer.push(TimelineFrame::Update(Update::Presence(at(
        1,
        DeviceKind::Phone,
    ))))
    .await;
    let mut told = Vec::new();
    soon(async {
        while told.len() < 2 {
            match events.next().await.unwrap() {
                Event::Update(Update::Presence(presence)) => told.push(presence),
                Event::Disconnected { .. } | Event::Reconnected => continue,
                other => panic!("{other:?}"),
            }
            if told.len() == 1 {
                peer.answer(
                    id,
                    Ok(Answer::to::<Watch>(&List(vec![at(1, DeviceKind::Web)]))),
                )
                .await;
            }
        }
    })
    .await;
    assert_eq!(
        told,
        [
            at(1, DeviceKind::Phone),
            UserPresence {
                user: UserId::new(2),
                devices: Vec::new()
            }
        ]
    );
}
