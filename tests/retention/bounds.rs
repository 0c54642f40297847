//! Server-wide bounds on retention, and age limits for messages that a device has not acked.

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::retention::{Retention, RetentionInfo};
use cairn_client::proto::text::{GroupName, SettingName, SettingValue};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::PullRange;

use super::{expired, import, refused, text};
use crate::support::{Server, acked, invite, until};

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

async fn group(owner: &Client, name: &str) -> ConversationId {
    owner
        .conversations()
        .create_group(GroupName::new(name).unwrap(), Vec::new())
        .await
        .unwrap()
}

async fn floor(client: &Client, conversation: ConversationId) -> MsgId {
    client
        .conversation(conversation)
        .pull(PullRange::From(MsgId::new(1)), 1)
        .await
        .unwrap()
        .floor
}

/// A graceful stop writes every conversation to the trees, and the next start examines all of them.
#[tokio::test]
async fn server_default_applies_without_group_policy() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    // The server examines them in this order: once a message of the last one expires, the others
    // were examined.
    let [kept, agreed, silent] = [
        group(&ada, "kept").await,
        group(&ada, "agreed").await,
        group(&ada, "silent").await,
    ];
    for team in [silent, kept, agreed] {
        // Creation and policy of the group have entries of their own, so import after them.
        import(&ada, team, [40, 20, 3].into_iter()).await;
    }
    ada.conversation(kept)
        .set_retention(Some(Retention::Keep))
        .await
        .unwrap();
    ada.conversation(agreed)
        .set_retention(Some(Retention::Days(30)))
        .await
        .unwrap();
    until("what was agreed on holds", async || {
        floor(&ada, agreed).await == MsgId::new(2)
    })
    .await;
    set(&ada, "retention-default", "days 10").await;
    assert_eq!(
        ada.conversation(silent).retention().await.unwrap(),
        RetentionInfo {
            set: None,
            effective: Retention::Days(10)
        }
    );
    assert!(server.stop().success());
    server.restart();
    until("what is too old by default goes", async || {
        floor(&ada, silent).await == MsgId::new(3)
    })
    .await;
    assert_eq!(
        (floor(&ada, kept).await, floor(&ada, agreed).await),
        (MsgId::ZERO, MsgId::new(2)),
        "there it was agreed on otherwise"
    );

    // The longest retention limits every policy; the next start continues the examination.
    set(&ada, "retention-default", "keep").await;
    set(&ada, "retention-longest", "2").await;
    assert_eq!(
        ada.conversation(kept).retention().await.unwrap(),
        RetentionInfo {
            set: Some(Retention::Keep),
            effective: Retention::Days(2)
        }
    );
    assert!(server.stop().success());
    server.restart();
    for team in [silent, kept, agreed] {
        until("nothing stays for longer", async || {
            floor(&ada, team).await == MsgId::new(4)
        })
        .await;
    }
}

#[tokio::test]
async fn group_policy_respects_server_bounds() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let team = group(&ada, "team").await;
    let [until_acked, days] = [
        |cap_days| Retention::UntilAcked { cap_days },
        Retention::Days,
    ];
    let allowed = async |policies: &[Retention]| {
        for &policy in policies {
            ada.conversation(team)
                .set_retention(Some(policy))
                .await
                .unwrap_or_else(|error| panic!("{policy}: {error}"));
            assert_eq!(
                ada.conversation(team).retention().await.unwrap(),
                RetentionInfo {
                    set: Some(policy),
                    effective: policy
                }
            );
        }
    };
    let forbidden = async |policies: &[Retention]| {
        let before = ada.conversation(team).retention().await.unwrap();
        for &policy in policies {
            assert_eq!(
                refused(ada.conversation(team).set_retention(Some(policy)).await),
                ErrorCode::RetentionBounds,
                "{policy}"
            );
        }
        assert_eq!(ada.conversation(team).retention().await.unwrap(), before);
    };
    set(&ada, "retention-longest", "30").await;
    forbidden(&[Retention::Keep, days(31), until_acked(31)]).await;
    allowed(&[days(1), days(30), until_acked(1), until_acked(30)]).await;
    set(&ada, "retention-shortest", "7").await;
    forbidden(&[
        Retention::Keep,
        days(6),
        days(31),
        until_acked(7),
        until_acked(30),
    ])
    .await;
    allowed(&[days(7), days(30)]).await;
    // With contradictory bounds, the shortest retention wins, and no other policy is accepted.
    set(&ada, "retention-longest", "3").await;
    forbidden(&[
        Retention::Keep,
        days(3),
        days(6),
        days(8),
        until_acked(3),
        until_acked(7),
    ])
    .await;
    allowed(&[days(7)]).await;
    ada.conversation(team).set_retention(None).await.unwrap();
    assert_eq!(
        ada.conversation(team).retention().await.unwrap(),
        RetentionInfo {
            set: None,
            effective: days(7)
        }
    );
}

/// Changed policies are examined in conversation order, so expiry in `later` proves that `team` was
/// examined.
#[tokio::test]
async fn lost_device_holds_messages_up_to_cap() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let (bob, bob_account) = invite(&ada, "bob").await;
    let (lost, lost_account) = invite(&ada, "eve").await;
    lost.close().await;
    let members = vec![bob_account.user, lost_account.user];
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), members)
        .await
        .unwrap();
    let later = group(&ada, "later").await;
    assert!(team < later);
    import(&ada, team, [3; 10].into_iter()).await;
    import(&ada, later, [3; 10].into_iter()).await;
    let today = ada.conversation(team).send(text("today")).await.unwrap();
    for client in [&ada, &bob] {
        acked(client, team, today).await;
    }
    let (mut events, until_acked) = (ada.events(), |cap_days| {
        Some(Retention::UntilAcked { cap_days })
    });
    ada.conversation(team)
        .set_retention(until_acked(4))
        .await
        .unwrap();
    ada.conversation(later)
        .set_retention(Some(Retention::Days(1)))
        .await
        .unwrap();
    let before_all = MsgId::new(1);
    assert_eq!(
        expired(&mut events).await,
        (team, before_all),
        "what was before the others came"
    );
    assert_eq!(expired(&mut events).await.0, later);
    assert_eq!(
        floor(&ada, team).await,
        before_all,
        "the rest is held, whichever devices have it"
    );
    ada.conversation(team)
        .set_retention(until_acked(1))
        .await
        .unwrap();
    assert_eq!(
        expired(&mut events).await,
        (team, today.prev()),
        "nothing is held for longer than the cap"
    );
    assert_eq!(
        floor(&bob, team).await,
        today.prev(),
        "what is younger is held on"
    );
}
