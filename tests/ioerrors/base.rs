//! A data directory with everything that a start reads: trees, a log to replay, and a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{Caption, FileName, MediaType};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Attachment, Client, Error, Uploaded};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tempfile::TempDir;

use crate::support::Server;
use crate::support::folders::copy;

/// Messages in the trees, and as many in the log.
const MESSAGES: usize = 40;

const FILE_BYTES: usize = 300_000;

/// The bodies by their number.
pub(super) type Messages = BTreeMap<MsgId, Body>;

pub(super) struct Base {
    dir: TempDir,
    pub(super) account: Account,
    pub(super) group: ConversationId,
    pub(super) messages: Messages,
    pub(super) file: Attachment,
    /// The message with the file.
    pub(super) file_at: MsgId,
    pub(super) library: PathBuf,
}

impl Base {
    /// Builds it by a server that is killed.
    pub(super) async fn build() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let library = compile(dir.path());
        let mut server = Server::start();
        let (owner, account) = server.owner().await;
        let group = owner
            .conversations()
            .create_group("team".parse().unwrap(), Vec::new())
            .await
            .unwrap();
        let path = make_file(dir.path(), 1);
        let file = attachment(owner.upload_file(&path, |_| {}).await.unwrap());
        let conversation = owner.conversation(group);
        let file_at = conversation.send(file.clone()).await.unwrap();
        send(&owner, group).await;
        owner.close().await;
        // From here on, the trees hold what there is, and the log the rest.
        assert!(server.stop().success());
        server.restart();
        let owner = Client::builder().connect(&account).await.unwrap();
        send(&owner, group).await;
        let messages = read(&owner, group).await.unwrap();
        server.kill();
        copy(server.data(), &dir.path().join("data"));
        Self {
            dir,
            account,
            group,
            messages,
            file,
            file_at,
            library,
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

fn compile(dir: &Path) -> PathBuf {
    let library = dir.join("fail_at.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ioerrors/fail_at.c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(
        compiled.is_ok_and(|status| status.success()),
        "Rust links with cc, so it is there"
    );
    library
}

async fn send(client: &Client, group: ConversationId) {
    let mut accepted = Vec::new();
    for number in 0..MESSAGES {
        let text = format!("base {number}");
        accepted.push(client.conversation(group).enqueue(text).await.unwrap());
    }
    for accepted in accepted {
        accepted.await.unwrap();
    }
}

/// Reads all messages of a conversation.
pub(super) async fn read(client: &Client, group: ConversationId) -> Result<Messages, Error> {
    let mut messages = Messages::new();
    let mut next = MsgId::new(1);
    loop {
        let range = PullRange::From(next);
        let page = client.conversation(group).pull(range, 500).await?;
        let Some(last) = page.messages.last() else {
            return Ok(messages);
        };
        next = last.msgid.next();
        let bodies = page.messages.into_iter();
        messages.extend(bodies.map(|message| (message.msgid, message.body)));
    }
}

/// The content of the file of this number.
pub(super) fn content(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; FILE_BYTES];
    StdRng::seed_from_u64(number).fill_bytes(&mut bytes);
    bytes
}

pub(super) fn make_file(dir: &Path, number: u64) -> PathBuf {
    let path = dir.join(format!("file-{number}"));
    fs::write(&path, content(number)).unwrap();
    path
}

pub(super) fn attachment(uploaded: Uploaded) -> Attachment {
    let Uploaded { hash, size_bytes } = uploaded;
    Attachment {
        hash,
        name: FileName::new("plan.bin").unwrap(),
        media_type: MediaType::new("application/octet-stream").unwrap(),
        size_bytes,
        caption: Caption::new("").unwrap(),
    }
}
