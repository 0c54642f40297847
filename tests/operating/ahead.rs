//! Devices that have seen more than the data: the operator learns of it, and they are served.

use std::fs;
use std::io::Read as _;
use std::process::Child;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};
use cairn_client::{Account, Client};

use super::{copy, serve_at};
use crate::support::{Server, acked, invite, signal};

/// Starts a server whose log is captured.
fn start(server: &Server) -> Child {
    let mut command = serve_at(&server.addr.to_string(), server.data());
    let (child, ready) = super::start(&mut command);
    assert!(ready.contains("listening"), "{ready}");
    child
}

/// Stops it, and returns the lines of its log about devices.
fn stop(mut child: Child) -> Vec<String> {
    signal(&child, "TERM");
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{log}");
    log.lines()
        .filter(|line| line.contains(" a device has "))
        .map(str::to_owned)
        .collect()
}

/// Logs in with a moment, and returns how much the overview showed.
async fn log_in(account: &Account, moment: Moment) -> (Client, OverviewExtent) {
    let client = Client::builder()
        .since(moment)
        .connect(account)
        .await
        .unwrap();
    let overview = client.conversations().overview(Some(moment)).await.unwrap();
    (client, overview.extent)
}

async fn send(client: &Client, group: ConversationId, text: &str) -> MsgId {
    client.conversation(group).send(text).await.unwrap()
}

#[tokio::test]
async fn restored_backup_is_logged_once_per_device() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (bob, of_bob) = invite(&ada, "bob").await;
    let members = vec![bob.whoami().user];
    let group = ada
        .conversations()
        .create_group("team".parse().unwrap(), members)
        .await
        .unwrap();
    let kept = send(&ada, group, "kept").await;
    ada.close().await;
    bob.close().await;
    assert!(server.stop().success());
    let backup = server.data().with_file_name("backup");
    copy(server.data(), &backup);

    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    let lost = send(&ada, group, "lost").await;
    let moment = ada.conversations().overview(None).await.unwrap().as_of;
    ada.close().await;
    assert!(server.stop().success());
    fs::remove_dir_all(server.data()).unwrap();
    copy(&backup, server.data());

    let child = start(&server);
    for _ in 0..2 {
        let (ada, extent) = log_in(&account, moment).await;
        assert_eq!(extent, OverviewExtent::All);
        ada.close().await;
    }
    let bob = Client::builder().connect(&of_bob).await.unwrap();
    bob.conversation(group).ack(lost);
    acked(&bob, group, kept).await;
    bob.close().await;
    let log = stop(child);
    let [of_ada, of_bob] = &log[..] else {
        panic!("{log:?}");
    };
    assert!(of_ada.contains("restored from a backup"), "{of_ada}");
    assert!(of_bob.contains("a message after the last one"), "{of_bob}");
}

/// The end of the log is cut off, and the watermark with it: nothing else shows the loss.
#[tokio::test]
async fn lost_end_of_the_log_is_logged() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let group = ada
        .conversations()
        .create_group("team".parse().unwrap(), Vec::new())
        .await
        .unwrap();
    let live = server.data().with_file_name("live");
    copy(server.data(), &live);
    send(&ada, group, "lost").await;
    let moment = ada.conversations().overview(None).await.unwrap().as_of;
    ada.close().await;
    server.kill();
    fs::remove_dir_all(server.data()).unwrap();
    copy(&live, server.data());

    let child = start(&server);
    let (ada, extent) = log_in(&account, moment).await;
    assert_eq!(extent, OverviewExtent::All);
    ada.close().await;
    let log = stop(child);
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(
        log[0].contains("the end of the commit log was lost"),
        "{log:?}"
    );
}
