//! Both ends of a connection in one process, for tests of what holds one.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ALPN;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, TransportConfig, VarInt};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::transport::endpoint;
use crate::transport::identity::Identity;

/// No step of a test takes longer; it only turns a hang into a failure.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);

/// What the client lets one stream have under way: little, so that not reading is soon felt.
pub(super) const CLIENT_WINDOW_BYTES: u32 = 64 * 1024;

/// A connection to itself.
pub(super) struct Loopback {
    /// The server's end.
    pub(super) server: Connection,
    /// The client's end.
    pub(super) client: Connection,
    /// A folder of its own.
    pub(super) dir: TempDir,
    _endpoints: [Endpoint; 2],
}

/// Waits, but not for ever.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(STEP_TIME_MAX, future)
        .await
        .expect("a step of the test hangs")
}

impl Loopback {
    pub(super) async fn connect() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::open(dir.path()).unwrap();
        let server = endpoint::open((Ipv4Addr::LOCALHOST, 0).into(), &identity).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(identity.certificate().unwrap().0).unwrap();
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN.to_vec()];
        let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
        let mut transport = TransportConfig::default();
        transport.stream_receive_window(VarInt::from_u32(CLIENT_WINDOW_BYTES));
        config.transport_config(Arc::new(transport));
        let client = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connecting = client
            .connect_with(config, server.local_addr().unwrap(), "cairn")
            .unwrap();
        let accepted = async { server.accept().await.unwrap().await.unwrap() };
        let (accepted, connected) = soon(async { tokio::join!(accepted, connecting) }).await;
        Self {
            server: accepted,
            client: connected.unwrap(),
            dir,
            _endpoints: [server, client],
        }
    }
}
