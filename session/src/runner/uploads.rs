//! Uploads of files before the messages that refer to them.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Step, TransferError};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::link::Inputs;
use super::options::Describe;
use super::sends::failure;
use crate::{DraftFile, Failure, FileFault, Input, LocalId};

/// The least time between two reports of progress.
const REPORT_TIME: Duration = Duration::from_millis(100);

/// The pause before an upload that broke off is continued, and the longest one, as it doubles each
/// time that nothing was uploaded in between.
const RETRY_TIME: Duration = Duration::from_millis(100);
const RETRY_TIME_MAX: Duration = Duration::from_secs(5);

/// The uploads in progress.
#[derive(Default)]
pub(crate) struct Uploads(HashMap<LocalId, AbortHandle>);

impl Uploads {
    pub(crate) fn add(&mut self, id: LocalId, upload: AbortHandle) {
        self.0.retain(|_, upload| !upload.is_finished());
        if let Some(earlier) = self.0.insert(id, upload) {
            earlier.abort();
        }
    }

    pub(crate) fn cancel(&mut self, id: LocalId) {
        if let Some(upload) = self.0.remove(&id) {
            upload.abort();
        }
    }
}

/// Uploads a file, and reports how far it is and what became of it. What an earlier run of the
/// program uploaded of the same file is not uploaded again.
pub(crate) async fn run(
    client: Client,
    id: LocalId,
    file: DraftFile,
    describe: Describe,
    inputs: Inputs,
) {
    let result = upload(&client, id, &file, &describe, &inputs).await;
    inputs.give(Input::Uploaded { id, result });
}

async fn upload(
    client: &Client,
    id: LocalId,
    file: &DraftFile,
    describe: &Describe,
    inputs: &Inputs,
) -> Result<Body, Failure> {
    let path = Path::new(&file.path);
    let (mut pause, mut most) = (RETRY_TIME, 0);
    loop {
        let found = tokio::fs::metadata(path)
            .await
            .map_err(|e| unreadable(&e))?;
        if !found.is_file() {
            return Err(Failure::File(FileFault::Unreadable));
        }
        if found.len() != file.size_bytes {
            return Err(Failure::File(FileFault::Changed));
        }
        let (mut reported, before) = (Instant::now(), most);
        let uploaded = client.upload_file(path, |progress| {
            most = most.max(progress.done_bytes);
            if progress.step == Step::Moving && reported.elapsed() >= REPORT_TIME {
                reported = Instant::now();
                let (done, of) = (progress.done_bytes, progress.total_bytes);
                inputs.give(Input::Uploading { id, done, of });
            }
        });
        match uploaded.await {
            Ok(uploaded) => {
                let describe = Arc::clone(describe);
                let file = file.clone();
                let body = tokio::task::spawn_blocking(move || describe(&file, uploaded)).await;
                return body
                    .ok()
                    .flatten()
                    .ok_or(Failure::File(FileFault::Unreadable));
            }
            // The server is not reached, or is busy: what has arrived is continued.
            Err(TransferError::BrokenOff { .. }) => {
                if most > before {
                    pause = RETRY_TIME;
                }
                sleep(pause).await;
                pause = RETRY_TIME_MAX.min(pause * 2);
            }
            Err(TransferError::Source(error)) => return Err(unreadable(&error)),
            Err(TransferError::Client(error)) => {
                return Err(match failure(&error) {
                    Failure::Refused(ErrorCode::WrongHash) => Failure::File(FileFault::Changed),
                    Failure::Refused(ErrorCode::AttachmentTooLarge) => {
                        Failure::File(FileFault::TooLarge)
                    }
                    why => why,
                });
            }
            Err(_) => return Err(Failure::File(FileFault::Unreadable)),
        }
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::File(match error.kind() {
        io::ErrorKind::NotFound => FileFault::Missing,
        io::ErrorKind::UnexpectedEof => FileFault::Changed,
        _ => FileFault::Unreadable,
    })
}
