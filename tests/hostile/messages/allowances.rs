//! Clients that send more than the settings allow and do not wait.

use std::io::Write as _;
use std::process::Stdio;

use bytes::BytesMut;
use cairn_client::Client;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, UserId};
use cairn_client::proto::text::{GroupName, SettingName, SettingValue};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::request::group::CreateGroup;
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_client::proto::wire::response::ServerFrame;

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, group, text};

/// Of a message, so that few of them exceed the volume of a day.
const BODY_BYTES: usize = 16 * 1024;

async fn set(owner: &Client, name: &str, value: &str) {
    let (name, value) = (SettingName::new(name), SettingValue::new(value));
    let set = owner.admin().set_setting(name.unwrap(), value.unwrap());
    set.await.unwrap();
}

fn long(seq: u64) -> Body {
    text(&format!("{seq:0BODY_BYTES$}"))
}

fn draft(conversation: ConversationId, seq: u64) -> Draft {
    Draft {
        conversation,
        seq: ClientSeq::new(seq),
        content: Content::new(long(seq), Extras::NONE),
    }
}

/// One that was refused is not overtaken, not even when the limit is gone.
#[tokio::test]
async fn refused_send_is_not_overtaken() {
    const PIPELINED: u64 = 100;
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let other = group(&eve, "other", &[]).await;
    eve.close().await;
    set(&stage.owner, "message-bytes-per-day", "512KiB").await;
    let (server, owner) = (stage.server.addr, stage.owner.clone());
    let refused = Err(ErrorCode::TooFast);
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let mut all = BytesMut::new();
            for seq in 1..=PIPELINED {
                all.extend_from_slice(&frame::frame(&raw.request(draft(team, seq)).1));
            }
            raw.stream.write(&all).await;
            // Refusals do not wait for a commit, so they may come first.
            let (mut accepted, mut last) = (0, 0);
            for _ in 0..PIPELINED {
                match raw.stream.read().await {
                    ServerFrame::Response(id, Ok(_)) => {
                        accepted += 1;
                        last = last.max(id.get());
                    }
                    ServerFrame::Response(_, Err(ErrorCode::TooFast)) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(accepted, last, "one was accepted after a refusal");
            assert!((24..=40).contains(&accepted), "{accepted} were accepted");
            raw.goes_on().await;
            set(&owner, "message-bytes-per-day", "0").await;
            let next = accepted + 1;
            assert_eq!(raw.send(team, next + 1, long(next + 1)).await, refused);
            assert_eq!(raw.send(other, 1, long(1)).await, refused);
            assert!(raw.send(team, next, long(next)).await.is_ok());
            assert!(raw.send(team, next + 1, long(next + 1)).await.is_ok());
            assert!(raw.send(other, 1, long(1)).await.is_ok());
            let metrics = owner.admin().metrics().await.unwrap();
            assert_eq!(metrics.too_fast, PIPELINED - accepted + 2);
        })
        .await;
}

#[tokio::test]
async fn groups_and_members_have_a_rate() {
    const GROUPS: usize = 100;
    let mut stage = Stage::set().await;
    let (_, account) = stage.user("eve").await;
    set(&stage.owner, "memberships-per-second", "1").await;
    let (server, owner) = (stage.server.addr, stage.owner.clone());
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let members: Vec<UserId> = (0..GROUPS as u32).map(UserId::new).collect();
            let create = |members: &[UserId]| CreateGroup {
                name: GroupName::new("team").unwrap(),
                members: members.to_vec(),
            };
            // Counts as its members, although it names users that do not exist.
            assert_ne!(raw.ask(create(&members)).await, Err(ErrorCode::TooFast));
            assert_eq!(raw.ask(create(&[])).await, Err(ErrorCode::TooFast));
            raw.ask(ListDevices).await.unwrap();
            set(&owner, "memberships-per-second", "0").await;
            raw.ask(create(&[])).await.unwrap();
        })
        .await;
}

/// `send -` waits, and fails with nothing.
#[tokio::test]
async fn command_that_is_too_fast_waits() {
    const LINES: usize = 6_300;
    let stage = Stage::set().await;
    set(&stage.owner, "messages-per-second", "100").await;
    let link = stage.owner.admin().create_invite(1, INVITE_LIFE);
    let link = link.await.unwrap().to_string();
    let profile = tempfile::tempdir().unwrap();
    let run = move |args: &[&str], input: String| {
        let mut command = crate::support::cairn(args);
        command.arg("--profile").arg(profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let command = command.stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let notes = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{args:?}: {notes}");
        (String::from_utf8(output.stdout).unwrap(), notes)
    };
    tokio::task::spawn_blocking(move || {
        run(&["join", &link, "--name", "bob"], String::new());
        run(&["group", "create", "team"], String::new());
        let lines: String = (0..LINES).map(|n| format!("{n}\n")).collect();
        let (_, notes) = run(&["send", "#team", "-"], lines);
        let is_note = |line: &&str| line.starts_with("waiting: the server limits how much");
        assert_eq!(notes.lines().filter(is_note).count(), 1, "{notes}");
        let (told, _) = run(&["tail", "#team", "--json", "--from", "1"], String::new());
        let texts: Vec<String> = told
            .lines()
            .filter_map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                Some(line["text"].as_str()?.to_owned())
            })
            .collect();
        // The first entry is the group's creation.
        let expected = (0..LINES).map(|n| n.to_string());
        assert!(texts.into_iter().skip(1).eq(expected));
    })
    .await
    .unwrap();
    let metrics = stage.owner.admin().metrics().await.unwrap();
    assert!(metrics.delayed >= 100, "{}", metrics.delayed);
}

const INVITE_LIFE: std::time::Duration = std::time::Duration::from_secs(3600);
