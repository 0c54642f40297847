//! Files: what is in each, and how it is sent and fetched.

use std::io::Cursor;

use cairn_client::proto::content::attachment::{Attachment, Media, Preview, Video};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::text::{Caption, FileName, MediaType};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, TransferError};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use tempfile::TempDir;

use super::steps::FileKind;

/// The longest file.
const BYTES_MAX: usize = 200_000;

/// Files are of so many contents: some are sent again and again.
const CONTENTS: u64 = 8;

/// What the media type of a file begins with. Its number follows: that stays as it is, while captions are edited.
const MEDIA: &str = "application/x-";

/// What is in the file of this number.
fn content(n: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(n % CONTENTS);
    let mut bytes = vec![0; random.random_range(1..BYTES_MAX)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// Uploads the file of this number, and gives the message that names it.
pub async fn upload(client: &Client, n: u64, token: &str, kind: FileKind) -> Result<Body, Error> {
    let uploaded = client
        .upload(&mut Cursor::new(content(n)), |_| {})
        .await
        .map_err(refusal)?;
    let file = Attachment {
        hash: uploaded.hash,
        name: FileName::new(token).unwrap(),
        media_type: MediaType::new(format!("{MEDIA}{n}")).unwrap(),
        size_bytes: uploaded.size_bytes,
        caption: Caption::new(format!("file {n}")).unwrap(),
    };
    let media = |file| {
        let preview = Preview::new(token.as_bytes().to_vec().into()).unwrap();
        Media {
            file,
            width: 1 + n as u32,
            height: 2,
            preview,
        }
    };
    Ok(match kind {
        FileKind::Plain => Body::from(file),
        FileKind::Picture => Body::from(media(file)),
        FileKind::Video => Body::from(Video {
            media: media(file),
            duration_ms: n,
        }),
    })
}

/// Fetches what a message names. Gives whether it names a file at all, which then is the one that was sent.
pub async fn fetch(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
    body: &Body,
) -> Result<bool, Error> {
    let Some(file) = body.attachment() else {
        return Ok(false);
    };
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("fetched");
    client
        .download(conversation, msgid, file, &target, |_| {})
        .await
        .map_err(refusal)?;
    let n = file
        .media_type
        .as_str()
        .trim_start_matches(MEDIA)
        .parse()
        .unwrap();
    assert!(
        std::fs::read(target).unwrap() == content(n),
        "{conversation}: the file of {msgid} is another than was sent"
    );
    Ok(true)
}

/// Who may not see a message cannot fetch what it names, though he knows its name and number.
pub async fn cannot_fetch(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
    body: &Body,
) -> Result<(), String> {
    match fetch(client, conversation, msgid, body).await {
        Ok(false) | Err(Error::Refused(ErrorCode::NoSuchAttachment)) => Ok(()),
        Ok(true) => Err(format!(
            "fetches the file of {msgid} in {conversation}, of which he is no member"
        )),
        Err(error) => Err(format!(
            "cannot fetch the file of {msgid} in {conversation}, but is told: {error}"
        )),
    }
}

fn refusal(error: TransferError) -> Error {
    match error {
        TransferError::Client(error) => error,
        other => panic!("a transfer fails: {other}"),
    }
}
