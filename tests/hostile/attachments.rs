//! Invalid transfers: false sizes and hashes, exceeded quotas, and files of other users.

use bytes::Bytes;
use cairn_client::Account;
use cairn_client::Client;
use cairn_client::proto::content::attachment::{Attachment, AttachmentHash, TransferFrame};
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, RequestId};
use cairn_client::proto::limits::{
    FRAME_BYTES_MAX, PREVIEW_BYTES_MAX, TRANSFERS_PER_CONNECTION_MAX,
};
use cairn_client::proto::text::{Caption, FileName, MediaType, SettingName, SettingValue};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::StreamOpening;
use cairn_client::proto::wire::frame;

use super::raw::{Raw, Stream};
use super::{Stage, group};
use crate::support::Server;

pub(crate) fn hash_of(bytes: &[u8]) -> AttachmentHash {
    AttachmentHash::new(*blake3::hash(bytes).as_bytes())
}

pub(crate) fn file(bytes: &[u8]) -> Attachment {
    let (name, caption) = (FileName::new("a file").unwrap(), Caption::new("").unwrap());
    Attachment {
        hash: hash_of(bytes),
        name,
        media_type: MediaType::new("text/plain").unwrap(),
        size_bytes: bytes.len() as u64,
        caption,
    }
}

/// Announces an upload, and returns the server's first frame.
pub(crate) async fn announce(
    raw: &Raw,
    hash: AttachmentHash,
    bytes: u64,
) -> (Stream, TransferFrame) {
    let mut stream = Stream::open(&raw.connection).await;
    stream
        .write(&frame::frame(&StreamOpening::Upload { hash, bytes }))
        .await;
    let said = stream.transfer().await;
    (stream, said)
}

/// Announces an upload of this size and hash, writes these bytes, and returns the outcome.
pub(crate) async fn upload(
    raw: &Raw,
    hash: AttachmentHash,
    announced: u64,
    written: &[u8],
) -> TransferFrame {
    let (mut stream, said) = announce(raw, hash, announced).await;
    let TransferFrame::From(from) = said else {
        return said;
    };
    stream.write(&written[from as usize..]).await;
    stream.finish();
    stream.transfer().await
}

pub(crate) async fn download(
    raw: &Raw,
    conversation: ConversationId,
    msgid: MsgId,
    hash: AttachmentHash,
    from: u64,
) -> (Stream, TransferFrame) {
    let mut stream = Stream::open(&raw.connection).await;
    stream
        .write(&frame::frame(&StreamOpening::Download {
            conversation,
            msgid,
            hash,
            from,
        }))
        .await;
    let said = stream.transfer().await;
    (stream, said)
}

fn partials(server: &Server) -> usize {
    std::fs::read_dir(server.data().join("attachments/partial"))
        .unwrap()
        .count()
}

const REFUSED: fn(ErrorCode) -> TransferFrame = TransferFrame::Refused;

#[tokio::test]
async fn upload_before_login_is_refused() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let opening = frame::frame(&StreamOpening::Upload {
        hash: hash_of(b"mine"),
        bytes: 4,
    });
    stage
        .meanwhile(async {
            let mut raw = Raw::connect(server).await;
            raw.stream.write(&opening).await;
            assert_eq!(raw.closed().await, CloseCode::Protocol);
        })
        .await;
    assert_eq!(partials(&stage.server), 0);
}

#[tokio::test]
async fn false_sizes_and_hashes_leave_nothing() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let right = b"ten bytes.";
    stage
        .meanwhile(async {
            let raw = Raw::log_in(server, &account).await;
            let hash = hash_of(right);
            for (announced, written, code) in [
                (10, &b"ten bytes.!"[..], ErrorCode::WrongSize),
                (10, b"ten bytes", ErrorCode::WrongSize),
                (10, b"ten bytes!", ErrorCode::WrongHash),
                (9, b"ten bytes", ErrorCode::WrongHash),
                (0, b"", ErrorCode::WrongHash),
                (0, b"x", ErrorCode::WrongSize),
                (u64::MAX, b"", ErrorCode::AttachmentTooLarge),
            ] {
                assert_eq!(
                    upload(&raw, hash, announced, written).await,
                    REFUSED(code),
                    "{announced} {written:?}"
                );
            }
            // The refused uploads left no partial file: this one starts from the beginning.
            let (mut stream, said) = announce(&raw, hash, 10).await;
            assert_eq!(said, TransferFrame::From(0));
            stream.write(right).await;
            stream.finish();
            assert_eq!(stream.transfer().await, TransferFrame::Stored);
            assert_eq!(
                announce(&raw, hash, 11).await.1,
                REFUSED(ErrorCode::WrongSize),
                "it is there, and not so long"
            );
            assert_eq!(
                upload(&raw, hash_of(b""), 0, b"").await,
                TransferFrame::Stored,
                "a file may be empty"
            );
        })
        .await;
    assert_eq!(partials(&stage.server), 0);
}

#[tokio::test]
async fn file_claims_must_be_true() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    let file = file(b"ten bytes.");
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let mut send = async |file: Attachment| raw.send(team, 1, Body::from(file)).await;
            assert_eq!(
                send(file.clone()).await,
                Err(ErrorCode::NoSuchAttachment),
                "nobody uploaded it"
            );
            let other = Raw::log_in(server, &account).await;
            assert_eq!(
                upload(&other, file.hash, 10, b"ten bytes.").await,
                TransferFrame::Stored
            );
            assert_eq!(
                send(Attachment {
                    size_bytes: 11,
                    ..file.clone()
                })
                .await,
                Err(ErrorCode::WrongSize)
            );
            for name in ["../../etc/passwd", "a\0b", "..\\x", "\u{202e}gpj.exe", ""] {
                raw.stream.write(&draft_of(team, name, 0)).await;
                assert_eq!(
                    raw.answer_to(RequestId::new(9_000)).await,
                    Err(ErrorCode::BadRequest),
                    "{name:?}"
                );
            }
            raw.stream
                .write(&draft_of(team, "a", PREVIEW_BYTES_MAX + 1))
                .await;
            assert_eq!(
                raw.answer_to(RequestId::new(9_000)).await,
                Err(ErrorCode::BadRequest)
            );
            raw.goes_on().await;
            raw.stream.write(&draft_of(team, "a", 1024 * 1024)).await;
            assert_eq!(raw.closed().await, CloseCode::FrameTooBig);
        })
        .await;
    assert_eq!(
        eve.conversations().list().await.unwrap()[0].head,
        MsgId::new(1),
        "nothing was said"
    );
}

/// `Request(id, Send(Draft { conversation, seq, Image(Media { … }), no extras }))` with a name and
/// a preview that the types cannot represent.
fn draft_of(to: ConversationId, name: &str, preview_bytes: usize) -> Vec<u8> {
    const REQUEST_VARIANT: u32 = 1;
    const IMAGE_VARIANT: u32 = 3;
    let attachment = (hash_of(b"ten bytes."), name, "image/png", 10_u64, "");
    let media = (
        attachment,
        640_u32,
        480_u32,
        Bytes::from(vec![0; preview_bytes]),
    );
    let bytes = frame::frame(&(
        REQUEST_VARIANT,
        9_000_u64,
        0_u32,
        to,
        1_u64,
        IMAGE_VARIANT,
        media,
        0_u32,
    ))
    .to_vec();
    assert!(preview_bytes < FRAME_BYTES_MAX || bytes.len() > FRAME_BYTES_MAX);
    bytes
}

#[tokio::test]
async fn download_requires_visibility() {
    let mut stage = Stage::set().await;
    let (ada, ada_account) = stage.user("ada").await;
    let (_eve, eve_account) = stage.user("eve").await;
    let team = group(&ada, "team", &[]).await;
    let own = group(&_eve, "eve's own", &[]).await;
    let server = stage.server.addr;
    let file = file(b"ten bytes.");
    let raw = Raw::log_in(server, &ada_account).await;
    assert_eq!(
        upload(&raw, file.hash, 10, b"ten bytes.").await,
        TransferFrame::Stored
    );
    let said = ada
        .conversation(team)
        .send(Body::from(file.clone()))
        .await
        .unwrap();
    stage
        .meanwhile(async {
            for (from, rest) in [(0, &b"ten bytes."[..]), (3, b" bytes."), (10, b"")] {
                let (mut stream, answer) = download(&raw, team, said, file.hash, from).await;
                assert_eq!(answer, TransferFrame::From(from));
                assert_eq!(stream.rest().await, rest);
            }
            for from in [11, u64::MAX] {
                assert_eq!(
                    download(&raw, team, said, file.hash, from).await.1,
                    REFUSED(ErrorCode::BadOffset)
                );
            }
            let (nowhere, nothing) = (ConversationId::new(999_999), hash_of(b"nothing"));
            let eve = Raw::log_in(server, &eve_account).await;
            for (what, raw, conversation, msgid, hash) in [
                ("another message", &raw, team, MsgId::new(1), file.hash),
                ("no message", &raw, team, said.next(), file.hash),
                ("message 0", &raw, team, MsgId::ZERO, file.hash),
                (
                    "a message beyond all",
                    &raw,
                    team,
                    MsgId::new(u64::MAX),
                    file.hash,
                ),
                ("another hash", &raw, team, said, nothing),
                ("a foreign conversation", &eve, team, said, file.hash),
                ("no conversation", &eve, nowhere, said, file.hash),
                ("her own conversation", &eve, own, MsgId::new(1), file.hash),
            ] {
                let (mut stream, answer) = download(raw, conversation, msgid, hash, 0).await;
                assert_eq!(answer, REFUSED(ErrorCode::NoSuchAttachment), "{what}");
                assert!(stream.rest().await.is_empty());
            }
        })
        .await;
}

/// Bytes of a file that no buffer on the way holds.
const LARGE_BYTES: usize = 8 * 1024 * 1024;

/// How a membership ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Removed,
    Banned,
    Left,
}

impl End {
    async fn of(self, owner: &Client, member: &Client, of: ConversationId) {
        let user = member.whoami().user;
        let (by_owner, by_member) = (owner.conversation(of), member.conversation(of));
        match self {
            Self::Removed => drop(by_owner.remove_members(vec![user]).await.unwrap()),
            Self::Banned => drop(by_owner.ban(vec![user]).await.unwrap()),
            Self::Left => drop(by_member.remove_members(vec![user]).await.unwrap()),
        }
    }
}

#[tokio::test]
async fn download_ends_with_membership() {
    let mut stage = Stage::set().await;
    let (ada, ada_account) = stage.user("ada").await;
    let (eve, eve_account) = stage.user("eve").await;
    let server = stage.server.addr;
    let content: Vec<u8> = (0..LARGE_BYTES).map(|n| (n % 251) as u8).collect();
    let file = file(&content);
    let raw = Raw::log_in(server, &ada_account).await;
    let stored = upload(&raw, file.hash, LARGE_BYTES as u64, &content).await;
    assert_eq!(stored, TransferFrame::Stored);
    stage
        .meanwhile(async {
            for end in [End::Removed, End::Banned, End::Left] {
                let raw = Raw::log_in(server, &eve_account).await;
                let mut downloads = Vec::new();
                for name in ["left", "kept"] {
                    let group = group(&ada, name, &[eve_account.user]).await;
                    let message = ada.conversation(group).send(Body::from(file.clone()));
                    let said = message.await.unwrap();
                    let (stream, answer) = download(&raw, group, said, file.hash, 0).await;
                    assert_eq!(answer, TransferFrame::From(0));
                    downloads.push((group, stream));
                }
                end.of(&ada, &eve, downloads[0].0).await;
                assert_eq!(downloads[1].1.rest().await, content, "{end:?}");
                assert!(downloads[0].1.is_broken_off_early().await, "{end:?}");
                raw.connection.close(0u32.into(), b"");
            }
        })
        .await;
}

#[tokio::test]
async fn transfers_per_connection_are_bounded() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let raw = Raw::log_in(server, &account).await;
            let mut under_way = Vec::new();
            for number in 0..TRANSFERS_PER_CONNECTION_MAX {
                let (stream, said) = announce(&raw, hash_of(&[number as u8]), 1).await;
                assert_eq!(said, TransferFrame::From(0));
                under_way.push(stream);
            }
            assert_eq!(
                announce(&raw, hash_of(b"one more"), 8).await.1,
                REFUSED(ErrorCode::TooManyTransfers)
            );
            let mut first = under_way.remove(0);
            first.write(&[0]).await;
            first.finish();
            assert_eq!(first.transfer().await, TransferFrame::Stored);
            assert!(first.rest().await.is_empty());
            assert_eq!(
                upload(&raw, hash_of(b"one more"), 8, b"one more").await,
                TransferFrame::Stored
            );
        })
        .await;
}

/// The bytes before the cut may be right, so they are kept.
#[tokio::test]
async fn truncated_upload_resumes() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let raw = Raw::log_in(server, &account).await;
            let (hash, whole) = (hash_of(b"ten bytes."), b"ten bytes.");
            assert_eq!(
                upload(&raw, hash, 10, b"ten by").await,
                REFUSED(ErrorCode::WrongSize)
            );
            let (mut stream, said) = announce(&raw, hash, 10).await;
            assert_eq!(said, TransferFrame::From(6));
            stream.write(&whole[6..]).await;
            stream.finish();
            assert_eq!(stream.transfer().await, TransferFrame::Stored);
        })
        .await;
    assert_eq!(partials(&stage.server), 0);
}

/// A read error may be temporary, so the partial file is kept.
#[cfg(unix)]
#[tokio::test]
async fn unreadable_partial_is_kept() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let hash = hash_of(b"ten bytes.");
    let partial = stage
        .server
        .data()
        .join(format!("attachments/partial/{}-{hash}", account.user));
    stage.server.kill();
    std::os::unix::fs::symlink(&partial, &partial).unwrap();
    stage.server.restart();
    let raw = Raw::log_in(stage.server.addr, &account).await;
    assert_eq!(
        announce(&raw, hash, 10).await.1,
        REFUSED(ErrorCode::TransferFailed)
    );
    assert!(partial.is_symlink());
}

/// A progressing upload is not preempted; a later upload of the same file waits for it, and is then
/// complete without sending anything.
#[tokio::test]
async fn active_upload_is_not_preempted() {
    let mut stage = Stage::set().await;
    let account: Account = stage.account("eve").await;
    let server = stage.server.addr;
    let bytes = vec![7; 400_000];
    stage
        .meanwhile(async {
            let (before, mut after) = (
                Raw::log_in(server, &account).await,
                Raw::log_in(server, &account).await,
            );
            let (mut first, said) = announce(&before, hash_of(&bytes), bytes.len() as u64).await;
            assert_eq!(said, TransferFrame::From(0));
            first.write(&bytes[..300_000]).await;
            let mut second = Stream::open(&after.connection).await;
            second
                .write(&frame::frame(&StreamOpening::Upload {
                    hash: hash_of(&bytes),
                    bytes: bytes.len() as u64,
                }))
                .await;
            // These round trips prove that the server has read the second opening.
            for _ in 0..20 {
                after.goes_on().await;
            }
            first.write(&bytes[300_000..]).await;
            first.finish();
            assert_eq!(first.transfer().await, TransferFrame::Stored);
            assert_eq!(second.transfer().await, TransferFrame::Stored);
        })
        .await;
    assert_eq!(partials(&stage.server), 0);
}

/// A dead connection may be detected late. So when two uploads of a file compete and one is
/// stalled, the other takes over from the bytes received.
#[tokio::test]
async fn stalled_upload_is_preempted() {
    let mut stage = Stage::set().await;
    let account: Account = stage.account("eve").await;
    let server = stage.server.addr;
    let bytes = vec![7; 400_000];
    stage
        .meanwhile(async {
            let (before, after) = (
                Raw::log_in(server, &account).await,
                Raw::log_in(server, &account).await,
            );
            let (mut first, said) = announce(&before, hash_of(&bytes), bytes.len() as u64).await;
            assert_eq!(said, TransferFrame::From(0));
            first.write(&bytes[..300_000]).await;
            assert_eq!(
                upload(&after, hash_of(&bytes), bytes.len() as u64, &bytes).await,
                TransferFrame::Stored
            );
            assert!(first.is_broken_off().await);
        })
        .await;
    assert_eq!(partials(&stage.server), 0);
}

#[tokio::test]
async fn quota_counts_stored_and_pending_bytes() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let (server, owner) = (stage.server.addr, stage.owner.clone());
    let set = async |name: &str, value: &str| {
        owner
            .admin()
            .set_setting(
                SettingName::new(name).unwrap(),
                SettingValue::new(value).unwrap(),
            )
            .await
            .unwrap();
    };
    // Room for two files of up to 4 KiB: each is charged for its blocks plus 1 KiB.
    set("attachment-quota", "10240").await;
    stage
        .meanwhile(async {
            let raw = Raw::log_in(server, &account).await;
            assert_eq!(
                announce(&raw, hash_of(b"a"), 9 * 1024).await.1,
                REFUSED(ErrorCode::QuotaReached)
            );
            let (six, five, three) = ([6; 600], [5; 5000], [3; 300]);
            let (mut first, said) = announce(&raw, hash_of(&six), 600).await;
            assert_eq!(said, TransferFrame::From(0));
            assert_eq!(
                announce(&raw, hash_of(&five), 5000).await.1,
                REFUSED(ErrorCode::QuotaReached),
                "a file is under way"
            );
            first.write(&six).await;
            first.finish();
            assert_eq!(first.transfer().await, TransferFrame::Stored);
            assert_eq!(
                announce(&raw, hash_of(&five), 5000).await.1,
                REFUSED(ErrorCode::QuotaReached),
                "a file is stored"
            );
            let (mut second, said) = announce(&raw, hash_of(&three), 300).await;
            assert_eq!(said, TransferFrame::From(0));
            set("attachment-quota", "10239").await;
            second.write(&three).await;
            second.finish();
            assert_eq!(
                second.transfer().await,
                REFUSED(ErrorCode::QuotaReached),
                "the quota went down in the middle"
            );
            set("attachment-quota", "10240").await;
            assert_eq!(
                upload(&raw, hash_of(&three), 300, &three).await,
                TransferFrame::Stored
            );
            assert_eq!(
                announce(&raw, hash_of(b""), 0).await.1,
                REFUSED(ErrorCode::QuotaReached),
                "an empty file takes room as well"
            );
            set("attachment-quota", "15360").await;
            set("attachment-bytes-max", "50").await;
            assert_eq!(
                announce(&raw, hash_of(b"b"), 51).await.1,
                REFUSED(ErrorCode::AttachmentTooLarge)
            );
            // A lost connection reserves only the bytes that arrived.
            let (mut broken, said) = announce(&raw, hash_of(&[4; 50]), 50).await;
            assert_eq!(said, TransferFrame::From(0));
            broken.reset();
            assert!(broken.is_broken_off().await);
            assert_eq!(
                upload(&raw, hash_of(b"c"), 1, b"c").await,
                TransferFrame::Stored
            );
        })
        .await;
    assert_eq!(partials(&stage.server), 0);
}
