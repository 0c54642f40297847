//! Clients that start offline, and the send stream in the hello.

use std::error::Error as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use cairn_client::proto::ALPN;
use cairn_client::proto::limits::TEXT_BYTES_MAX;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::event::TimelineFrame;
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_client::proto::wire::request::{Answer, List};
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::{
    Account, Client, ConversationId, Error, ErrorCode, ErrorKind, Event, MsgId, Reconnect,
    SendStreamId, ServerAddr, Update,
};
use futures_core::Stream;

use crate::fake::{Fake, Identity, eager, soon};
use crate::follow::Log;
use crate::requests::group;

const ONE: ConversationId = ConversationId::new(1);

#[tokio::test]
async fn requests_wait_for_the_first_connection() {
    let identity = Identity::new();
    let fake = Fake::start_as(&identity, "127.0.0.1:0".parse().unwrap(), ALPN);
    let account = fake.account();
    let addr = fake.stop().await;

    let client = eager().connect_offline(&account).unwrap();
    let mut events = client.events();
    assert!(!client.is_online());
    let me = client.whoami();
    assert_eq!(
        (me.user, me.device, me.role),
        (account.user, account.device, ServerRole::Member)
    );
    let (devices, _peer) = soon(async {
        tokio::join!(client.me().devices(), async {
            // Some attempts fail before the server exists.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let fake = Fake::start_as(&identity, addr, ALPN);
            let mut peer = fake.welcomed(vec![group(1, 3)]).await;
            let (id, request) = peer.request().await;
            assert_eq!(request, ListDevices.into());
            let answer = Answer::to::<ListDevices>(&List(Vec::new()));
            peer.answer(id, Ok(answer)).await;
            (fake, peer)
        })
    })
    .await;
    assert_eq!(devices, Ok(Vec::new()));
    assert!(client.is_online());
    assert_eq!(soon(events.next()).await, Some(Event::Reconnected));
    // The overview of the first login needs no request.
    let overview = soon(client.conversations().login_overview()).await.unwrap();
    assert_eq!(overview.conversations, [group(1, 3)]);
}

#[tokio::test]
async fn refused_login_ends_an_offline_start() {
    let fake = Fake::start();
    let client = eager().connect_offline(&fake.account()).unwrap();
    let mut events = client.events();
    let (devices, ()) = soon(async {
        tokio::join!(client.me().devices(), async {
            let mut peer = fake.accept().await;
            peer.write(&ServerFrame::Refused(ErrorCode::AuthFailed))
                .await;
            peer.closed().await;
        })
    })
    .await;
    let error = devices.unwrap_err();
    assert_eq!(
        error,
        Error::LoginRefused {
            addr: fake.addr(),
            code: ErrorCode::AuthFailed
        }
    );
    assert_eq!(error.kind(), ErrorKind::LogIn);
    assert_eq!(client.conversation(ONE).send("hi").await, Err(error));
    assert_eq!(soon(events.next()).await, None);
}

#[tokio::test]
async fn offline_start_without_reconnect_tries_once() {
    let fake = Fake::start();
    let account = fake.account();
    let client = Client::builder()
        .reconnect(Reconnect::Never)
        .connect_offline(&account)
        .unwrap();
    let (devices, ()) = soon(async {
        tokio::join!(client.me().devices(), async {
            fake.accept().await.close(CloseCode::GoingAway);
        })
    })
    .await;
    assert!(matches!(devices, Err(Error::Broken { .. })), "{devices:?}");
}

#[tokio::test]
async fn hello_reports_a_resumed_send_stream() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    assert!(!peer.hello.is_resumed, "a new stream");
    peer.close(CloseCode::GoingAway);
    let mut peer = fake.welcomed(Vec::new()).await;
    assert!(!peer.hello.is_resumed, "nothing was sent");
    let _accepted = client.conversation(ONE).enqueue("hi").await.unwrap();
    peer.request().await;
    peer.close(CloseCode::GoingAway);
    let peer = fake.welcomed(Vec::new()).await;
    assert!(peer.hello.is_resumed);
    assert!(peer.hello.stream_began.is_some());

    let stream = SendStreamId::new(5);
    let (_client, peer) = fake.client(eager().send_stream(stream)).await;
    assert!(peer.hello.is_resumed, "the stream of an earlier process");
    assert_eq!(peer.hello.send_stream, stream);
}

#[tokio::test]
async fn timelines_and_events_are_streams() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut events = client.events();
    peer.push(TimelineFrame::Update(Update::Conversation(group(4, 1))))
        .await;
    let event = soon(poll_fn(|context| Pin::new(&mut events).poll_next(context)));
    let expected = Event::Update(Update::Conversation(group(4, 1)));
    assert_eq!(event.await, Some(expected));

    let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
    peer.push(TimelineFrame::Run(Log::up_to(0).run(1, 1))).await;
    let message = soon(poll_fn(|context| {
        Pin::new(&mut timeline).poll_next(context)
    }));
    assert_eq!(message.await.unwrap().unwrap().msgid, MsgId::new(1));
}

#[tokio::test]
async fn strings_are_checked_before_they_are_sent() {
    let fake = Fake::start();
    let (client, _peer) = fake.client(eager()).await;
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let error = client.conversation(ONE).enqueue(long).await.unwrap_err();
    assert!(matches!(error, Error::InvalidText(_)), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::TellUser);
}

#[tokio::test]
async fn errors_keep_their_sources() {
    let fake = Fake::start();
    let account = Account {
        addr: ServerAddr::new("no-such-host.invalid", 1),
        ..fake.account()
    };
    let error = soon(Client::builder().connect(&account)).await.unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Retry);
    let source = error.source().and_then(|cause| cause.source()).unwrap();
    assert!(source.is::<std::io::Error>(), "{source:?}");
    assert!(error.to_string().contains(&source.to_string()));
}
