//! What all transfers of a server share.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cairn_proto::wire::error::ErrorCode;
use cairn_store::files::attachments::AttachmentFiles;
use cairn_store::files::disk_reserve::is_full;
use tokio::sync::{RwLock, Semaphore};
use tracing::{error, warn};

use super::lease::Reservations;
use super::permits::TransferPermits;
use crate::limits;

/// What all transfers of a server share.
#[derive(Debug)]
pub(crate) struct Transfers {
    files: AttachmentFiles,
    pub(super) permits: TransferPermits,
    /// The gate to the disk.
    disk: Arc<Semaphore>,
    pub(super) reservations: Reservations,
    /// Held for reading from the moment that a file has its place until its record is durable, and
    /// for writing while files without a record go: so that none goes that is about to get one.
    pub(super) placing: RwLock<()>,
}

impl Transfers {
    /// The transfers of a server with this data directory. They leave so much of the disk free, or
    /// the usual reserve.
    ///
    /// # Errors
    /// When the folders for attachments cannot be made or read.
    pub(crate) fn open(data: &Path, reserve_bytes: Option<u64>) -> io::Result<Self> {
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
    pub(super) async fn on_disk<T: Send + 'static>(
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
