//! Invalid streams besides the session stream: too many, of an unknown kind, or duplicates.

use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, MsgId};
use cairn_client::proto::limits::HELLO_BYTES_MAX;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::event::{StreamOpening, TimelineFrame};
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::session::ListDevices;

use crate::hostile::raw::{Raw, Stream, prefixed};
use crate::hostile::{Stage, connect, group, text};

const STREAMS_MAX: u32 = cairn_server::limits::STREAMS_PER_CONNECTION_MAX;

#[tokio::test]
async fn excess_streams_wait() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let mut open = Vec::new();
            for _ in 1..STREAMS_MAX {
                open.push(raw.connection.open_bi().await.unwrap());
            }
            let connection = raw.connection.clone();
            let one_more = async { tokio::join!(connection.open_bi(), connection.open_uni()) };
            tokio::select! {
                biased;
                opened = one_more => panic!("a stream too many: {opened:?}"),
                () = raw.goes_on() => {}
            }
            connect(&account).await;
            assert!(raw.connection.close_reason().is_none());
        })
        .await;
}

#[tokio::test]
async fn each_bad_opening_closes_with_its_code() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let timeline = frame::frame(&StreamOpening::Timeline);
    let cases: [(&str, bool, Vec<Vec<u8>>, CloseCode); 7] = [
        (
            "an unknown kind of stream",
            true,
            vec![frame::frame(&1000_u32).to_vec()],
            CloseCode::Protocol,
        ),
        (
            "garbage",
            true,
            vec![prefixed(64, &[0xaa; 64])],
            CloseCode::Protocol,
        ),
        (
            "an empty frame",
            true,
            vec![prefixed(0, &[])],
            CloseCode::Protocol,
        ),
        (
            "a timeline and a byte",
            true,
            vec![prefixed(2, &[0, 0])],
            CloseCode::Protocol,
        ),
        (
            "a second timeline",
            true,
            vec![timeline.to_vec(), timeline.to_vec()],
            CloseCode::Protocol,
        ),
        (
            "a timeline without push",
            false,
            vec![timeline.to_vec()],
            CloseCode::Protocol,
        ),
        (
            "a frame that is too long",
            true,
            vec![prefixed(HELLO_BYTES_MAX + 1, &[])],
            CloseCode::FrameTooBig,
        ),
    ];
    stage
        .meanwhile(async {
            for (what, push, openings, code) in cases {
                let (raw, _) = Raw::log_in_with(server, &account, push).await;
                let mut streams = Vec::new();
                for opening in openings {
                    let mut stream = Stream::open(&raw.connection).await;
                    stream.write(&opening).await;
                    streams.push(stream);
                }
                assert_eq!(raw.closed().await, code, "{what}");
            }
            let (raw, _) = Raw::log_in_with(server, &account, true).await;
            let mut cut = Stream::open(&raw.connection).await;
            cut.write(&timeline[..3]).await;
            cut.finish();
            assert_eq!(
                raw.closed().await,
                CloseCode::Protocol,
                "half an opening and the end of the stream"
            );
        })
        .await;
}

/// QUIC opens streams in order, so an empty stream exists once a later one does. It does not delay
/// the later one, and its timeout affects no other stream.
#[tokio::test]
async fn silent_stream_times_out_alone() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let (mut raw, _) = Raw::log_in_with(server, &account, true).await;
            let mut silent = Stream::open(&raw.connection).await;
            let mut taken_back = Stream::open(&raw.connection).await;
            taken_back.finish();
            let mut timeline = raw.timeline().await;
            assert!(matches!(timeline.news().await, TimelineFrame::Run(run)
                if run.conversation == team));
            assert!(silent.is_broken_off().await && taken_back.is_broken_off().await);
            raw.send(team, 1, text("still here")).await.unwrap();
            assert!(matches!(timeline.news().await, TimelineFrame::Run(run)
                if run.last() == MsgId::new(2)));
        })
        .await;
}

/// A request on a reset stream is not executed, and a client that stops reading the session stream
/// loses its session.
#[tokio::test]
async fn session_ends_with_either_stream_half() {
    let mut stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "team", &[]).await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let mut raw = Raw::log_in(server, &account).await;
            let draft = Draft {
                conversation: team,
                seq: ClientSeq::new(1),
                content: Content::new(text("never mind"), Extras::NONE),
            };
            let (_, request) = raw.request(Request::from(draft));
            let whole = frame::frame(&request);
            raw.stream.write(&whole[..whole.len() - 1]).await;
            raw.stream.reset();
            assert_eq!(raw.closed().await, CloseCode::Normal);

            let mut raw = Raw::log_in(server, &account).await;
            raw.stream.stop();
            let (_, request) = raw.request(Request::from(ListDevices));
            raw.stream.write(&frame::frame(&request)).await;
            assert_eq!(raw.closed().await, CloseCode::Protocol);
        })
        .await;
    assert_eq!(
        eve.conversations().list().await.unwrap()[0].head,
        MsgId::new(1),
        "nothing was said"
    );
}

/// Each costs the server a task. A client that gives up a few, as when its user scrolls, is served.
#[tokio::test]
async fn flood_of_abandoned_streams_closes_the_connection() {
    const FEW: u32 = ABANDONED_MAX / 2;
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            for opening in [&[][..], &frame::frame(&StreamOpening::Timeline)[..3]] {
                let mut raw = Raw::log_in(server, &account).await;
                for _ in 0..FEW {
                    abandon(&raw, opening).await;
                }
                raw.goes_on().await;
                for _ in 0..2 * ABANDONED_MAX {
                    if raw.connection.close_reason().is_some() {
                        break;
                    }
                    abandon(&raw, opening).await;
                }
                assert_eq!(raw.closed().await, CloseCode::Rate);
            }
            connect(&account).await;
        })
        .await;
}

const ABANDONED_MAX: u32 = cairn_server::limits::STREAMS_ABANDONED_BURST_MAX;

async fn abandon(raw: &Raw, opening: &[u8]) {
    if let Ok((mut send, _)) = raw.connection.open_bi().await {
        let _ = send.write_all(opening).await;
        let _ = send.reset(0u32.into());
    }
}
