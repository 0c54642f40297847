//! Concurrent reads by many members: a session with focus receives one receipts frame, whatever
//! their number.

use std::collections::BTreeSet;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::RECEIPT_CURSORS_MAX;
use cairn_client::proto::model::receipts::ReceiptCounts;
use cairn_client::proto::text::{DeviceName, GroupName, Text, UserName};
use cairn_client::{Client, Endpoint, Event, Events, JoinRequest, Update};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::Server;

/// The wait after which an event counts as absent.
const PATIENCE: Duration = Duration::from_secs(20);

/// More members than one frame lists.
const READERS: usize = RECEIPT_CURSORS_MAX + 6;

async fn crowd(owner: &Client) -> Vec<Client> {
    let link = owner
        .admin()
        .create_invite(READERS as u32, Duration::from_secs(3600))
        .await
        .unwrap();
    let endpoint = Endpoint::new().unwrap();
    let mut readers = Vec::new();
    for number in 0..READERS {
        let name = UserName::new(format!("reader-{number}")).unwrap();
        let who = JoinRequest {
            name,
            password: None,
            device: DeviceName::new("test").unwrap(),
        };
        let options = Client::builder().push(false).endpoint(endpoint.clone());
        readers.push(options.join(&link, who).await.unwrap().0);
    }
    readers
}

async fn all_read(readers: &[Client], id: ConversationId, msgid: MsgId) {
    let mut reads = JoinSet::new();
    for reader in readers {
        let reader = reader.clone();
        reads.spawn(async move { reader.conversation(id).mark_read(msgid).await });
    }
    while let Some(read) = reads.join_next().await {
        read.unwrap().unwrap();
    }
}

/// Counts the frames until every member is reported to have read a message, or a frame is
/// incomplete. Returns the count, and whether one was incomplete.
async fn hints(events: &mut Events, msgid: MsgId) -> (usize, bool) {
    let (mut named, mut count) = (BTreeSet::new(), 0);
    loop {
        let Event::Update(Update::Receipts { cursors, more, .. }) = events.next().await.unwrap()
        else {
            continue;
        };
        assert!(cursors.len() <= RECEIPT_CURSORS_MAX, "{}", cursors.len());
        count += 1;
        named.extend(
            cursors
                .iter()
                .filter(|cursors| cursors.read == msgid)
                .map(|cursors| cursors.user),
        );
        if more || named.len() == READERS {
            return (count, more);
        }
    }
}

#[tokio::test]
async fn crowd_reads_coalesce_to_one_hint() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    let readers = crowd(&ada).await;
    let users = readers.iter().map(|reader| reader.whoami().user).collect();
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), users)
        .await
        .unwrap();
    let mut events = ada.events();
    ada.conversation(team).focus().await.unwrap();
    // If the reads span two coalescing intervals, they arrive in two frames; then try again.
    let tries = async {
        loop {
            let said = ada
                .conversation(team)
                .send(Body::Text(Text::new("read this").unwrap()))
                .await
                .unwrap();
            all_read(&readers, team, said).await;
            let (count, more) = hints(&mut events, said).await;
            assert!(count <= 1 + READERS / RECEIPT_CURSORS_MAX, "{count}");
            if more {
                return said;
            }
        }
    };
    let said = timeout(PATIENCE, tries)
        .await
        .expect("nobody is told that there are more");
    // The receipts omitted from the frame can be requested.
    let told = ada.conversation(team).receipts(said).await.unwrap();
    let of = READERS as u32;
    assert_eq!(
        told.counts,
        ReceiptCounts {
            of,
            delivered: of,
            read: of
        }
    );
}
