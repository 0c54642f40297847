//! Connections within one process, without sockets or ciphers, for tests and simulations. They have
//! no datagrams; each direction of a stream has a bounded buffer.
//!
//! Both ends are built from tokio's channels, so that neither needs the other's types. A client
//! opens a stream by sending its two halves. An empty chunk ends a half; a sender dropped without
//! one resets it, and a receiver that is dropped stops it.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::wire::close::CloseCode;
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::{Mutex, watch};

use crate::limits::MEMORY_CHUNK_BYTES_MAX;
use crate::transport::{Lost, StreamError};

/// A stream: what the server writes to, and what it reads from. The channels' capacities are the
/// stream's windows.
pub type MemoryStream = (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>);

/// A connection: the streams that the client opens, and the code with which either end closed it.
pub type MemoryConnection = (mpsc::Receiver<MemoryStream>, watch::Sender<Option<u32>>);

/// The address of all clients, and of the server.
pub(crate) const ADDRESS: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

#[derive(Debug)]
pub(crate) struct Listener(mpsc::Receiver<MemoryConnection>);

#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    opened: Mutex<mpsc::Receiver<MemoryStream>>,
    closed: watch::Sender<Option<u32>>,
}

#[derive(Debug)]
pub(crate) struct SendStream {
    connection: Connection,
    chunks: Option<mpsc::Sender<Bytes>>,
    /// The place of the final chunk, reserved so that finishing never waits.
    end: Option<OwnedPermit<Bytes>>,
}

#[derive(Debug)]
pub(crate) struct RecvStream {
    connection: Connection,
    chunks: mpsc::Receiver<Bytes>,
    /// The rest of a chunk that was read in part.
    rest: Bytes,
    is_finished: bool,
}

impl Listener {
    pub(crate) const fn new(connections: mpsc::Receiver<MemoryConnection>) -> Self {
        Self(connections)
    }

    pub(crate) async fn accept(&mut self) -> Option<Connection> {
        let (opened, closed) = self.0.recv().await?;
        let opened = Mutex::new(opened);
        Some(Connection(Arc::new(Ends { opened, closed })))
    }

    pub(crate) fn refuse_new(&mut self) {
        self.0.close();
    }
}

impl Connection {
    pub(crate) async fn accept_bi(&self) -> Result<(SendStream, RecvStream), Lost> {
        let mut opened = self.0.opened.lock().await;
        let (outgoing, incoming) = tokio::select! {
            biased;
            lost = self.closed() => return Err(lost),
            Some(stream) = opened.recv() => stream,
        };
        let send = SendStream {
            connection: self.clone(),
            end: outgoing.clone().try_reserve_owned().ok(),
            chunks: Some(outgoing),
        };
        let recv = RecvStream {
            connection: self.clone(),
            chunks: incoming,
            rest: Bytes::new(),
            is_finished: false,
        };
        Ok((send, recv))
    }

    pub(crate) fn close(&self, code: CloseCode) {
        self.0.close(code);
    }

    pub(crate) async fn closed(&self) -> Lost {
        let mut closed = self.0.closed.subscribe();
        // Cannot fail: the sender is in `self`.
        let code = closed.wait_for(Option::is_some).await.ok();
        let code = code.and_then(|code| *code).unwrap_or_default();
        Lost::Closed(CloseCode::from_number(code))
    }
}

impl Ends {
    /// Closes the connection, unless it is closed already.
    fn close(&self, code: CloseCode) {
        self.closed.send_if_modified(|closed| {
            let is_open = closed.is_none();
            closed.get_or_insert(code.number());
            is_open
        });
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.close(CloseCode::Normal);
    }
}

impl SendStream {
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), StreamError> {
        let chunks = self.chunks.as_ref().filter(|_| self.end.is_some());
        let chunks = chunks.ok_or(StreamError::Finished)?;
        while !bytes.is_empty() {
            let permit = tokio::select! {
                biased;
                lost = self.connection.closed() => return Err(lost.into()),
                permit = chunks.reserve() => permit.map_err(|_| StreamError::Cancelled)?,
            };
            permit.send(bytes.split_to(bytes.len().min(MEMORY_CHUNK_BYTES_MAX)));
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<(), StreamError> {
        let end = self.end.take().ok_or(StreamError::Finished)?;
        end.send(Bytes::new());
        Ok(())
    }

    pub(crate) fn reset(&mut self) {
        (self.chunks, self.end) = (None, None);
    }

    pub(crate) async fn stopped(&self) {
        if let Some(chunks) = &self.chunks {
            tokio::select! {
                _ = self.connection.closed() => {}
                () = chunks.closed() => {}
            }
        }
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

impl RecvStream {
    pub(crate) async fn read_chunk(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<Bytes>, StreamError> {
        if self.rest.is_empty() && !self.is_finished {
            let chunk = tokio::select! {
                biased;
                chunk = self.chunks.recv() => chunk.ok_or(StreamError::Cancelled)?,
                lost = self.connection.closed() => return Err(lost.into()),
            };
            self.is_finished = chunk.is_empty();
            self.rest = chunk;
        }
        if self.is_finished {
            // Everything arrived: the sender waits for this in `stopped`.
            self.chunks.close();
            return Ok(None);
        }
        Ok(Some(self.rest.split_to(self.rest.len().min(max_bytes))))
    }
}

#[cfg(test)]
mod tests;
