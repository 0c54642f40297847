//! Requests that never arrive completely.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cairn_client::Account;
use cairn_client::proto::ids::{RequestId, SendStreamId};
use cairn_client::proto::limits::FRAME_BYTES_MAX;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello};
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::proto::wire::{codec, frame};
use cairn_client::proto::{WIRE_VERSION, limits};
use cairn_memory::{ClientConnection, Limits, Lost, RecvStream, SendStream};
use cairn_server::limits::REQUEST_ARRIVAL_TIME_MAX;
use cairn_testing::Server;
use tokio::time::{Instant, sleep};

struct Raw {
    connection: ClientConnection,
    send: SendStream,
    recv: RecvStream,
    buffer: BytesMut,
}

impl Raw {
    async fn log_in(server: &Server, account: &Account) -> Self {
        let connection = server.connect();
        let (send, recv) = connection.open_bi().await.unwrap();
        let mut raw = Self {
            connection,
            send,
            recv,
            buffer: BytesMut::new(),
        };
        let hello = ClientFrame::Hello(Hello {
            version: WIRE_VERSION,
            credentials: Credentials::Token(account.token),
            capabilities: Capabilities::NONE,
            send_stream: SendStreamId::new(1_000),
            is_resumed: false,
            stream_began: None,
            push: false,
            since: None,
        });
        raw.write(&frame::frame(&hello)).await;
        assert!(matches!(raw.read().await, ServerFrame::Welcome(_)));
        raw
    }

    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.send.write(Bytes::copy_from_slice(bytes)).await;
    }

    async fn read(&mut self) -> ServerFrame {
        loop {
            if let Some(bytes) = frame::split(&mut self.buffer, FRAME_BYTES_MAX).unwrap() {
                return codec::decode(&bytes, limits::FRAME_BYTES_MAX).unwrap();
            }
            let chunk = self.recv.read_chunk(usize::MAX).await.unwrap().unwrap();
            self.buffer.extend_from_slice(&chunk);
        }
    }
}

fn request() -> Bytes {
    frame::frame(&ClientFrame::Request(RequestId::new(7), ListDevices.into()))
}

#[tokio::test(start_paused = true)]
async fn half_a_request_times_out() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, account) = server.join(&invite, "ada").await;
    for pause in [None, Some(REQUEST_ARRIVAL_TIME_MAX / 4)] {
        let mut raw = Raw::log_in(&server, &account).await;
        // Silence between requests is none of this.
        sleep(2 * REQUEST_ARRIVAL_TIME_MAX).await;
        raw.write(&request()).await;
        assert!(matches!(raw.read().await, ServerFrame::Response(_, Ok(_))));
        let begun = Instant::now();
        let (whole, closing) = (request(), raw.connection.clone());
        let drip = async {
            for byte in &whole[..whole.len() - 1] {
                raw.write(&[*byte]).await;
                sleep(pause.unwrap_or_default()).await;
            }
            sleep(10 * REQUEST_ARRIVAL_TIME_MAX).await;
        };
        let lost = tokio::select! {
            lost = closing.closed() => lost,
            () = drip => panic!("half a request is waited for"),
        };
        assert!(
            matches!(lost, Lost::ClosedByPeer { code, .. } if code == CloseCode::Slow.number()),
            "{lost:?}"
        );
        let second = Duration::from_secs(1);
        let took = begun.elapsed();
        assert!(took >= REQUEST_ARRIVAL_TIME_MAX && took < REQUEST_ARRIVAL_TIME_MAX + second);
    }
    ada.close().await;
    server.stop().await;
}

/// A slow link that needs most of the time is no offence.
#[tokio::test(start_paused = true)]
async fn slow_request_is_answered() {
    let (mut server, invite) = Server::start(Limits::default()).await;
    let (ada, account) = server.join(&invite, "ada").await;
    let mut raw = Raw::log_in(&server, &account).await;
    let whole = request();
    for _ in 0..3 {
        for byte in &whole {
            raw.write(&[*byte]).await;
            sleep(REQUEST_ARRIVAL_TIME_MAX / (whole.len() as u32 + 1)).await;
        }
        assert!(matches!(raw.read().await, ServerFrame::Response(_, Ok(_))));
    }
    ada.close().await;
    server.stop().await;
}
