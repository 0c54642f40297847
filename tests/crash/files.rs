//! SIGKILL while files are uploaded, sent, recalled and collected. Every file that a message refers
//! to survives, and no other file stays.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{
    Caption, FileName, GroupName, MediaType, SettingName, SettingValue,
};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, TransferError};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::collection::{collected, cut_off};
use super::{meanwhile, random, rounds};
use crate::support::{PATIENCE, Server, cairn};

/// Concurrent senders.
const SENDERS: u64 = 3;

/// Sends files, and recalls some of them.
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) team: ConversationId,
    pub(super) random: StdRng,
    pub(super) sent: Vec<(MsgId, Attachment)>,
    pub(super) done: Arc<watch::Sender<u64>>,
}

impl Sender {
    async fn work(mut self, enough: watch::Receiver<bool>) -> Self {
        while !*enough.borrow() {
            self.send().await;
            if self.random.random_bool(0.3) {
                let at = self.random.random_range(0..self.sent.len());
                let (msgid, _) = self.sent.swap_remove(at);
                self.client
                    .conversation(self.team)
                    .recall(msgid)
                    .await
                    .unwrap();
            }
            self.done.send_modify(|done| *done += 1);
        }
        self
    }

    /// Sends a new file, or one that was sent before. Unsent uploads expire at once here, so a file
    /// may have to be uploaded again.
    pub(super) async fn send(&mut self) {
        let file = match self.sent.last().filter(|_| self.random.random_bool(0.2)) {
            Some((_, file)) => file.clone(),
            None => self.upload().await,
        };
        loop {
            match self
                .client
                .conversation(self.team)
                .send(Body::from(file.clone()))
                .await
            {
                Ok(msgid) => return self.sent.push((msgid, file)),
                Err(Error::Refused(ErrorCode::NoSuchAttachment)) => {
                    let mut bytes = Cursor::new(content(&file));
                    self.client.upload(&mut bytes, |_| {}).await.unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn upload(&mut self) -> Attachment {
        let (seed, size_bytes) = (
            self.random.random::<u64>(),
            self.random.random_range(1..1_500_000),
        );
        let (name, media_type) = (
            FileName::new(format!("{seed}")).unwrap(),
            MediaType::new("a/b").unwrap(),
        );
        let hash = AttachmentHash::new([0; 32]);
        let file = Attachment {
            hash,
            name,
            media_type,
            size_bytes,
            caption: Caption::new("").unwrap(),
        };
        let mut bytes = Cursor::new(content(&file));
        match self.client.upload(&mut bytes, |_| {}).await {
            Ok(uploaded) => Attachment {
                hash: uploaded.hash,
                ..file
            },
            Err(error @ TransferError::Client(_)) => panic!("{error}"),
            Err(error) => panic!("a transfer broke off: {error}"),
        }
    }
}

/// The content of a file, whose name is the seed.
pub(super) fn content(file: &Attachment) -> Vec<u8> {
    let mut bytes = vec![0; file.size_bytes as usize];
    StdRng::seed_from_u64(file.name.as_str().parse().unwrap()).fill_bytes(&mut bytes);
    bytes
}

#[tokio::test]
async fn kill_during_transfers_keeps_referenced_files() {
    let (seed, mut random) = random();
    let mut server = Server::start();
    let (owner, _) = server.owner().await;
    let (name, value) = (
        SettingName::new("attachment-unsent-hours").unwrap(),
        SettingValue::new("0").unwrap(),
    );
    owner.admin().set_setting(name, value).await.unwrap();
    let team = owner
        .conversations()
        .create_group(GroupName::new("team").unwrap(), Vec::new())
        .await
        .unwrap();
    let (enough, done) = (watch::Sender::new(false), Arc::new(watch::Sender::new(0)));
    let mut working = JoinSet::new();
    for n in 0..SENDERS {
        let random = StdRng::seed_from_u64(seed.wrapping_add(n));
        let sender = Sender {
            client: owner.clone(),
            team,
            random,
            sent: Vec::new(),
            done: done.clone(),
        };
        working.spawn(sender.work(enough.subscribe()));
    }
    for _ in 0..2 * rounds() {
        let target = *done.borrow() + random.random_range(0..8);
        let mut hears = done.subscribe();
        timeout(PATIENCE, hears.wait_for(|done| *done >= target))
            .await
            .expect("the senders get nowhere")
            .unwrap();
        sleep(Duration::from_micros(random.random_range(0..100_000))).await;
        server = meanwhile(server, |server| {
            server.kill();
            server.restart();
        })
        .await;
    }
    enough.send_replace(true);
    let senders = timeout(PATIENCE, working.join_all())
        .await
        .expect("the senders get nowhere");
    let sent: Vec<_> = senders.into_iter().flat_map(|sender| sender.sent).collect();
    let expected: BTreeSet<String> = sent.iter().map(|(_, file)| file.hash.to_string()).collect();
    let server = cut_off(server, &owner, &expected).await;
    collected(server.data().to_owned(), &expected).await;
    println!("{} messages name {} files", sent.len(), expected.len());
    let dir = tempfile::tempdir().unwrap();
    for (msgid, file) in &sent {
        let path = dir.path().join(msgid.to_string());
        owner
            .conversation(team)
            .download(*msgid, file, &path, |_| {})
            .await
            .unwrap();
        assert!(
            std::fs::read(&path).unwrap() == content(file),
            "message {msgid} gives another file"
        );
    }
    let server = meanwhile(server, |server| assert!(server.stop().success())).await;
    let doctor = cairn(&["doctor", "--full", "--json", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert!(
        doctor.status.success(),
        "the doctor complains: {}",
        String::from_utf8_lossy(&doctor.stderr)
    );
}
