//! Handshakes that fail, and connections that never log in.

use cairn_client::proto::ALPN;
use cairn_client::proto::secret::{DeviceToken, Pin};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::Credentials;
use cairn_client::{Account, Client, Error};
use quinn::{ConnectionError, TransportErrorCode};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::hostile::Stage;
use crate::hostile::raw::{PATIENCE, Raw, endpoint, hello};

/// The TLS alert `no_application_protocol` (RFC 7301, section 3.2).
const NO_APPLICATION_PROTOCOL: u8 = 120;

#[tokio::test]
async fn alpn_mismatch_fails_with_alert() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            for alpn in [&[b"h3".as_slice()][..], &[b"cairn/2", b"cairn"], &[]] {
                let error = endpoint(alpn)
                    .connect(server, "cairn")
                    .unwrap()
                    .await
                    .unwrap_err();
                let ConnectionError::ConnectionClosed(close) = error else {
                    panic!("{alpn:?}: {error}")
                };
                assert_eq!(
                    close.error_code,
                    TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL),
                    "{alpn:?}"
                );
            }
            // One known protocol among others is enough.
            endpoint(&[b"h3", ALPN])
                .connect(server, "cairn")
                .unwrap()
                .await
                .unwrap();
        })
        .await;
}

#[tokio::test]
async fn changed_server_key_is_fatal() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let pinned = Account {
        pin: Pin::new([7; 32]),
        ..account.clone()
    };
    let error = stage
        .meanwhile(Client::builder().connect(&pinned))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::WrongPin {
            addr: account.addr.clone(),
            shown: Box::new(account.pin)
        }
    );
}

/// The server answers unknown versions with those that it supports (RFC 9000, section 6).
#[tokio::test]
async fn unknown_quic_version_is_negotiated() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let answer = async {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server).await.unwrap();
        let mut packet = vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        packet.resize(1200, 0);
        socket.send(&packet).await.unwrap();
        let mut answer = vec![0; 1500];
        let bytes = socket.recv(&mut answer).await.unwrap();
        answer.truncate(bytes);
        answer
    };
    let answer = stage
        .meanwhile(timeout(PATIENCE, answer))
        .await
        .expect("no answer");
    assert_eq!(answer[1..5], [0; 4], "a version negotiation packet");
    assert!(
        answer[5..]
            .windows(4)
            .any(|version| version == [0, 0, 0, 1]),
        "{answer:?}"
    );
}

#[tokio::test]
async fn silent_connection_times_out() {
    let mut stage = Stage::set().await;
    let server = stage.server.addr;
    let whole = frame::frame(&hello(Credentials::Token(DeviceToken::new([1; 32])), false));
    let silent = async {
        let raw = Raw::connect(server).await;
        raw.closed().await
    };
    let half = async |bytes: &[u8]| {
        let mut raw = Raw::connect(server).await;
        raw.stream.write(bytes).await;
        raw.closed().await
    };
    let ends = stage
        .meanwhile(async {
            tokio::join!(
                silent,
                half(&whole[..2]),
                half(&whole[..4]),
                half(&whole[..whole.len() - 1])
            )
        })
        .await;
    let timeout = CloseCode::AuthTimeout;
    assert_eq!(ends, (timeout, timeout, timeout, timeout));
}
