//! Malformed frames, before and after the login: too long, too short, or of an unknown kind.

use cairn_client::proto::WIRE_VERSION;
use cairn_client::proto::ids::{ConversationId, RequestId};
use cairn_client::proto::limits::{FRAME_BYTES_MAX, HELLO_BYTES_MAX};
use cairn_client::proto::secret::DeviceToken;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::hello::{ClientFrame, Credentials};
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::group::{AddMembers, ListMembers};
use cairn_client::proto::wire::request::reading::MarkRead;
use cairn_client::proto::wire::request::session::{CreateInvite, ListDevices};
use cairn_client::proto::wire::{codec, frame};

use crate::hostile::raw::{Raw, hello, prefixed};
use crate::hostile::{Stage, group};

/// The variant of requests among client frames, and an unknown kind of request.
const REQUEST_VARIANT: u32 = 1;
const UNKNOWN_REQUEST: u32 = 1000;

fn any_token() -> Credentials {
    Credentials::Token(DeviceToken::new([1; 32]))
}

/// The hello of another protocol version: after the version number, its format is unknown.
fn hello_of_version(version: u16, behind: &[u8]) -> Vec<u8> {
    let mut bytes = codec::encode(&(0_u32, version));
    bytes.extend_from_slice(behind);
    prefixed(bytes.len(), &bytes)
}

#[tokio::test]
async fn invalid_first_frame_closes_with_its_code() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let whole = frame::frame(&hello(any_token(), false));
    let rest = &codec::encode(&hello(any_token(), false))[2..];
    let request = frame::frame(&ClientFrame::Request(
        RequestId::new(1),
        Request::from(ListDevices),
    ));
    let too_many = [&prefixed(whole.len() - 3, &whole[4..])[..], &[0]].concat();
    let cases: [(&str, Vec<u8>, CloseCode); 12] = [
        (
            "one byte more than a hello may have",
            prefixed(HELLO_BYTES_MAX + 1, &[]),
            CloseCode::FrameTooBig,
        ),
        (
            "the greatest length",
            prefixed(u32::MAX as usize, b"some"),
            CloseCode::FrameTooBig,
        ),
        ("a request", request.to_vec(), CloseCode::AuthFailed),
        (
            "a later version",
            hello_of_version(WIRE_VERSION + 1, rest),
            CloseCode::Version,
        ),
        (
            "a later version with a longer hello",
            hello_of_version(WIRE_VERSION + 1, &[0xfe; 99]),
            CloseCode::Version,
        ),
        (
            "a later version with a shorter hello",
            hello_of_version(u16::MAX, &[]),
            CloseCode::Version,
        ),
        (
            "an earlier version",
            hello_of_version(0, rest),
            CloseCode::Version,
        ),
        ("the end of the stream", Vec::new(), CloseCode::Protocol),
        (
            "half a hello and the end of the stream",
            whole[..whole.len() / 2].to_vec(),
            CloseCode::Protocol,
        ),
        ("an empty frame", prefixed(0, &[]), CloseCode::Protocol),
        (
            "garbage of the greatest length",
            prefixed(HELLO_BYTES_MAX, &[0xaa; HELLO_BYTES_MAX]),
            CloseCode::Protocol,
        ),
        ("a hello and a byte", too_many, CloseCode::Protocol),
    ];
    stage
        .meanwhile(async {
            for (what, bytes, code) in cases {
                let mut raw = Raw::connect(server).await;
                raw.stream.write(&bytes).await;
                raw.stream.finish();
                assert_eq!(raw.closed().await, code, "{what}");
            }
        })
        .await;
}

#[tokio::test]
async fn refusal_of_a_version_states_that_of_the_server() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            for version in [WIRE_VERSION - 1, WIRE_VERSION + 1] {
                let mut raw = Raw::connect(server).await;
                raw.stream.write(&hello_of_version(version, &[])).await;
                assert_eq!(raw.closed().await, CloseCode::Version);
                let reason = raw.close_reason().await;
                assert_eq!(CloseCode::server_version(&reason), Some(WIRE_VERSION));
            }
        })
        .await;
}

#[tokio::test]
async fn invalid_frame_closes_with_its_code() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let hello = frame::frame(&hello(Credentials::Token(account.token), false));
    let request = frame::frame(&ClientFrame::Request(
        RequestId::new(1),
        Request::from(ListDevices),
    ));
    let cases: [(&str, Vec<u8>, CloseCode); 8] = [
        (
            "one byte more than a frame may have",
            prefixed(FRAME_BYTES_MAX + 1, &[]),
            CloseCode::FrameTooBig,
        ),
        (
            "the greatest length",
            prefixed(u32::MAX as usize, &[0; 100]),
            CloseCode::FrameTooBig,
        ),
        (
            "half a length and the end of the stream",
            vec![1, 0],
            CloseCode::Protocol,
        ),
        (
            "half a request and the end of the stream",
            request[..request.len() - 1].to_vec(),
            CloseCode::Protocol,
        ),
        ("an empty frame", prefixed(0, &[]), CloseCode::Protocol),
        (
            "a frame without a request id",
            prefixed(1, &[1]),
            CloseCode::Protocol,
        ),
        ("a second hello", hello.to_vec(), CloseCode::Protocol),
        ("the end of the stream", Vec::new(), CloseCode::Normal),
    ];
    stage
        .meanwhile(async {
            for (what, bytes, code) in cases {
                let mut raw = Raw::log_in(server, &account).await;
                raw.goes_on().await;
                raw.stream.write(&bytes).await;
                raw.stream.finish();
                assert_eq!(raw.closed().await, code, "{what}");
            }
        })
        .await;
}

#[tokio::test]
async fn bad_request_keeps_the_session() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            for (id, (what, bytes, code)) in (1000_u64..).zip(bad_requests(team)) {
                if id.is_multiple_of(BAD_REQUESTS) {
                    raw = Raw::log_in(server, &account).await;
                }
                let id = RequestId::new(id);
                let body = [codec::encode(&(REQUEST_VARIANT, id)), bytes].concat();
                raw.stream.write_as(body.len(), &body).await;
                assert_eq!(raw.answer_to(id).await, Err(code), "{what}");
                raw.goes_on().await;
            }
        })
        .await;
    assert_eq!(
        eve.conversations().list().await.unwrap()[0].head.get(),
        1,
        "none of them was stored"
    );
}

/// The most malformed requests that a session survives.
const BAD_REQUESTS: u64 = cairn_server::limits::BAD_REQUESTS_MAX as u64 - 1;

/// Malformed requests: the bytes after the request id, and the expected error.
fn bad_requests(team: ConversationId) -> Vec<(&'static str, Vec<u8>, ErrorCode)> {
    // `Message(Send(Draft { conversation, seq: 1, content }))`
    let send = |content: &[u8]| codec::encode(&(0_u32, 0_u32, team, 1_u64, content));
    // `Text(<length and bytes>)`, without extras
    let text = |bytes: &[u8]| send(&codec::encode(&(0_u32, bytes)));
    let devices = codec::encode(&Request::from(ListDevices));
    let trailing = [&devices[..], &[0]].concat();
    let members = codec::encode(&Request::from(ListMembers {
        conversation: team,
        after: None,
    }));
    // `People(FindUsers { names })`, with the greatest length that can be encoded.
    let endless = codec::encode(&(3_u32, 0_u32, u64::MAX));
    // The longest frame, less the bytes of variants, id and lengths.
    let longest = text(&vec![b'a'; FRAME_BYTES_MAX - 64]);
    let unknown_body = send(&codec::encode(&100_u32));
    vec![
        (
            "an unknown kind of request",
            codec::encode(&UNKNOWN_REQUEST),
            ErrorCode::Unsupported,
        ),
        (
            "an unknown kind with something behind it",
            codec::encode(&(UNKNOWN_REQUEST, team, team)),
            ErrorCode::Unsupported,
        ),
        (
            "an unknown kind within a known domain",
            codec::encode(&(0_u32, UNKNOWN_REQUEST)),
            ErrorCode::Unsupported,
        ),
        (
            "a content with a kind in three bytes",
            send(&[251, 0, 0, 2, b'h', b'i']),
            ErrorCode::BadRequest,
        ),
        (
            "a content with a length in three bytes",
            send(&[0, 251, 2, 0, b'h', b'i']),
            ErrorCode::BadRequest,
        ),
        (
            "a content with an empty list of extras",
            send(&[0, 2, b'h', b'i', 0]),
            ErrorCode::BadRequest,
        ),
        (
            "an unknown kind of message",
            unknown_body,
            ErrorCode::Unsupported,
        ),
        ("a byte behind the request", trailing, ErrorCode::BadRequest),
        ("nothing at all", Vec::new(), ErrorCode::BadRequest),
        (
            "a request without its last byte",
            members[..members.len() - 1].to_vec(),
            ErrorCode::BadRequest,
        ),
        ("a list that cannot be", endless, ErrorCode::BadRequest),
        (
            "a text that is no UTF-8",
            text(&[b'a', 0xff, b'b']),
            ErrorCode::BadRequest,
        ),
        (
            "a text that ends within a character",
            text(&"ä".as_bytes()[..1]),
            ErrorCode::BadRequest,
        ),
        (
            "a surrogate",
            text(&[0xed, 0xa0, 0x80]),
            ErrorCode::BadRequest,
        ),
        (
            "an overlong form",
            text(&[0xc0, 0xaf]),
            ErrorCode::BadRequest,
        ),
        (
            "64 KiB of text",
            text(&vec![b'a'; 64 * 1024]),
            ErrorCode::BadRequest,
        ),
        ("a text as long as a frame", longest, ErrorCode::BadRequest),
    ]
}

/// A request cut at any byte is refused as a whole, before any of it is executed.
#[tokio::test]
async fn truncated_request_is_refused() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    let requests = [
        Request::from(MarkRead {
            conversation: team,
            msgid: cairn_client::proto::ids::MsgId::new(1),
        }),
        Request::from(AddMembers {
            conversation: team,
            users: vec![account.user; 3],
        }),
        Request::from(CreateInvite {
            uses: 300,
            life_seconds: 100_000,
        }),
    ];
    stage
        .meanwhile(async {
            for request in requests {
                let mut raw = Raw::log_in(server, &account).await;
                let (id, framed) = raw.request(request.clone());
                let whole = codec::encode(&framed);
                let head = codec::encode(&(REQUEST_VARIANT, id)).len();
                for cut in head..whole.len() {
                    if (cut as u64).is_multiple_of(BAD_REQUESTS) {
                        raw = Raw::log_in(server, &account).await;
                    }
                    raw.stream.write_as(cut, &whole[..cut]).await;
                    assert_eq!(
                        raw.answer_to(id).await,
                        Err(ErrorCode::BadRequest),
                        "{request:?} cut to {cut} bytes"
                    );
                }
                raw.goes_on().await;
            }
        })
        .await;
}
