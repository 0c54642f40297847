//! `cairn doctor --repair`: a damaged commit log is cut after its last good batch.

use std::fs;
use std::path::{Path, PathBuf};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client};

use super::{DATA_UNUSABLE, copy, doctor, outcome, serve, sound, stderr};
use crate::support::{Server, until};

const HEADER_BYTES: usize = 52;

/// A killed server, with everything in its log.
struct Killed {
    server: Server,
    account: Account,
    group: ConversationId,
    /// The bytes of the log's one segment, and where each record ends.
    segment: Vec<u8>,
    ends: Vec<usize>,
}

/// The offsets at which the records of a segment end.
fn ends_of(segment: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = HEADER_BYTES;
    loop {
        let len = u32::from_le_bytes(segment[at..at + 4].try_into().unwrap());
        if len == 0 {
            return ends;
        }
        at += 8 + usize::try_from(len).unwrap();
        ends.push(at);
    }
}

/// The last batch that the watermark names.
fn watermark(data: &Path) -> u64 {
    let bytes = fs::read(data.join("watermark")).unwrap();
    let last = |slot: usize| {
        let word = slot * 4096 + 48;
        u64::from_le_bytes(bytes[word..word + 8].try_into().unwrap())
    };
    last(0).max(last(1))
}

fn segment_of(data: &Path) -> PathBuf {
    data.join("log/0000000000000001")
}

async fn killed(messages: u64) -> Killed {
    let mut server = Server::start();
    let (owner, account) = server.owner().await;
    let group = owner
        .conversations()
        .create_group("team".parse().unwrap(), Vec::new())
        .await
        .unwrap();
    for number in 1..=messages {
        let text = Body::Text(format!("message {number}").parse().unwrap());
        owner.conversation(group).send(text).await.unwrap();
    }
    owner.close().await;
    let path = segment_of(server.data());
    let data = server.data().to_owned();
    until("the watermark is written", async || {
        let batches = ends_of(&fs::read(&path).unwrap()).len();
        u64::try_from(batches).unwrap() == watermark(&data)
    })
    .await;
    server.kill();
    let segment = fs::read(&path).unwrap();
    let ends = ends_of(&segment);
    Killed {
        server,
        account,
        group,
        segment,
        ends,
    }
}

/// Asserts that server and doctor refuse the directory, and that the doctor says what is lost.
#[track_caller]
fn assert_lost(data: &Path, lost: &str) {
    let refused = outcome(&mut serve(data));
    assert_eq!(refused.status.code(), Some(DATA_UNUSABLE));
    let said = stderr(&refused);
    assert!(said.contains("hint: `cairn doctor --data DIR`"), "{said}");
    let found = doctor(data, &[]);
    assert_eq!(found.status.code(), Some(1));
    let said = stderr(&found);
    assert!(said.contains(lost) && said.contains("--repair"), "{said}");
}

/// The messages that the server then has.
async fn messages(killed: &mut Killed) -> Vec<String> {
    killed.server.restart();
    let client = Client::builder().connect(&killed.account).await.unwrap();
    let page = client
        .conversation(killed.group)
        .pull(PullRange::From(MsgId::new(1)), 100)
        .await
        .unwrap();
    client.close().await;
    page.messages
        .into_iter()
        .filter_map(|message| match message.body {
            Body::Text(text) => Some(text.to_string()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn damaged_log_is_shortened_after_a_copy() {
    let mut killed = killed(20).await;
    let data = killed.server.data().to_owned();
    let (batches, path) = (killed.ends.len(), segment_of(&data));
    // A flip in the tenth record from the end.
    let mut flipped = killed.segment.clone();
    flipped[killed.ends[batches - 11] + 30] ^= 1;
    fs::write(&path, &flipped).unwrap();
    let lost = format!(
        "batches {} to {batches} are lost; 9 batches after it with 9 messages are readable",
        batches - 9
    );
    assert_lost(&data, &lost);

    let found = sound(&data, &["--repair"]);
    let repaired = &found["repaired"];
    assert_eq!(repaired["last_batch"], batches - 10);
    assert_eq!(repaired["accepted_batch"], batches);
    assert_eq!(repaired["readable_messages"][0]["count"], 9);
    assert_eq!(repaired["shortened"], path.to_str().unwrap());
    let kept = data.join("aside/repair-1");
    assert_eq!(repaired["copy"], kept.to_str().unwrap());
    assert_eq!(fs::read(segment_of(&kept)).unwrap(), flipped);
    assert!(kept.join("trees/db").exists() && kept.join("watermark").exists());
    assert!(sound(&data, &["--repair"])["repaired"].is_null());
    let expected = Vec::from_iter((1..=10).map(|number| format!("message {number}")));
    assert_eq!(messages(&mut killed).await, expected);
}

#[tokio::test]
async fn log_that_ends_before_its_watermark_is_repaired() {
    let mut killed = killed(20).await;
    let data = killed.server.data().to_owned();
    let (batches, path) = (killed.ends.len(), segment_of(&data));
    let whole = data.with_file_name("whole");
    copy(&data, &whole);
    let mut zeroed = killed.segment.clone();
    zeroed[killed.ends[batches - 6]..].fill(0);
    fs::write(&path, zeroed).unwrap();
    let lost = format!("batches {} to {batches} are lost", batches - 4);
    assert_lost(&data, &lost);
    let repaired = sound(&data, &["--repair"])["repaired"].clone();
    assert_eq!(repaired["readable_batches"], 0);
    assert_eq!(messages(&mut killed).await.len(), 15);
    // The whole directory is still sound.
    assert_eq!(
        sound(&whole, &["--repair"])["repaired"],
        serde_json::Value::Null
    );
}

/// A missing part that the log cannot explain is left to a backup.
#[tokio::test]
async fn log_after_older_trees_is_not_cut() {
    let killed = killed(3).await;
    let data = killed.server.data();
    let path = segment_of(data);
    fs::rename(&path, path.with_file_name("0000000000000009")).unwrap();
    let refused = doctor(data, &["--repair"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!data.join("aside").exists(), "nothing was changed");
}
