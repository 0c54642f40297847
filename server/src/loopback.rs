//! A connection with the test as its client.

use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::limits::MEMORY_CHUNK_BYTES_MAX;
use crate::transport::Connection;
use crate::transport::memory::{Listener, MemoryStream};

/// Turns a hang into a failure.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);

const CLIENT_WINDOW_CHUNKS: usize = 16;

/// Small, so that a client that does not read soon blocks the server.
pub(super) const CLIENT_WINDOW_BYTES: usize = CLIENT_WINDOW_CHUNKS * MEMORY_CHUNK_BYTES_MAX;

pub(super) struct Loopback {
    pub(super) server: Connection,
    /// Streams to open.
    pub(super) streams: mpsc::Sender<MemoryStream>,
    /// The close code.
    pub(super) closed: watch::Sender<Option<u32>>,
    /// A scratch directory.
    pub(super) dir: TempDir,
}

/// The client's halves of a stream.
pub(super) type ClientStream = (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>);

/// Awaits with a timeout.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(STEP_TIME_MAX, future)
        .await
        .expect("a step of the test hangs")
}

impl Loopback {
    pub(super) async fn connect() -> Self {
        let (streams, opened) = mpsc::channel(1);
        let closed = watch::Sender::new(None);
        let (connections, accepted) = mpsc::channel(1);
        connections.send((opened, closed.clone())).await.unwrap();
        let accepted = Listener::new(accepted).accept().await.unwrap();
        Self {
            server: Connection::Memory(accepted),
            streams,
            closed,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens a stream.
    pub(super) async fn open(&self) -> ClientStream {
        let (to_client, incoming) = mpsc::channel(CLIENT_WINDOW_CHUNKS);
        let (outgoing, to_server) = mpsc::channel(CLIENT_WINDOW_CHUNKS);
        self.streams.send((to_client, to_server)).await.unwrap();
        (outgoing, incoming)
    }
}
