//! The audit log: what owners and admins did.

use std::time::Duration;

use cairn_client::proto::model::audit::AuditAct;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error};

use crate::support::{Server, invite};

async fn acts(owner: &Client) -> Vec<AuditAct> {
    let page = owner.admin().audit(1).await.unwrap();
    assert_eq!(page.records.len() as u64, page.last);
    let numbers = page.records.iter().map(|record| record.number);
    assert!(numbers.eq(1..=page.last));
    page.records.into_iter().map(|record| record.act).collect()
}

#[tokio::test]
async fn acts_are_recorded_and_survive_a_restart() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (bob, of_bob) = invite(&ada, "bob").await;
    let user = bob.whoami().user;
    assert!(matches!(
        acts(&ada).await[..],
        [AuditAct::InviteCreated { uses: 1, .. }]
    ));
    ada.admin().set_role(user, ServerRole::Admin).await.unwrap();
    // What changes nothing, and what is refused, is no act.
    ada.admin().set_role(user, ServerRole::Admin).await.unwrap();
    let refused = bob.admin().set_role(user, ServerRole::Owner).await;
    assert!(matches!(refused, Err(Error::Refused(ErrorCode::Forbidden))));
    let (name, value) = ("user-search".parse().unwrap(), "off".parse().unwrap());
    ada.admin().set_setting(name, value).await.unwrap();
    let group = bob
        .conversations()
        .create_group("team".parse().unwrap(), vec![ada.whoami().user])
        .await
        .unwrap();
    // One's own count is not a count of others.
    bob.conversation(group).explain(user).await.unwrap();
    let (owner, device) = (ada.whoami().user, bob.whoami().device);
    bob.conversation(group).explain(owner).await.unwrap();
    bob.admin()
        .create_invite(3, Duration::from_secs(60))
        .await
        .unwrap();

    let check = |acts: &[AuditAct]| {
        let (before, after) = (ServerRole::Member, ServerRole::Admin);
        assert_eq!(
            acts[1],
            AuditAct::RoleSet {
                user,
                before,
                after
            }
        );
        let AuditAct::SettingSet { before, after, .. } = &acts[2] else {
            panic!("{acts:?}");
        };
        assert_eq!((before.as_str(), after.as_str()), ("on", "off"));
        let explained = AuditAct::UnreadExplained {
            user: owner,
            conversation: group,
        };
        assert_eq!(acts[3], explained);
        assert!(matches!(acts[4], AuditAct::InviteCreated { uses: 3, .. }));
    };
    let recorded = acts(&ada).await;
    check(&recorded);
    let record = &ada.admin().audit(4).await.unwrap().records[0];
    assert_eq!((record.actor, record.device), (user, device));
    let refused = bob.admin().audit(1).await;
    assert!(matches!(refused, Err(Error::Refused(ErrorCode::Forbidden))));

    // Once from the commit log, once from the trees.
    server.kill();
    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    assert_eq!(acts(&ada).await, recorded);
    ada.close().await;
    assert!(server.stop().success());
    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    assert_eq!(acts(&ada).await, recorded);
    let bob = Client::builder().connect(&of_bob).await.unwrap();
    bob.admin()
        .create_invite(1, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(acts(&ada).await.len(), recorded.len() + 1);
}
