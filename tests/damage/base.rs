//! A server that was killed with a part of its messages in the log alone.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client};
use tempfile::TempDir;

use crate::support::folders::copy;
use crate::support::{Server, until};

/// When the server was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Once the watermark named the last batch.
    Quiet,
    /// At once after the last message was accepted.
    Busy,
}

/// Messages that fill the log's first segment, so that it has two.
const LONG_MESSAGES: Range<usize> = 0..280;
const LONG_BYTES: usize = 16 * 1024;

const SHORT_MESSAGES: Range<usize> = 0..30;

/// Messages at the end, each in a batch of its own.
pub(super) const LAST_MESSAGES: usize = SHORT_MESSAGES.end;

const SHORT_BYTES: usize = 40;

/// The bodies by their number.
pub(super) type Messages = BTreeMap<MsgId, Body>;

pub(super) struct Base {
    server: Server,
    account: Account,
    group: ConversationId,
    pub(super) moment: Moment,
    /// Everything that was accepted.
    pub(super) accepted: Messages,
    /// How many of them, at the end, were accepted in the last second before the kill, after the
    /// watermark was written.
    pub(super) recent: usize,
    kept: TempDir,
}

impl Base {
    pub(super) async fn killed(moment: Moment) -> Self {
        let mut server = Server::start();
        let (owner, account) = server.owner().await;
        let group = owner
            .conversations()
            .create_group("team".parse().unwrap(), Vec::new())
            .await
            .unwrap();
        send(&owner, group, SHORT_MESSAGES, SHORT_BYTES).await;
        owner.close().await;
        // From here on, the trees hold what there is, and the log the rest.
        assert!(server.stop().success());
        server.restart();
        let owner = Client::builder().connect(&account).await.unwrap();
        send(&owner, group, LONG_MESSAGES, LONG_BYTES).await;
        let kept = tempfile::tempdir().unwrap();
        copy(&server.data().join("log"), &kept.path().join("older-log"));
        send(&owner, group, SHORT_MESSAGES, SHORT_BYTES).await;
        let conversation = owner.conversation(group);
        let early = MsgId::new(SHORT_MESSAGES.end as u64);
        conversation
            .edit(early, "edited".parse().unwrap())
            .await
            .unwrap();
        conversation.recall(early.prev()).await.unwrap();
        let mut accepted = read(&owner, group).await;
        quiet(server.data()).await;
        let mut times = Vec::new();
        for number in SHORT_MESSAGES {
            accepted.append(&mut send(&owner, group, number..number + 1, SHORT_BYTES).await);
            times.push(Instant::now());
        }
        if moment == Moment::Quiet {
            quiet(server.data()).await;
            times.clear();
        }
        let killed = Instant::now();
        server.kill();
        let is_recent = |time: &&Instant| killed.duration_since(**time) <= Duration::from_secs(1);
        let recent = times.iter().filter(is_recent).count();
        drop(owner);
        copy(server.data(), &kept.path().join("data"));
        Self {
            server,
            account,
            group,
            moment,
            accepted,
            recent,
            kept,
        }
    }

    pub(super) fn data(&self) -> &Path {
        self.server.data()
    }

    /// The log some messages earlier, under the same trees.
    pub(super) fn older_log(&self) -> PathBuf {
        self.kept.path().join("older-log")
    }

    /// Puts the directory back as the killed server left it.
    pub(super) fn restore(&self) {
        fs::remove_dir_all(self.data()).unwrap();
        copy(&self.kept.path().join("data"), self.data());
    }

    /// Starts the server, and returns the messages that it has.
    pub(super) async fn messages(&mut self) -> Messages {
        self.server.restart();
        let client = Client::builder().connect(&self.account).await.unwrap();
        let messages = read(&client, self.group).await;
        drop(client);
        self.server.kill();
        messages
    }
}

async fn send(
    client: &Client,
    group: ConversationId,
    numbers: Range<usize>,
    bytes: usize,
) -> Messages {
    let mut sent = Messages::new();
    for number in numbers {
        let text = format!("{number:0bytes$}");
        let body = Body::Text(text.parse().unwrap());
        let msgid = client.conversation(group).send(body.clone()).await.unwrap();
        sent.insert(msgid, body);
    }
    sent
}

async fn read(client: &Client, group: ConversationId) -> Messages {
    let mut messages = Messages::new();
    let mut next = MsgId::new(1);
    loop {
        let range = PullRange::From(next);
        let page = client.conversation(group).pull(range, 500).await.unwrap();
        let Some(last) = page.messages.last() else {
            return messages;
        };
        next = last.msgid.next();
        messages.extend(
            page.messages
                .into_iter()
                .map(|message| (message.msgid, message.body)),
        );
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

/// The segments of a log, in order, with the number of the first batch of each.
pub(super) fn segments(data: &Path) -> Vec<(u64, PathBuf)> {
    let mut segments: Vec<_> = fs::read_dir(data.join("log"))
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name()?.to_str()?;
            Some((u64::from_str_radix(name, 16).ok()?, path))
        })
        .collect();
    segments.sort();
    segments
}

/// The offsets at which the header and each record of a segment end.
pub(super) fn ends(segment: &[u8]) -> Vec<usize> {
    let mut ends = vec![52];
    loop {
        let at = ends[ends.len() - 1];
        let Some(len) = segment.get(at..at + 4) else {
            return ends;
        };
        let len = u32::from_le_bytes(len.try_into().unwrap());
        if len == 0 {
            return ends;
        }
        ends.push(at + 8 + len as usize);
    }
}

/// Waits until the watermark names the last batch of the log.
async fn quiet(data: &Path) {
    until("the watermark is written", async || {
        let (first, path) = segments(data).pop().unwrap();
        let batches = ends(&fs::read(path).unwrap()).len() as u64 - 1;
        watermark(data) == first + batches - 1
    })
    .await;
}
