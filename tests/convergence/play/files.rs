//! Content, upload and download of files.

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

use super::super::script::FileKind;

const BYTES_MAX: usize = 200_000;

/// Distinct contents: few, so that files are uploaded repeatedly.
const CONTENTS: u64 = 8;

/// Prefix of the media type, before the number of the file. Unlike the caption, it is never edited.
const MEDIA_TYPE_PREFIX: &str = "application/x-";

fn content(seq: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seq % CONTENTS);
    let mut bytes = vec![0; random.random_range(1..BYTES_MAX)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// Uploads the file of this number. Returns a message that refers to it.
pub async fn upload(client: &Client, seq: u64, token: &str, kind: FileKind) -> Result<Body, Error> {
    let uploaded = client
        .upload(&mut Cursor::new(content(seq)), |_| {})
        .await
        .map_err(refusal)?;
    let file = Attachment {
        hash: uploaded.hash,
        name: FileName::new(token).unwrap(),
        media_type: MediaType::new(format!("{MEDIA_TYPE_PREFIX}{seq}")).unwrap(),
        size_bytes: uploaded.size_bytes,
        caption: Caption::new(format!("file {seq}")).unwrap(),
    };
    let media = |file| {
        let preview = Preview::new(token.as_bytes().to_vec().into()).unwrap();
        Media {
            file,
            width: 1 + seq as u32,
            height: 2,
            preview,
        }
    };
    Ok(match kind {
        FileKind::Plain => Body::from(file),
        FileKind::Image => Body::from(media(file)),
        FileKind::Video => Body::from(Video {
            media: media(file),
            duration_ms: seq,
        }),
    })
}

/// Downloads the file of a message, if there is one, and checks its content.
pub async fn download(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
    body: &Body,
) -> Result<bool, Error> {
    let Some(file) = body.attachment() else {
        return Ok(false);
    };
    let dir = TempDir::new().unwrap();
    let target = dir.path().join("downloaded");
    client
        .conversation(conversation)
        .download(msgid, file, &target, |_| {})
        .await
        .map_err(refusal)?;
    let seq = file
        .media_type
        .as_str()
        .trim_start_matches(MEDIA_TYPE_PREFIX);
    assert!(
        std::fs::read(target).unwrap() == content(seq.parse().unwrap()),
        "{conversation}: the file of {msgid} differs from what was uploaded"
    );
    Ok(true)
}

/// Checks that a user who cannot see a message cannot download its file, even with the hash and the
/// msgid.
pub async fn cannot_download(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
    body: &Body,
) -> Result<(), String> {
    match download(client, conversation, msgid, body).await {
        Ok(false) | Err(Error::Refused(ErrorCode::NoSuchAttachment)) => Ok(()),
        Ok(true) => Err(format!(
            "downloads the file of {msgid} in {conversation} without being a member"
        )),
        Err(error) => Err(format!(
            "cannot download the file of {msgid} in {conversation}, but the error is: {error}"
        )),
    }
}

fn refusal(error: TransferError) -> Error {
    match error {
        TransferError::Client(error) => error,
        other => panic!("a transfer fails: {other}"),
    }
}
