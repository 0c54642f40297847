//! Overviews of a device that was connected before: exactly the changes since then, also across
//! restarts; or everything, if the server cannot tell what changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, EpochId, MsgId, Revision};
use cairn_client::proto::limits::{CONVERSATIONS_PER_PAGE_MAX, TEXT_BYTES_MAX};
use cairn_client::proto::model::group::Role;
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};
use cairn_client::{Account, Client, Overview};
use cairn_core::record::UnreadMarker;
use cairn_core::record::{EpochRecord, MemberChunk, MemberDetails, MemberRecord, StoredMember};
use cairn_store::trees::rows::RowChange;
use cairn_store::trees::{MetaKey, RowKey};

use crate::groups::diagnosed;
use crate::support::{Server, invite};

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(client: &Client, name: &str, others: &[&Account]) -> ConversationId {
    let others = others.iter().map(|account| account.user).collect();
    client
        .conversations()
        .create_group(GroupName::new(name).unwrap(), others)
        .await
        .unwrap()
}

fn ids(overview: &Overview) -> Vec<ConversationId> {
    overview
        .conversations
        .iter()
        .map(|conversation| conversation.id)
        .collect()
}

#[tokio::test]
async fn changes_survive_a_restart() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&bob_account]).await;
    let club = group(&ada, "club", &[&bob_account]).await;
    let den = group(&ada, "den", &[&bob_account]).await;
    let mut kept = bob.conversations().overview(None).await.unwrap();
    assert_eq!(
        (ids(&kept), kept.extent),
        (vec![den, club, team], OverviewExtent::All),
        "the last that something happened in comes first"
    );
    assert_eq!(
        ids(&bob
            .conversations()
            .overview(Some(kept.as_of))
            .await
            .unwrap()),
        []
    );

    bob.close().await;
    let said = ada
        .conversation(team)
        .send(text("where are you?"))
        .await
        .unwrap();
    ada.conversation(den)
        .remove_members(vec![bob_account.user])
        .await
        .unwrap();
    server.kill();
    server.restart();
    let bob = Client::builder()
        .since(kept.as_of)
        .connect(&bob_account)
        .await
        .unwrap();
    let changed = bob.conversations().login_overview().await.unwrap();
    assert_eq!(
        (ids(&changed), &changed.gone[..], changed.extent),
        (vec![team], &[den][..], OverviewExtent::Changed)
    );
    let asked = bob
        .conversations()
        .overview(Some(kept.as_of))
        .await
        .unwrap();
    assert_eq!(
        (&asked.conversations, &asked.gone),
        (&changed.conversations, &changed.gone),
        "the login tells what asking tells"
    );
    assert_eq!(
        (
            changed.conversations[0].head,
            changed.conversations[0].unread
        ),
        (said, 1)
    );
    kept.update(changed);

    // Read on another device.
    let other = Client::builder().connect(&bob_account).await.unwrap();
    other.conversation(team).mark_read(said).await.unwrap();
    let changed = bob
        .conversations()
        .overview(Some(kept.as_of))
        .await
        .unwrap();
    assert_eq!(
        (ids(&changed), changed.conversations[0].unread),
        (vec![team], 0)
    );
    kept.update(changed);
    ada.conversation(den)
        .add_members(vec![bob_account.user])
        .await
        .unwrap();
    kept.update(
        bob.conversations()
            .overview(Some(kept.as_of))
            .await
            .unwrap(),
    );
    let everything = bob.conversations().overview(None).await.unwrap();
    assert_eq!(
        (kept.conversations, kept.gone),
        (everything.conversations, Vec::new())
    );
}

#[tokio::test]
async fn reads_in_overview_survive_a_kill() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let team = group(&ada, "team", &[&bob_account]).await;
    let said = ada
        .conversation(team)
        .send(text("read this"))
        .await
        .unwrap();
    bob.conversation(team).mark_read(said).await.unwrap();
    let mut kept = bob.conversations().overview(None).await.unwrap();
    server.kill();
    server.restart();
    kept.update(
        bob.conversations()
            .overview(Some(kept.as_of))
            .await
            .unwrap(),
    );
    let now = bob.conversations().overview(None).await.unwrap();
    assert_eq!(
        (kept.conversations[0].read, kept.conversations[0].unread),
        (said, 0)
    );
    assert_eq!(kept.conversations, now.conversations);
}

#[tokio::test]
async fn unknown_moment_returns_everything() {
    let server = Server::start();
    let (ada, account) = server.owner().await;
    let team = group(&ada, "team", &[]).await;
    let now = ada.conversations().overview(None).await.unwrap().as_of;
    let later = Moment {
        revision: Revision::new(now.revision.get() + 1000),
        ..now
    };
    let elsewhere = Moment {
        epoch: EpochId::new(now.epoch.get() ^ 1),
        ..now
    };
    for moment in [later, elsewhere] {
        let options = Client::builder().since(moment);
        let told = options
            .connect(&account)
            .await
            .unwrap()
            .conversations()
            .login_overview()
            .await
            .unwrap();
        assert_eq!(
            (ids(&told), told.extent),
            (vec![team], OverviewExtent::All),
            "{moment:?}"
        );
        let overview = ada.conversations().overview(Some(moment)).await.unwrap();
        assert_eq!(
            (ids(&overview), overview.extent),
            (vec![team], OverviewExtent::All),
            "{moment:?}"
        );
    }
}

#[tokio::test]
async fn restored_backup_is_detected() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let team = group(&ada, "team", &[]).await;
    let before = ada.conversations().overview(None).await.unwrap().as_of;
    ada.close().await;
    server.stop();
    let backup = tempfile::tempdir().unwrap();
    copy(server.data(), backup.path());
    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    ada.conversation(team)
        .send(text("this is forgotten"))
        .await
        .unwrap();
    let lost = ada.conversations().overview(None).await.unwrap().as_of;
    ada.close().await;
    server.stop();
    fs::remove_dir_all(server.data()).unwrap();
    copy(backup.path(), server.data());
    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    for words in ["and", "life", "goes", "on"] {
        ada.conversation(team).send(text(words)).await.unwrap();
    }
    assert_eq!(
        ada.conversations()
            .overview(Some(lost))
            .await
            .unwrap()
            .extent,
        OverviewExtent::All
    );
    assert_eq!(
        ada.conversations()
            .overview(Some(before))
            .await
            .unwrap()
            .extent,
        OverviewExtent::Changed
    );
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn overview_pages_fit_frames() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let long = "x".repeat(TEXT_BYTES_MAX);
    for number in 0..20 {
        let id = group(&ada, &format!("group {number}"), &[]).await;
        ada.conversation(id).send(text(&long)).await.unwrap();
    }
    let listed = ada.conversations().list().await.unwrap();
    let with_last = listed.iter().filter(|item| item.last.is_some()).count();
    assert!((1..20).contains(&with_last), "{with_last}");
    for number in 20..=CONVERSATIONS_PER_PAGE_MAX {
        group(&ada, &format!("group {number}"), &[]).await;
    }
    let overview = ada.conversations().overview(None).await.unwrap();
    let mut sorted = ids(&overview);
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(
        (overview.conversations.len(), sorted.len()),
        (
            CONVERSATIONS_PER_PAGE_MAX + 1,
            CONVERSATIONS_PER_PAGE_MAX + 1
        )
    );
    assert_eq!(overview.conversations[0].head, MsgId::new(1));
    assert_eq!(overview.extent, OverviewExtent::All);
}

#[tokio::test]
async fn doctor_finds_impossible_overview_rows() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let team = group(&ada, "team", &[]).await;
    ada.close().await;
    server.stop();
    let (user, later) = (account.user, Revision::new(1_000));
    let (ended, epochs) = (RowKey::ended(user, team), RowKey::meta(MetaKey::Epochs));
    let epoch = |first: u64| EpochRecord {
        epoch: EpochId::new(first),
        first: Revision::new(first),
    };
    let member = |read: u64, told: u64, changed: Revision| {
        let mark = Some(Box::new(UnreadMarker::new(
            MsgId::new(told),
            &BTreeSet::new(),
        )));
        let (role, joined, terms) = (Role::Owner, MsgId::new(1), MemberDetails::default());
        let record = MemberRecord {
            role,
            joined,
            read: MsgId::new(read),
            details: terms,
            marker: mark,
            changed,
        };
        RowChange::put(
            RowKey::members(team, MemberChunk::of(user)),
            &vec![StoredMember {
                user,
                record,
                delivered: Vec::new(),
            }],
        )
    };
    let now = Revision::new(1);
    for (changes, complaint) in [
        (
            vec![RowChange::put(ended, &now)],
            "there is no such user, or they are still a member",
        ),
        (
            vec![RowChange::delete(ended), member(0, 2, now)],
            "a cursor lies above the head 1",
        ),
        (vec![member(1, 1, now)], "has read what is marked as unread"),
        (vec![member(0, 1, later)], "it changed later than now"),
        (
            vec![
                member(0, 1, now),
                RowChange::put(epochs, &[epoch(2), epoch(1)][..]),
            ],
            "the starts of the server are not in order",
        ),
    ] {
        let said = diagnosed(server.data(), changes);
        assert!(said.contains(complaint), "{said}");
    }
}
