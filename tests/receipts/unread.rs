//! Marking as unread: counts change on every device of the user, and other members notice nothing.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::{MARKED_OWN_MAX, MARKED_UNREAD_MAX};
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Account, Client, Error, Event, Events, Update};

use crate::support::{Server, event, invite};

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(owner: &Client, other: &Account) -> ConversationId {
    owner
        .conversations()
        .create_group(GroupName::new("team").unwrap(), vec![other.user])
        .await
        .unwrap()
}

/// The unread count, the mention count, and the read cursor.
async fn counts(client: &Client, id: ConversationId) -> (u64, u64, MsgId) {
    let found = client
        .conversations()
        .list()
        .await
        .unwrap()
        .into_iter()
        .find(|item| item.id == id)
        .unwrap();
    (found.unread, found.mentions, found.read)
}

async fn next_read(events: &mut Events) -> MsgId {
    let read_of = |event| match event {
        Event::Update(Update::Read { read, .. }) => Some(read),
        _ => None,
    };
    event(events, "a device is told how far was read", read_of).await
}

#[tokio::test]
async fn mark_unread_syncs_and_skips_own_messages() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let phone = Client::builder().connect(&bob_account).await.unwrap();
    let team = group(&ada, &bob_account).await;
    let first = ada.conversation(team).send(text("first")).await.unwrap();
    let mention = Extras::new(vec![Extra::Mention(bob_account.user)]).unwrap();
    let second = ada
        .conversation(team)
        .enqueue_with(text("second"), mention)
        .await
        .unwrap()
        .await
        .unwrap();
    let own = bob.conversation(team).send(text("I see")).await.unwrap();
    let third = ada.conversation(team).send(text("third")).await.unwrap();
    bob.conversation(team).mark_read(third).await.unwrap();
    assert_eq!(counts(&bob, team).await, (0, 0, third));

    let (mut here, mut there) = (bob.events(), phone.events());
    bob.conversation(team).mark_unread(first).await.unwrap();
    assert_eq!(
        (next_read(&mut here).await, next_read(&mut there).await),
        (first.prev(), first.prev())
    );
    assert_eq!(
        counts(&phone, team).await,
        (3, 1, first.prev()),
        "three of others, one of them a mention"
    );
    server.kill();
    server.restart();
    assert_eq!(counts(&bob, team).await, (3, 1, first.prev()));
    phone.conversation(team).mark_read(second).await.unwrap();
    assert_eq!(counts(&bob, team).await, (1, 0, second));
    let listed = ada
        .conversation(team)
        .members()
        .await
        .unwrap()
        .into_iter()
        .find(|member| member.user.id == bob_account.user)
        .unwrap();
    assert_eq!(listed.read, third, "others are told what they were told");
    phone.conversation(team).mark_unread(own).await.unwrap();
    assert_eq!(
        counts(&bob, team).await,
        (1, 0, second),
        "nothing that is unread already"
    );
    let last = bob
        .conversation(team)
        .send(text("and now I know"))
        .await
        .unwrap();
    assert_eq!(counts(&phone, team).await, (0, 0, last), "sending reads");
}

#[tokio::test]
async fn mark_unread_depth_is_bounded() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, &bob_account).await;
    let refused = |answer: Result<(), Error>| match answer {
        Err(Error::Refused(code)) => Some(code),
        other => panic!("{other:?}"),
    };
    let mut last = MsgId::ZERO;
    for number in 0..=MARKED_OWN_MAX {
        last = bob
            .conversation(team)
            .send(text(&format!("own {number}")))
            .await
            .unwrap();
    }
    let first_own = MsgId::new(last.get() - MARKED_OWN_MAX as u64);
    assert_eq!(
        refused(bob.conversation(team).mark_unread(first_own).await),
        Some(ErrorCode::TooFarBack)
    );
    bob.conversation(team)
        .mark_unread(first_own.next())
        .await
        .unwrap();
    for number in 0..MARKED_UNREAD_MAX {
        drop(
            ada.conversation(team)
                .enqueue(text(&format!("other {number}")))
                .await
                .unwrap(),
        );
    }
    let head = ada.conversation(team).send(text("the last")).await.unwrap();
    bob.conversation(team).mark_read(head).await.unwrap();
    let furthest = MsgId::new(head.get() + 1 - MARKED_UNREAD_MAX);
    assert_eq!(
        refused(bob.conversation(team).mark_unread(furthest.prev()).await),
        Some(ErrorCode::TooFarBack)
    );
    bob.conversation(team).mark_unread(furthest).await.unwrap();
    assert_eq!(counts(&bob, team).await.0, MARKED_UNREAD_MAX);
    for nowhere in [MsgId::ZERO, head.next(), MsgId::new(u64::MAX)] {
        assert_eq!(
            refused(bob.conversation(team).mark_unread(nowhere).await),
            Some(ErrorCode::NoSuchMessage)
        );
    }
}

#[tokio::test]
async fn history_before_a_join_is_read() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let name = GroupName::new("team").unwrap();
    let team = ada.conversations().create_group(name, Vec::new());
    let team = team.await.unwrap();
    for n in 0..3 {
        let said = text(&format!("before {n}"));
        ada.conversation(team).send(said).await.unwrap();
    }
    let last = ada.conversation(team).send(text("last")).await.unwrap();
    let added = ada.conversation(team).add_members(vec![bob_account.user]);
    added.await.unwrap();
    assert_eq!(counts(&bob, team).await, (0, 0, last));
    // What is read below the join changes nothing.
    let mut events = bob.events();
    bob.conversation(team)
        .mark_read(MsgId::new(2))
        .await
        .unwrap();
    assert_eq!(next_read(&mut events).await, last);
    // Nor does it become unread, which a device learns that counted on it.
    let marked = bob.conversation(team).mark_unread(MsgId::new(3)).await;
    marked.unwrap();
    assert_eq!(next_read(&mut events).await, last);
    ada.conversation(team).send(text("after")).await.unwrap();
    assert_eq!(counts(&bob, team).await, (1, 0, last));
}
