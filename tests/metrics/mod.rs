//! Metrics are available to the server's owner and admins, and to no other user.

use cairn_client::proto::content::body::Body;
use cairn_client::proto::text::{GroupName, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error};
use serde_json::Value;

use crate::support::{Server, cairn, invite};

const BODY_BYTES: usize = 300;

async fn say(client: &Client, count: usize) {
    let group = client
        .conversations()
        .create_group(GroupName::new("team").unwrap(), Vec::new())
        .await
        .unwrap();
    for n in 1..=count {
        client
            .conversation(group)
            .send(Body::Text(Text::new(format!("{n:0BODY_BYTES$}")).unwrap()))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn metrics_count_activity() {
    let server = Server::start();
    let (owner, _) = server.owner().await;
    let (_bob, _) = invite(&owner, "bob").await;
    let before = owner.admin().metrics().await.unwrap();
    assert_eq!(before.sessions, 2);
    assert!(before.prepared_bytes > 0, "a new log has a segment");
    say(&owner, 20).await;
    let after = owner.admin().metrics().await.unwrap();
    let done = after.since(&before).unwrap();
    // The first entry of a group records its creation.
    assert_eq!(done.entries, 21);
    // Each send waits for the one before it, and so for its own commit.
    assert!((21..=after.commits).contains(&done.commits), "{done:?}");
    assert!(done.commands >= 22, "{done:?}");
    assert!(done.log_bytes > 20 * BODY_BYTES as u64, "{done:?}");
    assert_eq!(done.syncs.total(), done.commits);
    assert!(done.uptime_micros > 0);
    assert_eq!(before.since(&after), None);
}

#[tokio::test]
async fn restart_resets_metrics() {
    let mut server = Server::start();
    let (owner, _) = server.owner().await;
    say(&owner, 20).await;
    let before = owner.admin().metrics().await.unwrap();
    server.kill();
    server.restart();
    let after = owner.admin().metrics().await.unwrap();
    assert_eq!(after.entries, 0, "what is replayed is not done again");
    assert_eq!(after.since(&before), None);
}

#[tokio::test]
async fn plain_member_is_refused() {
    let server = Server::start();
    let (owner, _) = server.owner().await;
    let (bob, _) = invite(&owner, "bob").await;
    assert!(matches!(
        bob.admin().metrics().await,
        Err(Error::Refused(ErrorCode::Forbidden))
    ));
}

#[test]
fn only_admins_see_metrics() {
    let server = Server::start();
    let profiles = tempfile::tempdir().unwrap();
    let run = |who: &str, args: &[&str]| {
        let profile = profiles.path().join(who);
        let output = cairn(args).arg("--profile").arg(profile).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let link = server.invite.as_ref().unwrap().to_string();
    assert_eq!(run("ada", &["join", &link, "--name", "ada"]).0, Some(0));
    let (_, link, _) = run("ada", &["invite"]);
    assert_eq!(
        run("bob", &["join", link.trim(), "--name", "bob"]).0,
        Some(0)
    );

    let (code, json, _) = run("ada", &["stats", "--json"]);
    assert_eq!(code, Some(0));
    let stats: Value = serde_json::from_str(&json).unwrap();
    assert!(
        stats["commits"].as_u64().unwrap() > 0
            && stats["fdatasync_ms"]["p99"].as_f64().unwrap() > 0.0,
        "{json}"
    );
    let buckets = stats["fdatasync_us"].as_array().unwrap();
    assert_eq!(
        buckets
            .iter()
            .map(|bucket| bucket["count"].as_u64().unwrap())
            .sum::<u64>(),
        stats["commits"].as_u64().unwrap()
    );
    let (code, table, _) = run("ada", &["stats"]);
    assert_eq!(code, Some(0));
    for name in ["sessions", "commits", "fdatasync", "checkpoints"] {
        assert!(
            table
                .lines()
                .any(|line| line.trim_start().starts_with(name)),
            "{name}: {table}"
        );
    }

    let (code, nothing, why) = run("bob", &["stats"]);
    assert_eq!((code, nothing.as_str()), (Some(1), ""));
    assert!(
        why.contains("error: ") && why.contains("only owners"),
        "{why}"
    );
}

#[test]
fn load_report_includes_metrics() {
    let dir = tempfile::tempdir().unwrap();
    let load = [
        "--clients",
        "2",
        "--inflight",
        "8",
        "--conversations",
        "2",
        "--messages",
        "100",
        "--json",
    ];
    let output = cairn(&["bench", "send"])
        .args(load)
        .arg("--dir")
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| {
        found[name]
            .as_f64()
            .unwrap_or_else(|| panic!("no {name} in {found}"))
    };
    // At most the sends in flight of all clients share a commit.
    assert!(
        (1.0..=16.0).contains(&number("messages_per_commit")),
        "{found}"
    );
    assert!(
        number("log_bytes_per_message") > 200.0,
        "the texts alone are so long: {found}"
    );
    assert!(number("fdatasync_per_s") > 0.0, "{found}");
    assert!(
        found["fdatasync_ms"]["p99"].as_f64() >= found["fdatasync_ms"]["p50"].as_f64(),
        "{found}"
    );
    // The run is too short for a checkpoint.
    assert!(
        found
            .as_object()
            .unwrap()
            .contains_key("sled_bytes_per_message"),
        "{found}"
    );
}
