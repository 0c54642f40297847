//! First connections: each failure has its own error, and none is retried automatically.

mod offline;

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use cairn_client::proto::ids::{DeviceId, UserId};
use cairn_client::proto::invite::{InviteLink, ServerAddr};
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::secret::{InviteToken, Pin};
use cairn_client::proto::text::{DeviceName, Password, UserName};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::hello::Credentials;
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_client::proto::wire::request::{Answer, List};
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::proto::{ALPN, WIRE_VERSION};
use cairn_client::{
    Account, Client, Endpoint, Error, Event, JoinRequest, LoginRequest, WhoAmI, limits,
};
use tokio::time::Instant;

use crate::fake::{Fake, Identity, TOKEN, eager, everything, soon};

fn ada() -> UserName {
    UserName::new("ada").unwrap()
}

fn laptop() -> DeviceName {
    DeviceName::new("laptop").unwrap()
}

async fn failed(account: &Account) -> Error {
    soon(Client::builder().connect(account)).await.unwrap_err()
}

#[tokio::test]
async fn unpinned_key_is_fatal() {
    let fake = Fake::start();
    let account = Account {
        pin: Pin::new([1; 32]),
        ..fake.account()
    };
    let error = soon(async {
        tokio::select! {
            error = failed(&account) => error,
            _ = fake.accept() => panic!("it was accepted"),
        }
    })
    .await;
    assert_eq!(
        error,
        Error::WrongPin {
            addr: fake.addr(),
            shown: Box::new(fake.pin())
        }
    );
    assert!(
        error
            .to_string()
            .contains("ask its operator for a new invite"),
        "{error}"
    );
}

#[tokio::test]
async fn foreign_protocol_is_detected() {
    let fake = Fake::start_as(&Identity::new(), (Ipv4Addr::LOCALHOST, 0).into(), b"h3");
    let account = fake.account();
    let error = soon(async {
        tokio::select! {
            error = failed(&account) => error,
            _ = fake.accept() => panic!("it was accepted"),
        }
    })
    .await;
    assert_eq!(error, Error::NotCairn { addr: fake.addr() });
}

#[tokio::test]
async fn refused_login_has_a_reason() {
    let fake = Fake::start();
    let account = fake.account();
    let (error, _) = tokio::join!(failed(&account), async {
        let mut peer = fake.accept().await;
        peer.write(&ServerFrame::Refused(ErrorCode::AuthFailed))
            .await;
        let _ = peer.closed().await;
    });
    assert_eq!(
        error,
        Error::LoginRefused {
            addr: fake.addr(),
            code: ErrorCode::AuthFailed
        }
    );
}

/// The client's error when the server closes with this reason for an unsupported version.
async fn version_refused(reason: &str) -> Error {
    let fake = Fake::start();
    let account = fake.account();
    let (error, ()) = tokio::join!(failed(&account), async {
        let peer = fake.accept().await;
        peer.close_because(CloseCode::Version, reason);
    });
    error
}

#[tokio::test]
async fn version_refusal_names_the_side_to_update() {
    let older = version_refused(&CloseCode::version_reason(WIRE_VERSION - 1)).await;
    assert_eq!(
        older,
        Error::VersionMismatch {
            server: Some(WIRE_VERSION - 1)
        }
    );
    let text = older.to_string();
    assert!(text.starts_with("the server is older"), "{text}");
    assert!(text.ends_with("; update the server"), "{text}");

    let newer = version_refused(&CloseCode::version_reason(u16::MAX)).await;
    assert_eq!(
        newer,
        Error::VersionMismatch {
            server: Some(u16::MAX)
        }
    );
    let text = newer.to_string();
    assert!(text.starts_with("this client is older"), "{text}");
    assert!(text.ends_with("; update the client"), "{text}");
}

#[tokio::test]
async fn version_refusal_without_a_version_is_reported() {
    let error = version_refused(CloseCode::Version.text()).await;
    assert_eq!(error, Error::VersionMismatch { server: None });
    let text = error.to_string();
    assert!(text.ends_with("; update the older one"), "{text}");
}

#[tokio::test]
async fn lost_server_ends_login() {
    let fake = Fake::start();
    let account = fake.account();
    let (error, ()) = tokio::join!(failed(&account), async {
        fake.accept().await.close(CloseCode::GoingAway)
    });
    assert_eq!(
        error,
        Error::Broken {
            addr: fake.addr(),
            source: "the server is stopping".into()
        }
    );
}

#[tokio::test(start_paused = true)]
async fn silence_times_out() {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = ServerAddr::new("127.0.0.1", silent.local_addr().unwrap().port());
    let account = Account {
        addr: addr.clone(),
        pin: Pin::new([1; 32]),
        token: TOKEN,
        user: UserId::new(1),
        name: ada(),
        device: DeviceId::new(1),
    };
    assert_eq!(
        Client::builder().connect(&account).await.unwrap_err(),
        Error::NoAnswer { addr }
    );
}

#[tokio::test]
async fn unanswered_login_differs_from_silence() {
    let fake = Fake::start();
    let account = fake.account();
    let (error, _peer) = tokio::join!(Client::builder().connect(&account), async {
        let peer = fake.accept().await;
        // From here on, only the client's own deadline is pending.
        tokio::time::pause();
        peer
    });
    assert_eq!(
        error.unwrap_err(),
        Error::LoginUnanswered { addr: fake.addr() }
    );
}

#[tokio::test]
async fn unresolved_host_is_named() {
    let fake = Fake::start();
    let account = Account {
        addr: ServerAddr::new("two words", 7766),
        ..fake.account()
    };
    let error = failed(&account).await;
    assert!(matches!(&error, Error::Resolve { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("cannot find the address of two words:7766"),
        "{error}"
    );
}

#[tokio::test]
async fn invite_yields_a_reusable_account() {
    let fake = Fake::start();
    let link = InviteLink {
        addr: fake.addr(),
        pin: fake.pin(),
        token: InviteToken::new([3; 16]),
    };
    let password = Some(Password::new("correct horse").unwrap());
    let who = JoinRequest {
        name: ada(),
        password: password.clone(),
        device: laptop(),
    };
    let (joined, peer) =
        soon(async { tokio::join!(eager().join(&link, who), fake.welcomed(Vec::new())) }).await;
    let (client, account) = joined.unwrap();
    assert_eq!(
        peer.hello.credentials,
        Credentials::Invite {
            token: link.token,
            name: ada(),
            password,
            device: laptop()
        }
    );
    assert_eq!(account, fake.account());
    assert_eq!(
        client.whoami(),
        WhoAmI {
            user: UserId::new(7),
            name: ada(),
            role: ServerRole::Member,
            device: DeviceId::new(9)
        }
    );

    let send_stream = peer.hello.send_stream;
    peer.close(CloseCode::GoingAway);
    let again = fake.accept().await;
    assert_eq!(again.hello.credentials, Credentials::Token(TOKEN));
    assert_eq!(again.hello.send_stream, send_stream);
    assert_eq!(client.send_stream(), send_stream);
}

#[tokio::test]
async fn login_sends_name_and_password() {
    let fake = Fake::start();
    let password = Password::new("correct horse").unwrap();
    let login = eager().push(false).login(LoginRequest {
        addr: fake.addr(),
        pin: fake.pin(),
        name: ada(),
        password: password.clone(),
        device: laptop(),
    });
    let (client, peer) = soon(async { tokio::join!(login, fake.welcomed(Vec::new())) }).await;
    assert_eq!(client.unwrap().1.token, TOKEN);
    assert_eq!(
        peer.hello.credentials,
        Credentials::Password {
            name: ada(),
            password,
            device: laptop()
        }
    );
    assert!(!peer.hello.push);
}

#[tokio::test]
async fn missing_device_token_is_a_protocol_error() {
    let fake = Fake::start();
    let login = eager().login(LoginRequest {
        addr: fake.addr(),
        pin: fake.pin(),
        name: ada(),
        password: Password::new("correct horse").unwrap(),
        device: laptop(),
    });
    let (client, ()) = soon(async {
        tokio::join!(login, async {
            let mut peer = fake.accept().await;
            peer.hello.credentials = Credentials::Token(TOKEN);
            peer.welcome(everything(Vec::new())).await;
        })
    })
    .await;
    assert!(matches!(client.unwrap_err(), Error::Protocol(_)));
}

#[tokio::test]
async fn changed_key_ends_reconnecting() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    let mut events = client.events();
    peer.close(CloseCode::GoingAway);
    let addr = fake.stop().await;
    let other = Fake::start_as(&Identity::new(), addr, ALPN);
    let answer = soon(async {
        tokio::select! {
            answer = client.me().devices() => answer,
            _ = other.accept() => panic!("it was accepted"),
        }
    })
    .await;
    assert_eq!(
        answer,
        Err(Error::WrongPin {
            addr: other.addr(),
            shown: Box::new(other.pin())
        })
    );
    assert!(matches!(
        soon(events.next()).await,
        Some(Event::Disconnected { .. })
    ));
    assert_eq!(soon(events.next()).await, None);
}

#[tokio::test]
async fn reconnect_waits_when_busy_and_ends_when_refused() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    peer.close(CloseCode::Rate);
    for code in [
        ErrorCode::RateLimited,
        ErrorCode::StorageFailed,
        ErrorCode::AuthFailed,
    ] {
        let mut peer = fake.accept().await;
        peer.write(&ServerFrame::Refused(code)).await;
        assert_eq!(peer.closed().await, CloseCode::Normal);
    }
    let refused = Error::LoginRefused {
        addr: fake.addr(),
        code: ErrorCode::AuthFailed,
    };
    assert_eq!(soon(client.me().devices()).await, Err(refused));
}

/// The server's connection id in a client's first packet, which is random per attempt; `None` for
/// other packets.
fn attempt_of(packet: &[u8]) -> Option<&[u8]> {
    const LONG_HEADER: u8 = 0x80;
    let (&[first, _, _, _, _, length], rest) = packet.split_first_chunk()?;
    (first & LONG_HEADER != 0)
        .then(|| rest.get(..length.into()))
        .flatten()
}

#[tokio::test]
async fn unanswered_reconnect_is_retried() {
    let fake = Fake::start();
    let (_client, peer) = fake.client(eager()).await;
    peer.close(CloseCode::GoingAway);
    let silent = tokio::net::UdpSocket::bind(fake.stop().await)
        .await
        .unwrap();
    // From here on, only the client acts, on its own.
    tokio::time::pause();
    let mut began: Vec<(Vec<u8>, Instant)> = Vec::new();
    let mut packet = [0; 2_048];
    while began.len() < 5 {
        let bytes = silent.recv(&mut packet).await.unwrap();
        match attempt_of(&packet[..bytes]) {
            Some(attempt) if began.last().is_none_or(|(last, _)| attempt != last) => {
                began.push((attempt.to_vec(), Instant::now()))
            }
            _ => {}
        }
    }
    let gaps: Vec<Duration> = began.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    let pause_max = Duration::from_millis(100);
    assert!(
        gaps[0] <= limits::RECONNECT_TIME_FIRST + pause_max,
        "{gaps:?}"
    );
    assert!(
        gaps[1] <= 2 * limits::RECONNECT_TIME_FIRST + pause_max,
        "{gaps:?}"
    );
    assert!(
        gaps[3] >= limits::CONNECT_TIME_MAX,
        "a server that is far away is given its time: {gaps:?}"
    );
}

#[tokio::test]
async fn clients_share_a_socket() {
    let fake = Fake::start();
    let endpoint = Endpoint::new().unwrap();
    let options = || eager().endpoint(endpoint.clone());
    let (one, peer_one) = fake.client(options()).await;
    let (two, mut peer_two) = fake.client(options()).await;
    soon(one.close()).await;
    assert_eq!(peer_one.closed().await, CloseCode::Normal);
    assert_eq!(one.me().devices().await, Err(Error::Closed));
    let (devices, ()) = tokio::join!(two.me().devices(), async {
        let (id, _) = peer_two.request().await;
        peer_two
            .answer(id, Ok(Answer::to::<ListDevices>(&List(Vec::new()))))
            .await;
    });
    assert_eq!(devices, Ok(Vec::new()));
    drop(two);
    assert_eq!(
        peer_two.closed().await,
        CloseCode::Normal,
        "the last handle is gone"
    );
    soon(endpoint.wait_idle()).await;
}
