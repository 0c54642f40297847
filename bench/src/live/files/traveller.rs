//! A client with a file, on a thread and a runtime of its own.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cairn_client::proto::content::attachment::Attachment;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{Caption, FileName, MediaType};
use cairn_client::{Account, Client, Options, Uploaded};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::BenchError;

/// Who has the file.
#[derive(Clone, Debug)]
pub(super) struct Traveller {
    pub(super) account: Account,
    pub(super) path: PathBuf,
    pub(super) group: ConversationId,
}

/// The message that names the file.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    msgid: MsgId,
    file: Attachment,
}

/// What is written at once.
const PART_BYTES: usize = 1 << 20;

/// Writes a file of which no two parts are alike.
pub(super) fn make_file(path: &Path, mib: u32, seed: u64) -> io::Result<()> {
    let (mut random, mut file, mut part) = (
        StdRng::seed_from_u64(seed),
        File::create(path)?,
        vec![0; PART_BYTES],
    );
    for _ in 0..mib {
        random.fill_bytes(&mut part);
        file.write_all(&part)?;
    }
    file.sync_all()
}

impl Traveller {
    /// Connects on a thread of its own, and does something there.
    pub(super) fn on_a_thread<T, W>(self, work: W) -> JoinHandle<Result<T, BenchError>>
    where
        T: Send + 'static,
        W: AsyncFnOnce(&Client, &Self) -> Result<T, BenchError> + Send + 'static,
    {
        spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(BenchError::Start)?;
            runtime.block_on(async {
                let client = Client::connect(
                    &self.account,
                    Options {
                        push: false,
                        ..Options::default()
                    },
                )
                .await?;
                let done = work(&client, &self).await;
                client.close().await;
                done
            })
        })
    }

    /// Uploads the file and sends it.
    pub(super) async fn up(client: &Client, traveller: &Self) -> Result<Sent, BenchError> {
        let Uploaded { hash, size_bytes } = client.upload_file(&traveller.path, |_| {}).await?;
        let (name, caption) = (FileName::new("file")?, Caption::new("")?);
        let file = Attachment {
            hash,
            name,
            media_type: MediaType::new("application/octet-stream")?,
            size_bytes,
            caption,
        };
        let msgid = client
            .send(traveller.group, Body::from(file.clone()))
            .await?;
        Ok(Sent { msgid, file })
    }

    /// Fetches it, which checks the hash.
    pub(super) async fn down(
        client: &Client,
        traveller: &Self,
        sent: Sent,
    ) -> Result<(), BenchError> {
        let target = traveller.path.with_extension("back");
        Ok(client
            .download(traveller.group, sent.msgid, &sent.file, &target, |_| {})
            .await?)
    }
}
