//! A connection with the test as its client.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cairn_memory::{ClientConnection, Limits, Lost, Network, RecvStream};
use cairn_proto::wire::close::CloseCode;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::transport::{Connection, SendStream};

/// Turns a hang into a failure.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);

/// Small, so that a client that does not read soon blocks the server.
pub(super) const CLIENT_WINDOW_BYTES: usize = 64 * 1024;

pub(super) struct Loopback {
    pub(super) server: Connection,
    pub(super) client: ClientConnection,
    /// A scratch directory.
    pub(super) dir: TempDir,
}

/// Awaits with a timeout.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(STEP_TIME_MAX, future)
        .await
        .expect("a step of the test hangs")
}

impl Loopback {
    pub(super) async fn connect() -> Self {
        let network = Network::new(Limits {
            to_client_bytes: CLIENT_WINDOW_BYTES,
            ..Limits::default()
        });
        let mut listener = network.listen();
        let client = network.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Self {
            client: client.unwrap(),
            server: Connection::Memory(listener.accept().await.unwrap()),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens a stream that the server writes and the client reads.
    pub(super) async fn open(&self) -> (SendStream, RecvStream) {
        let (_, incoming) = soon(self.client.open_bi()).await.unwrap();
        let (send, _) = soon(self.server.accept_bi()).await.unwrap();
        (send, incoming)
    }

    /// Returns the code with which the server closed the connection, if it has.
    pub(super) fn close_code(&self) -> Option<CloseCode> {
        match self.client.close_reason()? {
            Lost::ClosedByPeer { code, .. } => Some(CloseCode::from_number(code)),
            Lost::ClosedLocally | Lost::Refused | Lost::Cut => None,
        }
    }
}
