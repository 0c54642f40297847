//! What a client does while a call of the server fails, and what must be there afterwards.

use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Account, Attachment, Client, Error, Reconnect};

use super::base::{Base, Messages, attachment, content, make_file, read};

/// Messages that are in flight at the same time.
const WAVE: usize = 8;
const WAVES: usize = 3;

/// The file of [`super::base::make_file`] that is uploaded.
const FILE: u64 = 2;

/// What the client knows in the end.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) accepted: Messages,
    /// May be stored or not: there was no answer, or the storage failed.
    unknown: Vec<Body>,
    refused: Vec<Body>,
    /// A message of `accepted`.
    file: Option<(MsgId, Attachment)>,
    created: Option<ConversationId>,
}

impl Done {
    fn note(&mut self, body: Body, outcome: Result<MsgId, Error>) -> Option<MsgId> {
        match outcome {
            Ok(msgid) => {
                self.accepted.insert(msgid, body);
                return Some(msgid);
            }
            Err(Error::Refused(code)) if code != ErrorCode::StorageFailed => {
                self.refused.push(body);
            }
            Err(_) => self.unknown.push(body),
        }
        None
    }
}

/// Sends, uploads, downloads and reads, as far as the server goes along. The error is a fault.
pub(super) async fn run(base: &Base, account: &Account, dir: &Path) -> Result<Done, String> {
    let mut done = Done::default();
    let builder = Client::builder().reconnect(Reconnect::Never);
    let Ok(client) = builder.connect(account).await else {
        return Ok(done);
    };
    let conversation = client.conversation(base.group);
    send(&client, base, "first", &mut done).await;
    done.created = client
        .conversations()
        .create_group("other".parse().unwrap(), Vec::new())
        .await
        .ok();
    if let Some(bytes) = download(&client, base.group, base.file_at, &base.file).await
        && bytes != content(1)
    {
        return Err("a download has other bytes than the file".to_owned());
    }
    let path = make_file(dir, FILE);
    if let Ok(uploaded) = client.upload_file(&path, |_| {}).await {
        let file = attachment(uploaded);
        let sent = conversation.send(file.clone()).await;
        let msgid = done.note(file.clone().into(), sent);
        done.file = msgid.map(|msgid| (msgid, file));
    }
    if let Ok(found) = read(&client, base.group).await {
        check_messages(base, &done, &found)?;
    }
    let last = base.messages.keys().next_back().copied();
    // A cursor may be lost with a crash, so its outcome does not matter.
    drop(conversation.mark_read(last.unwrap()).await);
    send(&client, base, "second", &mut done).await;
    client.close().await;
    Ok(done)
}

async fn send(client: &Client, base: &Base, name: &str, done: &mut Done) {
    for wave in 0..WAVES {
        let mut sent = Vec::new();
        for number in 0..WAVE {
            let text = format!("{name} {wave} {number}");
            let body = Body::Text(text.parse().unwrap());
            let enqueued = client.conversation(base.group).enqueue(body.clone()).await;
            sent.push((body, enqueued));
        }
        for (body, enqueued) in sent {
            let outcome = match enqueued {
                Ok(accepted) => accepted.await,
                Err(error) => Err(error),
            };
            done.note(body, outcome);
        }
    }
}

async fn download(
    client: &Client,
    group: ConversationId,
    msgid: MsgId,
    file: &Attachment,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let conversation = client.conversation(group);
    let downloaded = conversation.download_into(msgid, file, &mut bytes, |_| {});
    downloaded.await.is_ok().then_some(bytes)
}

/// Checks what a server has that runs without failures.
pub(super) async fn check(base: &Base, account: &Account, done: &Done) -> Result<(), String> {
    let failed = |error: Error| format!("a request fails afterwards: {error}");
    let client = Client::builder().connect(account).await.map_err(failed)?;
    let found = read(&client, base.group).await.map_err(failed)?;
    check_messages(base, done, &found)?;
    let files = [
        Some((base.file_at, base.file.clone(), 1)),
        done.file.clone().map(|(msgid, file)| (msgid, file, FILE)),
    ];
    for (msgid, file, number) in files.into_iter().flatten() {
        match download(&client, base.group, msgid, &file).await {
            None => return Err(format!("the file of message {msgid} is lost")),
            Some(bytes) if bytes != content(number) => {
                return Err(format!("the file of message {msgid} has other bytes"));
            }
            Some(_) => {}
        }
    }
    let listed = client.conversations().list().await.map_err(failed)?;
    if let Some(created) = done.created
        && !listed.iter().any(|listed| listed.id == created)
    {
        return Err(format!("the group {created} is lost"));
    }
    client.close().await;
    Ok(())
}

fn check_messages(base: &Base, done: &Done, found: &Messages) -> Result<(), String> {
    for (msgid, body) in base.messages.iter().chain(&done.accepted) {
        match found.get(msgid) {
            None => return Err(format!("message {msgid} is lost")),
            Some(other) if other != body => {
                return Err(format!("message {msgid} is {other:?} instead of {body:?}"));
            }
            Some(_) => {}
        }
    }
    let others = found
        .iter()
        .filter(|(msgid, _)| !base.messages.contains_key(msgid))
        .filter(|(msgid, _)| !done.accepted.contains_key(msgid));
    let mut unknown = done.unknown.clone();
    for (msgid, body) in others {
        let Some(at) = unknown.iter().position(|sent| sent == body) else {
            let was_refused = done.refused.contains(body);
            return Err(format!(
                "message {msgid} is {body:?}, which was {}",
                if was_refused {
                    "refused"
                } else {
                    "sent once, or never"
                }
            ));
        };
        unknown.swap_remove(at);
    }
    let gap = (1..).zip(found.keys()).find(|(n, msgid)| msgid.get() != *n);
    match gap {
        Some((missing, _)) => Err(format!("the log has a gap at message {missing}")),
        None => Ok(()),
    }
}
