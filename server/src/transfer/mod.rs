//! Attachments on their way, each on a stream of its own, so that a file never delays a message.
//!
//! A transfer has a lower priority than everything else of its connection, a window of its own, and
//! buffers of a few hundred kilobytes, however large the file. What it reads and writes on disk
//! goes through a narrow gate, so that the reads of history and the hashes of passwords that share
//! the pool are not kept waiting.

mod download;
mod gc;
mod lease;
mod permits;
mod slots;
mod upload;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::BytesMut;
use cairn_proto::content::attachment::TransferFrame;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::frame;
use quinn::{RecvStream, SendStream, VarInt};
use tokio::sync::{RwLock, Semaphore};
use tokio::time::timeout;
use tracing::{error, warn};

use self::lease::Reservations;
use self::permits::TransferPermits;
use crate::limits;
use cairn_core::api::attachment::{AttachmentCommand, AttachmentReply};
use cairn_core::{Command, Reply};
use cairn_store::files::attachments::AttachmentFiles;
use cairn_store::files::disk_reserve::is_full;

use crate::Shared;
use crate::transport::framing::FrameReader;

pub use download::{Wanted, download};
pub use gc::run_gc;
pub use slots::{TransferSlot, TransferSlots};
pub use upload::upload;

/// What all transfers of a server share.
#[derive(Debug)]
pub struct Transfers {
    files: AttachmentFiles,
    permits: TransferPermits,
    /// The gate to the disk.
    disk: Arc<Semaphore>,
    reservations: Reservations,
    /// Held for reading from the moment that a file has its place until its record is durable, and
    /// for writing while files without a record go: so that none goes that is about to get one.
    placing: RwLock<()>,
}

/// A stream on which an attachment travels.
#[derive(Debug)]
pub struct TransferStream {
    send: SendStream,
    recv: RecvStream,
    /// What came with the first frame.
    received: BytesMut,
    slot: Option<TransferSlot>,
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
    /// The transfers of a server with this data directory. They leave so much of the disk free, or
    /// the usual reserve.
    ///
    /// # Errors
    /// When the folders for attachments cannot be made or read.
    pub fn open(data: &Path, reserve_bytes: Option<u64>) -> io::Result<Self> {
        let mut files = AttachmentFiles::open(data)?;
        if let Some(bytes) = reserve_bytes {
            files = files.leaving(bytes);
        }
        let reservations = Reservations::begun(&files.begun()?);
        Ok(Self {
            files,
            permits: TransferPermits::new(),
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
        let permit = self.disk.clone().acquire_owned().await;
        let files = self.files.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&files)
        });
        done.await
            .unwrap_or_else(|_| Err(io::Error::other("it was given up")))
            .map_err(|failure| {
                if is_full(&failure) {
                    warn!(%failure, "an attachment is refused");
                    return ErrorCode::DiskFull;
                }
                error!(%failure, "an attachment cannot be read or written");
                ErrorCode::TransferFailed
            })
    }
}

impl Shared {
    async fn ask_attachment(
        &self,
        command: AttachmentCommand,
    ) -> Result<AttachmentReply, ErrorCode> {
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
        Self {
            send,
            recv,
            received,
            slot: None,
        }
    }

    /// The same, on a slot of its connection.
    #[must_use]
    pub fn on(self, slot: TransferSlot) -> Self {
        Self {
            slot: Some(slot),
            ..self
        }
    }

    /// Waits for something that does not come from the client, for as long as the client waits as
    /// well.
    async fn unless_given_up<T>(&self, what: impl Future<Output = T>) -> Result<T, Broken> {
        tokio::select! {
            done = what => Ok(done),
            _ = self.send.stopped() => Err(Broken::Gone),
        }
    }

    async fn say(&mut self, said: TransferFrame) -> Result<(), Broken> {
        // A client that takes nothing must not hold a permit for ever.
        match timeout(
            limits::TRANSFER_SILENCE_MAX,
            self.send.write_chunk(frame::frame(&said)),
        )
        .await
        {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Broken::Gone),
        }
    }

    /// Says how it ended. Bytes that the client may still be sending are not wanted any more.
    async fn end(mut self, ended: Result<(), Broken>) {
        match ended {
            Ok(()) => self.finish().await,
            Err(Broken::Refused(code)) => self.refuse(code).await,
            Err(Broken::Gone) => drop(self.send.reset(VarInt::from_u32(0))),
        }
    }

    /// Ends the stream. The quota_left that it has stays until what was written last has arrived,
    /// so that it takes none from messages.
    async fn finish(mut self) {
        let _draining = self.slot.take().map(TransferSlot::drain);
        if self.send.finish().is_ok() {
            let _ = timeout(limits::TRANSFER_DRAIN_TIME_MAX, self.send.stopped()).await;
        }
    }

    /// Tells the client why nothing comes of it.
    pub async fn refuse(mut self, code: ErrorCode) {
        if self.say(TransferFrame::Refused(code)).await.is_ok() {
            let _ = self.send.finish();
        }
    }
}
