//! A scripted server: it encodes and decodes the protocol, and the test decides every answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cairn_client::proto::ALPN;
use cairn_client::proto::content::attachment::TransferFrame;
use cairn_client::proto::ids::{DeviceId, EpochId, RequestId, Revision, Timestamp, UserId};
use cairn_client::proto::invite::ServerAddr;
use cairn_client::proto::limits::FRAME_BYTES_MAX;
use cairn_client::proto::model::conversation::Conversation;
use cairn_client::proto::model::user::ServerRole;
use cairn_client::proto::secret::{DeviceToken, Pin};
use cairn_client::proto::text::UserName;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::codec;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{StreamOpening, TimelineFrame};
use cairn_client::proto::wire::frame;
use cairn_client::proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello, Welcome};
use cairn_client::proto::wire::overview::{ConversationPage, Moment, OverviewExtent};
use cairn_client::proto::wire::request::{Answer, Request};
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::{Account, Backoff, Client, ClientBuilder, Reconnect};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{EndpointConfig, RecvStream, SendStream, ServerConfig, VarInt};
use quinn_proto::HashedConnectionIdGenerator;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

/// Exceeds the duration of every step; it only turns a hang into a failure.
const STEP_TIME_MAX: Duration = Duration::from_secs(30);

pub(crate) const TOKEN: DeviceToken = DeviceToken::new([5; 32]);

/// Waits for a future, with a deadline.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(STEP_TIME_MAX, future)
        .await
        .expect("a step of the test hangs")
}

/// The key of the server, which outlives its process.
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["cairn".to_owned()]).unwrap();
        Self {
            certificate: cert,
            key: signing_key,
        }
    }

    pub(crate) fn pin(&self) -> Pin {
        use rcgen::PublicKeyData;
        Pin::new(Sha256::digest(self.key.subject_public_key_info()).into())
    }

    fn config(&self, alpn: &[u8]) -> ServerConfig {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![self.certificate.der().clone()], key.into())
        .unwrap();
        tls.alpn_protocols = vec![alpn.to_vec()];
        ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()))
    }
}

/// A fixed key of stateless resets, as a real server keeps one on disk.
struct ResetKey;

impl quinn::crypto::HmacKey for ResetKey {
    fn sign(&self, data: &[u8], out: &mut [u8]) {
        out.copy_from_slice(&Sha256::digest([b"reset", data].concat()));
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), quinn::crypto::CryptoError> {
        let mut expected = [0; 32];
        self.sign(data, &mut expected);
        if expected == signature {
            Ok(())
        } else {
            Err(quinn::crypto::CryptoError)
        }
    }
}

pub(crate) struct Fake {
    endpoint: quinn::Endpoint,
    pin: Pin,
}

/// The moment that the fake server always reports.
pub(crate) const NOW: Moment = Moment {
    epoch: EpochId::new(4),
    revision: Revision::new(40),
};

/// An overview of all conversations, in one page.
pub(crate) fn everything(items: Vec<Conversation>) -> ConversationPage {
    ConversationPage {
        items,
        gone: Vec::new(),
        extent: OverviewExtent::All,
        as_of: NOW,
        next_after: None,
    }
}

impl Fake {
    pub(crate) fn start() -> Self {
        Self::start_as(&Identity::new(), (Ipv4Addr::LOCALHOST, 0).into(), ALPN)
    }

    pub(crate) fn start_as(identity: &Identity, addr: SocketAddr, alpn: &[u8]) -> Self {
        let socket = std::net::UdpSocket::bind(addr).unwrap();
        let mut config = EndpointConfig::new(Arc::new(ResetKey));
        // Resets are only sent for connection ids of the endpoint, so the ids must be valid across
        // restarts as well.
        config.cid_generator(|| Box::new(HashedConnectionIdGenerator::from_key(1)));
        let runtime = quinn::default_runtime().unwrap();
        let endpoint =
            quinn::Endpoint::new(config, Some(identity.config(alpn)), socket, runtime).unwrap();
        Self {
            endpoint,
            pin: identity.pin(),
        }
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.endpoint.local_addr().unwrap()
    }

    pub(crate) fn addr(&self) -> ServerAddr {
        ServerAddr::new("127.0.0.1", self.local_addr().port())
    }

    pub(crate) fn pin(&self) -> Pin {
        self.pin
    }

    pub(crate) fn account(&self) -> Account {
        Account {
            addr: self.addr(),
            pin: self.pin,
            token: TOKEN,
            user: UserId::new(7),
            name: UserName::new("ada").unwrap(),
            device: DeviceId::new(9),
        }
    }

    /// Connects a client. Returns it with the server's end of the connection.
    pub(crate) async fn client(&self, options: ClientBuilder) -> (Client, Peer) {
        let account = self.account();
        let (client, peer) =
            soon(async { tokio::join!(options.connect(&account), self.welcomed(Vec::new())) })
                .await;
        (client.unwrap(), peer)
    }

    /// The next connection, with its hello.
    pub(crate) async fn accept(&self) -> Peer {
        soon(async {
            loop {
                let Ok(connection) = self
                    .endpoint
                    .accept()
                    .await
                    .expect("the endpoint is open")
                    .await
                else {
                    continue;
                };
                let (send, recv) = connection.accept_bi().await.unwrap();
                let mut stream = Stream {
                    send,
                    recv,
                    buffer: BytesMut::new(),
                };
                let ClientFrame::Hello(hello) = stream.read().await.expect("a hello") else {
                    panic!("no hello")
                };
                return Peer {
                    connection,
                    stream,
                    timeline: None,
                    hello,
                };
            }
        })
        .await
    }

    /// The next connection, with a completed login.
    pub(crate) async fn welcomed(&self, overview: Vec<Conversation>) -> Peer {
        let mut peer = self.accept().await;
        peer.welcome(everything(overview)).await;
        peer
    }

    /// Closes all connections and releases the port.
    pub(crate) async fn stop(self) -> SocketAddr {
        let addr = self.local_addr();
        self.endpoint
            .close(VarInt::from_u32(CloseCode::GoingAway.number()), b"");
        soon(self.endpoint.wait_idle()).await;
        drop(self.endpoint);
        soon(async {
            while std::net::UdpSocket::bind(addr).is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        addr
    }
}

pub(crate) struct Stream {
    send: SendStream,
    recv: RecvStream,
    buffer: BytesMut,
}

impl Stream {
    async fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            if let Some(bytes) = frame::split(&mut self.buffer, FRAME_BYTES_MAX).unwrap() {
                return Some(codec::decode(&bytes, FRAME_BYTES_MAX).unwrap());
            }
            let chunk = self.recv.read_chunk(usize::MAX, true).await.ok()??;
            self.buffer.extend_from_slice(&chunk.bytes);
        }
    }
}

/// The server's end of a transfer.
impl Stream {
    pub(crate) async fn opening(&mut self) -> StreamOpening {
        soon(self.read()).await.expect("an opening")
    }

    pub(crate) async fn say(&mut self, frame: TransferFrame) {
        let _ = soon(self.send.write_all(&frame::frame(&frame))).await;
    }

    /// Waits for bytes, and discards them.
    pub(crate) async fn some(&mut self) {
        soon(self.recv.read_chunk(usize::MAX, true))
            .await
            .unwrap()
            .expect("some bytes");
    }

    /// Reads to the end of the stream.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = self.buffer.split().to_vec();
        rest.extend(soon(self.recv.read_to_end(1 << 20)).await.unwrap());
        rest
    }

    /// Returns whether the client resets the stream, instead of finishing it.
    pub(crate) async fn is_broken_off(&mut self) -> bool {
        loop {
            match soon(self.recv.read_chunk(usize::MAX, true)).await {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(error) => return matches!(error, quinn::ReadError::Reset(_)),
            }
        }
    }
}

pub(crate) struct Peer {
    connection: quinn::Connection,
    stream: Stream,
    timeline: Option<Stream>,
    pub(crate) hello: Hello,
}

impl Peer {
    pub(crate) async fn welcome(&mut self, overview: ConversationPage) {
        let token = (!matches!(self.hello.credentials, Credentials::Token(_))).then_some(TOKEN);
        let name = UserName::new("ada").unwrap();
        let (user, device, now) = (UserId::new(7), DeviceId::new(9), Timestamp::new(0));
        self.write(&ServerFrame::Welcome(Welcome {
            capabilities: Capabilities::NONE,
            user,
            name,
            role: ServerRole::Member,
            device,
            token,
            now,
            overview,
            is_agent: false,
        }))
        .await;
        if self.hello.push {
            let (send, recv) = soon(self.connection.accept_bi()).await.unwrap();
            let mut timeline = Stream {
                send,
                recv,
                buffer: BytesMut::new(),
            };
            assert_eq!(soon(timeline.read()).await, Some(StreamOpening::Timeline));
            self.timeline = Some(timeline);
        }
    }

    /// The next transfer that the client starts.
    pub(crate) async fn transfer(&self) -> Stream {
        let (send, recv) = soon(self.connection.accept_bi()).await.unwrap();
        Stream {
            send,
            recv,
            buffer: BytesMut::new(),
        }
    }

    pub(crate) async fn write(&mut self, frame: &ServerFrame) {
        self.write_bytes(&frame::frame(frame)).await;
    }

    pub(crate) async fn write_bytes(&mut self, bytes: &[u8]) {
        let _ = soon(self.stream.send.write_all(bytes)).await;
    }

    pub(crate) async fn push(&mut self, frame: TimelineFrame) {
        let timeline = self
            .timeline
            .as_mut()
            .expect("the client opened a timeline");
        let _ = soon(timeline.send.write_all(&frame::frame(&frame))).await;
    }

    /// The next request; `None` once the client is gone.
    pub(crate) async fn try_request(&mut self) -> Option<(RequestId, Request)> {
        match soon(self.stream.read()).await? {
            ClientFrame::Request(id, request) => Some((id, request)),
            ClientFrame::Hello(_) => panic!("a second hello"),
        }
    }

    pub(crate) async fn request(&mut self) -> (RequestId, Request) {
        self.try_request().await.expect("a request")
    }

    pub(crate) async fn answer(&mut self, id: RequestId, answer: Result<Answer, ErrorCode>) {
        self.write(&ServerFrame::Response(id, answer)).await;
    }

    /// Waits for the client to close, and returns its close code.
    pub(crate) async fn closed(&self) -> CloseCode {
        match soon(self.connection.closed()).await {
            quinn::ConnectionError::ApplicationClosed(close) => {
                CloseCode::from_number(close.error_code.into_inner() as u32)
            }
            other => panic!("not closed by the client: {other}"),
        }
    }

    pub(crate) fn close(self, code: CloseCode) {
        self.close_because(code, "");
    }

    pub(crate) fn close_because(self, code: CloseCode, reason: &str) {
        self.connection
            .close(VarInt::from_u32(code.number()), reason.as_bytes());
    }
}

/// A client that reconnects without delay.
pub(crate) fn eager() -> ClientBuilder {
    Client::builder().reconnect(Reconnect::Forever(Backoff {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(10),
    }))
}
