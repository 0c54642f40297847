//! Both ends of a connection in one process, for tests.

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

/// Turns a hang into a failure.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);

/// Small, so that a client that does not read soon blocks the server.
pub(super) const CLIENT_WINDOW_BYTES: u32 = 64 * 1024;

pub(super) struct Loopback {
    pub(super) server: Connection,
    pub(super) client: Connection,
    /// A scratch directory.
    pub(super) dir: TempDir,
    _endpoints: [Endpoint; 2],
}

/// Awaits with a timeout.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(STEP_TIME_MAX, future)
        .await
        .expect("a step of the test hangs")
}

impl Loopback {
    pub(super) async fn connect() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::open(dir.path(), true).unwrap();
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
