//! Receipts of a message: requested, and pushed as they change.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::{
    RECEIPTS_COUNTED_MAX, RECEIPTS_PER_PAGE_MAX, USERS_PER_REQUEST_MAX,
};
use cairn_client::proto::model::receipts::{MemberCursors, Reads, ReceiptCounts, ReceiptState};
use cairn_client::proto::text::{GroupName, SettingName, SettingValue, Text, UserName};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::{Client, Error, Event, Events, Update};

use crate::support::{Server, acked, event, invite};

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(owner: &Client, users: &[UserId]) -> ConversationId {
    owner
        .conversations()
        .create_group(GroupName::new("team").unwrap(), users.to_vec())
        .await
        .unwrap()
}

const fn counts(of: u32, delivered: u32, read: u32) -> ReceiptCounts {
    ReceiptCounts {
        of,
        delivered,
        read,
    }
}

async fn next_receipts(events: &mut Events) -> Vec<MemberCursors> {
    let cursors_of = |event| match event {
        Event::Update(Update::Receipts { cursors, .. }) => Some(cursors),
        _ => None,
    };
    event(events, "who got and read what is told", cursors_of).await
}

#[tokio::test]
async fn receipts_follow_member_cursors() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let (late, late_account) = invite(&ada, "late").await;
    let team = group(&ada, &[bob_account.user, eve_account.user]).await;
    let said = ada.conversation(team).send(text("hello")).await.unwrap();
    assert_eq!(
        ada.conversation(team).receipts(said).await.unwrap().counts,
        counts(2, 0, 0)
    );
    acked(&bob, team, said).await;
    eve.conversation(team).mark_read(said).await.unwrap();
    let receipts = ada.conversation(team).receipts(said).await.unwrap();
    let who: Vec<_> = receipts
        .who
        .iter()
        .map(|receipt| (receipt.user, receipt.state))
        .collect();
    assert_eq!(
        who,
        [
            (bob_account.user, ReceiptState::Delivered),
            (eve_account.user, ReceiptState::Read)
        ]
    );
    assert_eq!(
        (
            receipts.counts,
            ada.conversation(team).ticks(said).await.unwrap()
        ),
        (counts(2, 2, 1), ReceiptState::Delivered)
    );
    ada.conversation(team)
        .add_members(vec![late_account.user])
        .await
        .unwrap();
    bob.conversation(team).mark_read(said).await.unwrap();
    eve.conversation(team).mark_unread(said).await.unwrap();
    assert_eq!(
        late.conversation(team).receipts(said).await.unwrap().counts,
        counts(2, 2, 2),
        "who came later was not spoken to, and told is told"
    );
    assert_eq!(
        ada.conversation(team).ticks(said).await.unwrap(),
        ReceiptState::Read
    );
    let refused = ada.conversation(team).receipts(MsgId::new(1)).await;
    assert!(
        matches!(refused, Err(Error::Refused(ErrorCode::NoSuchMessage))),
        "an entry that nobody said has no receipts"
    );
}

#[tokio::test]
async fn hiding_reads_is_mutual() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let team = group(&ada, &[bob_account.user, eve_account.user]).await;
    let said = ada.conversation(team).send(text("hello")).await.unwrap();
    bob.conversation(team).mark_read(said).await.unwrap();
    eve.conversation(team).mark_read(said).await.unwrap();
    bob.me().set_reads(Reads::Hidden).await.unwrap();
    assert_eq!(bob.me().reads().await.unwrap(), Reads::Hidden);
    assert_eq!(
        ada.conversation(team).receipts(said).await.unwrap().counts,
        counts(2, 2, 1),
        "it stays delivered"
    );
    let seen = bob.conversation(team).receipts(said).await.unwrap();
    assert_eq!(
        (seen.counts, seen.reads),
        (counts(2, 2, 1), Reads::Hidden),
        "except for the own one"
    );
    let reads = async |client: &Client| -> Vec<MsgId> {
        client
            .conversation(team)
            .members()
            .await
            .unwrap()
            .into_iter()
            .map(|member| member.read)
            .collect()
    };
    assert_eq!(reads(&ada).await, [said, MsgId::ZERO, said]);
    assert_eq!(reads(&bob).await, [MsgId::ZERO, said, MsgId::ZERO]);
    bob.me().set_reads(Reads::Shown).await.unwrap();
    assert_eq!(
        ada.conversation(team).receipts(said).await.unwrap().counts,
        counts(2, 2, 2)
    );

    let receipts = SettingName::new("receipts").unwrap();
    ada.admin()
        .set_setting(receipts, SettingValue::new("off").unwrap())
        .await
        .unwrap();
    assert!(matches!(
        ada.conversation(team).receipts(said).await,
        Err(Error::Refused(ErrorCode::TurnedOff))
    ));
    assert_eq!(reads(&ada).await, [said, MsgId::ZERO, MsgId::ZERO]);
}

#[tokio::test]
async fn receipts_reach_only_viewers() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (eve, eve_account) = invite(&ada, "eve").await;
    let team = group(&ada, &[bob_account.user, eve_account.user]).await;
    let said = ada.conversation(team).send(text("hello")).await.unwrap();
    let (mut seen_by_ada, mut seen_by_eve) = (ada.events(), eve.events());
    ada.conversation(team).focus().await.unwrap();
    bob.conversation(team).mark_read(said).await.unwrap();
    let bobs = MemberCursors {
        user: bob_account.user,
        delivered: said,
        read: said,
    };
    assert_eq!(next_receipts(&mut seen_by_ada).await, [bobs]);
    // Eve had no focus before, so the first frame that she receives is about later reads.
    eve.conversation(team).focus().await.unwrap();
    bob.me().set_reads(Reads::Hidden).await.unwrap();
    let again = ada
        .conversation(team)
        .send(text("are you there?"))
        .await
        .unwrap();
    bob.conversation(team).mark_read(again).await.unwrap();
    let hidden = MemberCursors {
        delivered: again,
        read: MsgId::ZERO,
        ..bobs
    };
    assert_eq!(next_receipts(&mut seen_by_eve).await, [hidden]);
    assert_eq!(next_receipts(&mut seen_by_ada).await, [hidden]);
}

#[tokio::test]
async fn crowd_receipts_are_paged() {
    let server = Server::start();
    let (ada, ada_account) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let crowd = group(&ada, &[bob_account.user]).await;
    let entry = |number: usize| ImportEntry {
        sender: UserName::new(format!("user{number}")).unwrap(),
        sent_at: Timestamp::new(0),
        body: text("hello"),
    };
    let entries: Vec<ImportEntry> = (0..RECEIPTS_COUNTED_MAX).map(entry).collect();
    let names = entries.iter().map(|entry| entry.sender.clone()).collect();
    ada.conversation(crowd)
        .import(ImportSource::new(1), 0, entries)
        .await
        .unwrap();
    let users: Vec<UserId> = ada
        .people()
        .find_all(names)
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.id)
        .collect();
    for users in users.chunks(USERS_PER_REQUEST_MAX) {
        ada.conversation(crowd)
            .add_members(users.to_vec())
            .await
            .unwrap();
    }
    let said = ada.conversation(crowd).send(text("listen")).await.unwrap();
    bob.conversation(crowd).mark_read(said).await.unwrap();
    let first = ada
        .conversation(crowd)
        .receipt_page(said, None)
        .await
        .unwrap();
    assert_eq!(
        (first.items.len(), first.counts),
        (RECEIPTS_PER_PAGE_MAX, None)
    );
    let all = ada.conversation(crowd).receipts(said).await.unwrap();
    assert_eq!(all.counts, counts(RECEIPTS_COUNTED_MAX as u32 + 1, 1, 1));
    assert!(
        all.who.is_sorted_by(|a, b| a.user < b.user)
            && all
                .who
                .iter()
                .all(|receipt| receipt.user != ada_account.user)
    );
    assert_eq!(
        ada.conversation(crowd).ticks(said).await.unwrap(),
        ReceiptState::Sent
    );
    let beyond = ada
        .conversation(crowd)
        .receipt_page(said, Some(UserId::new(u32::MAX)))
        .await
        .unwrap();
    assert_eq!((beyond.items, beyond.next_after), (Vec::new(), None));
}
