//! A client that writes arbitrary bytes to any stream.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cairn_client::Account;
use cairn_client::proto::content::attachment::TransferFrame;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, RequestId, SendStreamId};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::{StreamOpening, TimelineFrame};
use cairn_client::proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello, Welcome};
use cairn_client::proto::wire::request::session::ListDevices;
use cairn_client::proto::wire::request::{Answer, Call, Request};
use cairn_client::proto::wire::response::ServerFrame;
use cairn_client::proto::wire::{codec, frame};
use cairn_client::proto::{ALPN, WIRE_VERSION, limits};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig,
    VarInt,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use tokio::time::timeout;

/// The wait after which an event counts as absent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Receive window of a stream: small, so that a client that stops reading soon blocks the server.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

pub(crate) struct Raw {
    pub(crate) connection: Connection,
    pub(crate) stream: Stream,
    asked: u64,
    _endpoint: Endpoint,
}

/// A stream, read by frames.
pub(crate) struct Stream {
    send: SendStream,
    recv: RecvStream,
    buffer: BytesMut,
    /// The frames that were read, if they are kept.
    kept: Option<Vec<bytes::Bytes>>,
}

/// TLS that accepts any server certificate.
pub(crate) fn any_server(alpn: &[&[u8]]) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyServer))
        .with_no_client_auth();
    tls.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    tls
}

/// An endpoint that accepts any server certificate.
pub(crate) fn endpoint(alpn: &[&[u8]]) -> Endpoint {
    let tls = Arc::new(QuicClientConfig::try_from(any_server(alpn)).unwrap());
    let mut config = ClientConfig::new(tls);
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES));
    config.transport_config(Arc::new(transport));
    let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    endpoint.set_default_client_config(config);
    endpoint
}

/// Waits for the end of a connection, and returns its close code.
pub(crate) async fn closed(connection: &Connection) -> CloseCode {
    match timeout(PATIENCE, connection.closed())
        .await
        .expect("the connection goes on")
    {
        ConnectionError::ApplicationClosed(close) => {
            CloseCode::from_number(close.error_code.into_inner().try_into().unwrap())
        }
        other => panic!("the connection was not closed by the server, but ended: {other}"),
    }
}

impl Raw {
    /// A connection before its hello.
    pub(crate) async fn connect(server: SocketAddr) -> Self {
        let endpoint = endpoint(&[ALPN]);
        let connection = endpoint.connect(server, "cairn").unwrap().await.unwrap();
        let stream = Stream::open(&connection).await;
        Self {
            connection,
            stream,
            asked: 0,
            _endpoint: endpoint,
        }
    }

    /// Connects and sends this hello; returns the server's answer.
    pub(crate) async fn hello(
        server: SocketAddr,
        credentials: Credentials,
        push: bool,
    ) -> (Self, ServerFrame) {
        Self::first(server, &hello(credentials, push)).await
    }

    /// Connects and writes this frame; returns the server's answer.
    pub(crate) async fn first(server: SocketAddr, first: &ClientFrame) -> (Self, ServerFrame) {
        let mut raw = Self::connect(server).await;
        raw.stream.write(&frame::frame(first)).await;
        let answer = raw.stream.read().await;
        (raw, answer)
    }

    /// Logs in a device.
    pub(crate) async fn log_in(server: SocketAddr, account: &Account) -> Self {
        Self::log_in_with(server, account, false).await.0
    }

    /// Logs in a device; returns the welcome as well.
    pub(crate) async fn log_in_with(
        server: SocketAddr,
        account: &Account,
        push: bool,
    ) -> (Self, Welcome) {
        loop {
            match Self::hello(server, Credentials::Token(account.token), push).await {
                (raw, ServerFrame::Welcome(welcome)) => return (raw, welcome),
                // Sessions that just ended may still count.
                (_, ServerFrame::Refused(ErrorCode::TooManySessions)) => {}
                (_, other) => panic!("no welcome but {other:?}"),
            }
        }
    }

    /// Returns the error of a refused login, and the close code.
    pub(crate) async fn refused(
        server: SocketAddr,
        credentials: Credentials,
    ) -> (ErrorCode, CloseCode) {
        match Self::hello(server, credentials, false).await {
            (mut raw, ServerFrame::Refused(code)) => {
                // The server waits until the client has read the refusal.
                assert!(raw.stream.ends().await);
                (code, raw.closed().await)
            }
            (_, other) => panic!("not refused but {other:?}"),
        }
    }

    /// Sends a request, and waits for its answer.
    pub(crate) async fn ask<C>(&mut self, call: C) -> Result<C::Answer, ErrorCode>
    where
        C: Call + Into<Request>,
    {
        let answer = self.ask_any(call.into()).await?;
        Ok(answer.of::<C>().unwrap())
    }

    /// Sends a request, and waits for its answer in encoded form.
    pub(crate) async fn ask_any(&mut self, request: Request) -> Result<Answer, ErrorCode> {
        let (id, body) = self.request(request);
        self.stream.write(&frame::frame(&body)).await;
        self.answer_to(id).await
    }

    /// Numbers a request.
    pub(crate) fn request(&mut self, request: impl Into<Request>) -> (RequestId, ClientFrame) {
        self.asked += 1;
        let id = RequestId::new(self.asked);
        (id, ClientFrame::Request(id, request.into()))
    }

    /// Reads the next answer, which must be the one to `id`.
    pub(crate) async fn answer_to(&mut self, id: RequestId) -> Result<Answer, ErrorCode> {
        match self.stream.read().await {
            ServerFrame::Response(answered, answer) if answered == id => answer,
            other => panic!("no answer to request {id} but {other:?}"),
        }
    }

    pub(crate) async fn send(
        &mut self,
        conversation: ConversationId,
        seq: u64,
        body: Body,
    ) -> Result<MsgId, ErrorCode> {
        self.ask(Draft {
            conversation,
            seq: ClientSeq::new(seq),
            content: Content::new(body, Extras::NONE),
        })
        .await
    }

    /// Checks that the session is still served and has no unread answers.
    pub(crate) async fn goes_on(&mut self) {
        assert!(self.ask(ListDevices).await.is_ok());
    }

    /// Opens the timeline stream.
    pub(crate) async fn timeline(&self) -> Stream {
        let mut stream = Stream::open(&self.connection).await;
        stream.write(&frame::frame(&StreamOpening::Timeline)).await;
        stream
    }

    pub(crate) async fn closed(&self) -> CloseCode {
        closed(&self.connection).await
    }

    /// Returns the reason phrase with which the server closes the connection.
    pub(crate) async fn close_reason(&self) -> Vec<u8> {
        match timeout(PATIENCE, self.connection.closed()).await.unwrap() {
            ConnectionError::ApplicationClosed(close) => close.reason.to_vec(),
            other => panic!("the connection was not closed by the server, but ended: {other}"),
        }
    }
}

impl Stream {
    pub(crate) async fn open(connection: &Connection) -> Self {
        let (send, recv) = connection.open_bi().await.unwrap();
        Self {
            send,
            recv,
            buffer: BytesMut::new(),
            kept: None,
        }
    }

    /// Writes raw bytes. Errors are ignored: most of these bytes make the server close the
    /// connection.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.send.write_all(bytes).await;
    }

    /// Writes bytes with an arbitrary length prefix.
    pub(crate) async fn write_as(&mut self, length: usize, bytes: &[u8]) {
        self.write(&prefixed(length, bytes)).await;
    }

    /// Writes raw bytes, and discards what arrives meanwhile.
    pub(crate) async fn write_and_read(&mut self, bytes: &[u8]) {
        let Self { send, recv, .. } = self;
        let reads = async { while let Ok(Some(_)) = recv.read_chunk(usize::MAX, true).await {} };
        tokio::join!(send.write_all(bytes), reads)
            .0
            .unwrap_or_default();
    }

    pub(crate) fn finish(&mut self) {
        self.send.finish().unwrap();
    }

    pub(crate) fn reset(&mut self) {
        self.send.reset(VarInt::from_u32(0)).unwrap();
    }

    /// Stops reading, with STOP_SENDING.
    pub(crate) fn stop(&mut self) {
        self.recv.stop(VarInt::from_u32(0)).unwrap();
    }

    /// Reads the next frame of the session stream.
    pub(crate) async fn read(&mut self) -> ServerFrame {
        codec::decode(&self.next().await, limits::FRAME_BYTES_MAX).unwrap()
    }

    /// Reads the next frame of a timeline stream.
    pub(crate) async fn news(&mut self) -> TimelineFrame {
        codec::decode(&self.next().await, limits::FRAME_BYTES_MAX).unwrap()
    }

    /// Reads the next frame of a transfer.
    pub(crate) async fn transfer(&mut self) -> TransferFrame {
        codec::decode(&self.next().await, limits::FRAME_BYTES_MAX).unwrap()
    }

    /// Reads the stream to its end.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = self.buffer.split().to_vec();
        while let Some(chunk) = timeout(PATIENCE, self.recv.read_chunk(usize::MAX, true))
            .await
            .expect("no end")
            .unwrap()
        {
            rest.extend_from_slice(&chunk.bytes);
        }
        rest
    }

    /// Returns whether the server resets the stream.
    pub(crate) async fn is_broken_off(&mut self) -> bool {
        timeout(PATIENCE, self.recv.read_chunk(1, true))
            .await
            .expect("the stream goes on")
            .is_err()
    }

    /// Returns whether the server resets the stream, after any bytes.
    pub(crate) async fn is_broken_off_early(&mut self) -> bool {
        loop {
            let read = timeout(PATIENCE, self.recv.read_chunk(usize::MAX, true));
            match read.await.expect("the stream goes on") {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    /// Returns whether the server finishes the stream without further bytes.
    pub(crate) async fn ends(&mut self) -> bool {
        self.buffer.is_empty() && matches!(self.recv.read_chunk(1, true).await, Ok(None))
    }

    /// Keeps the frames that are read from now on.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// Returns the frames that were kept.
    pub(crate) fn kept(&self) -> &[bytes::Bytes] {
        self.kept.as_deref().unwrap_or_default()
    }

    /// Reads the next frame as it is.
    pub(crate) async fn next(&mut self) -> bytes::Bytes {
        loop {
            if let Some(frame) = frame::split(&mut self.buffer, limits::FRAME_BYTES_MAX).unwrap() {
                if let Some(kept) = &mut self.kept {
                    kept.push(frame.clone());
                }
                return frame;
            }
            let read = timeout(
                PATIENCE,
                self.recv.read_chunk(STREAM_WINDOW_BYTES as usize, true),
            )
            .await
            .expect("no answer");
            self.buffer
                .extend_from_slice(&read.unwrap().expect("the stream ended").bytes);
        }
    }
}

pub(crate) fn hello(credentials: Credentials, push: bool) -> ClientFrame {
    ClientFrame::Hello(Hello {
        version: WIRE_VERSION,
        credentials,
        capabilities: Capabilities::NONE,
        send_stream: SendStreamId::new(70),
        is_resumed: false,
        stream_began: None,
        push,
        since: None,
    })
}

/// Bytes with an arbitrary length prefix.
pub(crate) fn prefixed(length: usize, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).unwrap();
    [&length.to_le_bytes(), bytes].concat()
}

/// Accepts any certificate and any signature.
#[derive(Debug)]
struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
