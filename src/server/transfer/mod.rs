//! Attachments on their way, each on a stream of its own, so that a file never delays a message.
//!
//! A transfer has a lower priority than everything else of its connection, a window of its own, and buffers of a few hundred kilobytes,
//! however large the file. What it reads and writes on disk goes through a narrow gate, so that the reads of history and the hashes of
//! passwords that share the pool are not kept waiting.

mod collect;
mod download;
mod lanes;
mod reserve;
mod upload;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::BytesMut;
use cairn_proto::attachment::TransferFrame;
use cairn_proto::error::ErrorCode;
use cairn_proto::frame;
use quinn::{RecvStream, SendStream, VarInt};
use tokio::sync::{RwLock, Semaphore};
use tracing::error;

use self::reserve::Reservations;
use crate::core::attachment::{AttachmentCommand, AttachmentReply};
use crate::core::{Command, Reply};
use crate::limits;
use crate::store::attachments::AttachmentFiles;

use super::Shared;
use super::framing::FrameReader;

pub use collect::keep_house;
pub use download::{Wanted, download};
pub use lanes::{Lane, Lanes};
pub use upload::upload;

/// What all transfers of a server share.
#[derive(Debug)]
pub struct Transfers {
    files: AttachmentFiles,
    /// The transfers that may be under way.
    turns: Arc<Semaphore>,
    /// The gate to the disk.
    disk: Arc<Semaphore>,
    reservations: Reservations,
    /// Held for reading from the moment that a file has its place until its record is durable, and for writing while files without a
    /// record go: so that none goes that is about to get one.
    placing: RwLock<()>,
}

/// A stream on which an attachment travels.
#[derive(Debug)]
pub struct TransferStream {
    send: SendStream,
    recv: RecvStream,
    /// What came with the first frame.
    received: BytesMut,
}

/// Why a transfer ends before its end.
#[derive(Debug)]
enum Broken {
    /// The client is told why.
    Refused(ErrorCode),
    /// Nobody is there to be told, or somebody else goes on with it.
    Gone,
}

impl From<ErrorCode> for Broken {
    fn from(code: ErrorCode) -> Self {
        Self::Refused(code)
    }
}

impl Transfers {
    /// The transfers of a server with this data directory.
    ///
    /// # Errors
    /// When the folders for attachments cannot be made or read.
    pub fn open(data: &Path) -> io::Result<Self> {
        let files = AttachmentFiles::open(data)?;
        let reservations = Reservations::begun(&files.begun()?);
        Ok(Self {
            files,
            turns: Arc::new(Semaphore::new(limits::TRANSFERS_MAX)),
            disk: Arc::new(Semaphore::new(limits::TRANSFER_DISK_THREADS_MAX)),
            reservations,
            placing: RwLock::new(()),
        })
    }

    /// Does something with files, on the pool.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AttachmentFiles) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        let turn = self.disk.clone().acquire_owned().await;
        let files = self.files.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&files)
        });
        done.await.unwrap_or_else(|_| Err(io::Error::other("it was given up"))).map_err(|failure| {
            error!(%failure, "an attachment cannot be read or written");
            ErrorCode::TransferFailed
        })
    }
}

impl Shared {
    async fn ask_attachment(&self, command: AttachmentCommand) -> Result<AttachmentReply, ErrorCode> {
        match self.ask(Command::Attachment(command)).await? {
            Reply::Attachment(reply) => Ok(reply),
            _ => Err(ErrorCode::Unsupported),
        }
    }
}

impl TransferStream {
    /// A stream whose first frame was read.
    #[must_use]
    pub fn of(send: SendStream, reader: FrameReader) -> Self {
        let (recv, received) = reader.into_parts();
        // It fails only for a stream that is gone, and that is noticed soon enough.
        let _ = send.set_priority(limits::TRANSFER_PRIORITY);
        Self { send, recv, received }
    }

    async fn say(&mut self, said: TransferFrame) -> Result<(), Broken> {
        self.send.write_chunk(frame::frame(&said)).await.map_err(|_| Broken::Gone)
    }

    /// Says how it ended. Bytes that the client may still be sending are not wanted any more.
    async fn end(mut self, ended: Result<(), Broken>) {
        match ended {
            Ok(()) => drop(self.send.finish()),
            Err(Broken::Refused(code)) => self.refuse(code).await,
            Err(Broken::Gone) => drop(self.send.reset(VarInt::from_u32(0))),
        }
    }

    /// Tells the client why nothing comes of it.
    pub async fn refuse(mut self, code: ErrorCode) {
        if self.say(TransferFrame::Refused(code)).await.is_ok() {
            let _ = self.send.finish();
        }
    }
}
