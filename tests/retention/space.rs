//! Expired messages release their disk space.

use std::path::Path;

use cairn_client::Client;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, ImportSource, MsgId};
use cairn_client::proto::limits::IMPORT_ENTRIES_MAX;
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{GroupName, Text, UserName};
use cairn_client::proto::wire::request::message::ImportEntry;
use cairn_client::proto::wire::request::session::PullRange;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{days_ago, expired, text};
use crate::support::{Server, cairn};

/// Messages to expire: eight megabytes of incompressible text.
const GONE: usize = 4_000;
const LETTERS: usize = 2_000;

fn noise(random: &mut StdRng) -> Body {
    let letters: String = (0..LETTERS)
        .map(|_| random.random_range('!'..='~'))
        .collect();
    Body::Text(Text::new(letters).unwrap())
}

async fn fill(client: &Client, team: ConversationId) {
    let mut random = StdRng::seed_from_u64(1);
    let said = |body| ImportEntry {
        sender: UserName::new("carol").unwrap(),
        sent_at: days_ago(9),
        body,
    };
    // The most that fit into a frame.
    let at_once = IMPORT_ENTRIES_MAX.min(100);
    for first in (0..GONE).step_by(at_once) {
        let entries = (0..at_once).map(|_| said(noise(&mut random))).collect();
        client
            .conversation(team)
            .import(ImportSource::new(1), first as u64, entries)
            .await
            .unwrap();
    }
}

fn bytes_in(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            if entry.file_type().unwrap().is_dir() {
                bytes_in(&entry.path())
            } else {
                entry.metadata().unwrap().len()
            }
        })
        .sum()
}

/// Runs a command on the data directory of a stopped server, and returns its output.
fn says(server: &Server, args: &[&str]) -> serde_json::Value {
    let output = cairn(args)
        .arg("--json")
        .arg("--data")
        .arg(server.data())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn compaction_reclaims_expired_space() {
    let mut server = Server::start();
    let (ada, _) = server.owner().await;
    let team = ada
        .conversations()
        .create_group(GroupName::new("team").unwrap(), Vec::new())
        .await
        .unwrap();
    fill(&ada, team).await;
    let last_old = MsgId::new(GONE as u64 + 1);
    let today = ada.conversation(team).send(text("today")).await.unwrap();
    // The stop moves the messages from the log into blocks.
    assert!(server.stop().success());
    let full = bytes_in(server.data());
    server.restart();

    let mut events = ada.events();
    ada.conversation(team)
        .set_retention(Some(Retention::Days(1)))
        .await
        .unwrap();
    while expired(&mut events).await != (team, last_old) {}
    assert!(server.stop().success());
    let before = bytes_in(server.data());
    let compacted = says(&server, &["compact"]);
    let after = bytes_in(server.data());
    println!(
        "{full} bytes when it was full, {before} when it had expired, {after} when it was \
        compacted: {compacted}"
    );
    assert!(
        after < before / 2 && after < full / 4,
        "of {full} bytes, {before} before it, {after} are left"
    );
    let doctor = says(&server, &["doctor", "--full"]);
    assert_eq!(
        doctor["messages"], 2,
        "what was said today, and the entry of the policy: {doctor}"
    );

    server.restart();
    let left = ada
        .conversation(team)
        .pull(PullRange::From(MsgId::new(1)), 10)
        .await
        .unwrap();
    assert_eq!(
        (left.floor, left.messages.len(), left.messages[0].msgid),
        (last_old, 2, today)
    );
    assert_eq!(
        ada.conversation(team).send(text("later")).await.unwrap(),
        today.plus(2)
    );
}
