//! Limits of message bodies, to the byte, and of their client sequence numbers.

use cairn_client::proto::content::attachment::{Attachment, AttachmentHash, Media, Preview, Video};
use cairn_client::proto::content::body::{Amendment, Body, SystemEntry};
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::ids::{ConversationId, MsgId, RequestId, UserId};
use cairn_client::proto::limits::{PREVIEW_BYTES_MAX, TEXT_BYTES_MAX};
use cairn_client::proto::text::{Caption, EmojiName, FileName, GroupName, MediaType, Text};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::Answer;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::proto::wire::{codec, frame};

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, group, text};

const REQUEST_VARIANT: u32 = 1;

/// A request to send a text that [`Text`] would refuse: `Request(id, Message(Send(Draft {
/// conversation, seq, content: Text(<bytes>) })))`.
fn send_frame(id: u64, to: ConversationId, seq: u64, bytes: &[u8]) -> Vec<u8> {
    let content = codec::encode(&(0_u32, bytes));
    frame::frame(&(REQUEST_VARIANT, id, 0_u32, 0_u32, to, seq, content)).to_vec()
}

#[tokio::test]
async fn text_length_is_bounded() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    let longest = "ä".repeat(TEXT_BYTES_MAX / 2);
    assert_eq!(longest.len(), 16 * 1024);
    // Texts are stored as they are, without normalization or filtering.
    let kept = [
        longest.as_str(),
        "a",
        "\0a",
        "\u{202e}evil\u{2066}",
        "👩‍👩‍👧‍👦",
        &"\u{301}".repeat(8_000),
        " \n\t .",
        "\u{feff}.",
    ];
    let blank = [
        "",
        " \n\t ",
        "\u{feff}",
        "\u{200b}\u{2060}",
        "\u{3164}",
        "\u{2800}\u{3000}",
    ];
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for bytes in [TEXT_BYTES_MAX + 1, 64 * 1024] {
                raw.stream
                    .write(&send_frame(1_000, team, 1, &vec![b'a'; bytes]))
                    .await;
                assert_eq!(
                    raw.answer_to(RequestId::new(1_000)).await,
                    Err(ErrorCode::BadRequest),
                    "{bytes} bytes"
                );
            }
            for words in blank {
                for body in [text(words), Body::Emote(Text::new(words).unwrap())] {
                    assert_eq!(
                        raw.send(team, 1, body).await,
                        Err(ErrorCode::EmptyMessage),
                        "{words:?}"
                    );
                }
            }
            for (seq, words) in (1..).zip(kept) {
                assert_eq!(
                    raw.send(team, seq, text(words)).await,
                    Ok(MsgId::new(seq + 1))
                );
            }
        })
        .await;
    for (msgid, words) in (2..).zip(kept) {
        let page = eve
            .conversation(team)
            .pull(PullRange::From(MsgId::new(msgid)), 1)
            .await
            .unwrap();
        assert_eq!(page.messages[0].body, text(words));
    }
}

/// Content has a single encoding: integers and lengths in more bytes than they need are refused as
/// malformed, and the session continues.
#[tokio::test]
async fn overlong_content_is_refused() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    // `Text("hi")`, as a reply to the first entry.
    let canonical: &[u8] = &[0, 2, b'h', b'i', 1, 2, 0, 1];
    let overlong: [(&str, &[u8]); 6] = [
        ("the body's kind", &[251, 0, 0, 2, b'h', b'i', 1, 2, 0, 1]),
        ("the text's length", &[0, 251, 2, 0, b'h', b'i', 1, 2, 0, 1]),
        (
            "the number of extras",
            &[0, 2, b'h', b'i', 251, 1, 0, 2, 0, 1],
        ),
        (
            "the extra's length",
            &[0, 2, b'h', b'i', 1, 251, 2, 0, 0, 1],
        ),
        ("the extra's kind", &[0, 2, b'h', b'i', 1, 4, 251, 0, 0, 1]),
        (
            "the message's number",
            &[0, 2, b'h', b'i', 1, 4, 0, 251, 1, 0],
        ),
    ];
    let send = |id: u64, content: &[u8]| {
        frame::frame(&(REQUEST_VARIANT, id, 0_u32, 0_u32, team, 1_u64, content)).to_vec()
    };
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for (id, (what, content)) in (1_000..).zip(overlong) {
                raw.stream.write(&send(id, content)).await;
                assert_eq!(
                    raw.answer_to(RequestId::new(id)).await,
                    Err(ErrorCode::BadRequest),
                    "{what}"
                );
                raw.goes_on().await;
            }
            raw.stream.write(&send(2_000, canonical)).await;
            assert_eq!(
                raw.answer_to(RequestId::new(2_000)).await,
                Ok(Answer::to::<Draft>(&MsgId::new(2)))
            );
        })
        .await;
    let range = PullRange::From(MsgId::new(2));
    let page = eve.conversation(team).pull(range, 10).await.unwrap();
    assert_eq!(page.messages.len(), 1, "only the last one was stored");
    assert_eq!(page.messages[0].body, text("hi"));
    assert_eq!(page.messages[0].extras.replied(), Some(MsgId::new(1)));
}

/// Clients may not send system entries, or files that they did not upload.
#[tokio::test]
async fn system_entries_and_missing_files_are_refused() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    let users = vec![UserId::new(1), account.user];
    let file = Attachment {
        hash: AttachmentHash::new([1; 32]),
        name: FileName::new("passwd").unwrap(),
        media_type: MediaType::new("image/png").unwrap(),
        size_bytes: u64::MAX,
        caption: Caption::new("").unwrap(),
    };
    let media = Media {
        file: file.clone(),
        width: 0,
        height: u32::MAX,
        preview: Preview::new(vec![0; PREVIEW_BYTES_MAX].into()).unwrap(),
    };
    let refused = [
        (
            Body::System(SystemEntry::Created {
                name: GroupName::new("mine").unwrap(),
            }),
            ErrorCode::BadRequest,
        ),
        (
            Body::System(SystemEntry::Added {
                users: users.clone(),
            }),
            ErrorCode::BadRequest,
        ),
        (
            Body::System(SystemEntry::Removed { users }),
            ErrorCode::BadRequest,
        ),
        (Body::Recalled { by: account.user }, ErrorCode::BadRequest),
        (
            Body::Amendment(Amendment::Recalled {
                msgid: MsgId::new(1),
            }),
            ErrorCode::BadRequest,
        ),
        (Body::from(file), ErrorCode::NoSuchAttachment),
        (Body::from(media.clone()), ErrorCode::NoSuchAttachment),
        (
            Body::from(Video {
                media,
                duration_ms: u64::MAX,
            }),
            ErrorCode::NoSuchAttachment,
        ),
    ];
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for (body, code) in refused {
                assert_eq!(
                    raw.send(team, 1, body.clone()).await,
                    Err(code),
                    "{:?}",
                    body.kind()
                );
            }
            // A refused send does not use up its number.
            let wave = Body::Emoji(EmojiName::new("wave").unwrap());
            assert_eq!(raw.send(team, 1, wave).await, Ok(MsgId::new(2)));
        })
        .await;
}

#[tokio::test]
async fn client_seq_is_unique() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let (team, other) = (
        group(&eve, "team", &[]).await,
        group(&eve, "other", &[]).await,
    );
    let server = stage.server.addr;
    let head = stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            assert_eq!(
                raw.send(team, 0, text("none")).await,
                Err(ErrorCode::BadRequest)
            );
            let first = raw.send(team, 1, text("one")).await.unwrap();
            let third = raw.send(team, 3, text("three")).await.unwrap();
            assert_eq!(third, first.next(), "numbers may be left out");
            assert_eq!(raw.send(team, 1, text("one")).await, Ok(first));
            assert_eq!(
                raw.send(team, 1, text("another")).await,
                Err(ErrorCode::SeqConflict)
            );
            assert_eq!(
                raw.send(team, 3, Body::Emote(Text::new("three").unwrap()))
                    .await,
                Err(ErrorCode::SeqConflict)
            );
            assert_eq!(raw.send(team, 3, text("three")).await, Ok(third));
            // Numbers are per conversation.
            assert_eq!(raw.send(other, 1, text("another")).await, Ok(MsgId::new(2)));
            // The same send stream over another connection.
            let mut again = Raw::log_in(server, &account).await;
            assert_eq!(again.send(team, 3, text("three")).await, Ok(third));
            assert_eq!(
                again.send(team, 1, text("another")).await,
                Err(ErrorCode::SeqConflict)
            );
            // The greatest number is valid.
            let last = again.send(team, u64::MAX, text("last")).await.unwrap();
            assert_eq!(again.send(team, u64::MAX, text("last")).await, Ok(last));
            assert_eq!(
                again.send(team, u64::MAX, text("another")).await,
                Err(ErrorCode::SeqConflict)
            );
            last
        })
        .await;
    let page = eve
        .conversation(team)
        .pull(PullRange::From(MsgId::new(2)), 500)
        .await
        .unwrap();
    let said: Vec<_> = page
        .messages
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(
        (page.head, said),
        (head, vec![text("one"), text("three"), text("last")])
    );
}

#[tokio::test]
async fn duplicate_sends_are_one_message() {
    const COPIES: u64 = 100;
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    let copies: Vec<u8> = (0..COPIES)
        .flat_map(|id| send_frame(id, team, 1, b"once"))
        .collect();
    let accepted = async || {
        let mut raw = Raw::log_in(server, &account).await;
        raw.stream.write(&copies).await;
        for id in 0..COPIES {
            assert_eq!(
                raw.answer_to(RequestId::new(id)).await,
                Ok(Answer::to::<Draft>(&MsgId::new(2)))
            );
        }
    };
    stage
        .meanwhile(async { tokio::join!(accepted(), accepted()) })
        .await;
    assert_eq!(
        eve.conversations().list().await.unwrap()[0].head,
        MsgId::new(2)
    );
}
