//! What all transfers of a server share.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cairn_proto::wire::error::ErrorCode;
use cairn_store::env::Env;
use cairn_store::files::attachments::LocalAttachments;
use cairn_store::files::disk_reserve::is_full;
use tokio::sync::{RwLock, Semaphore};
use tracing::{error, warn};

use super::lease::Reservations;
use super::permits::TransferPermits;
use crate::host::Blocking;
use crate::limits;

#[derive(Debug)]
pub(crate) struct Transfers {
    files: LocalAttachments,
    blocking: Blocking,
    pub(super) permits: TransferPermits,
    /// Limits the threads on the disk.
    disk: Arc<Semaphore>,
    pub(super) reservations: Reservations,
    /// Held for reading from the placement of a file until its record is durable, and for writing
    /// while gc removes files without a record. Otherwise gc could remove a file that is about to
    /// get one.
    pub(super) placing: RwLock<()>,
}

impl Transfers {
    /// Opens the transfers of a data directory. `reserve_bytes` replaces the default disk reserve.
    pub(crate) fn open(
        env: &Env,
        blocking: Blocking,
        data: &Path,
        reserve_bytes: Option<u64>,
    ) -> io::Result<Self> {
        let mut files = LocalAttachments::open(env, data)?;
        if let Some(bytes) = reserve_bytes {
            files = files.leaving(bytes);
        }
        let reservations = Reservations::of_unfinished(&files.unfinished()?);
        Ok(Self {
            files,
            blocking,
            permits: TransferPermits::new(),
            disk: Arc::new(Semaphore::new(limits::TRANSFER_DISK_THREADS_MAX)),
            reservations,
            placing: RwLock::new(()),
        })
    }

    /// Accesses files on the blocking pool.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&LocalAttachments) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ErrorCode> {
        let permit = self.disk.clone().acquire_owned().await;
        let files = self.files.clone();
        let done = self.blocking.run(move || {
            let _permit = permit;
            work(&files)
        });
        done.await
            .unwrap_or_else(|_| Err(io::Error::other("it was given up")))
            .map_err(|failure| {
                if is_full(&failure) {
                    warn!(%failure, "attachment refused");
                    return ErrorCode::DiskFull;
                }
                error!(%failure, "cannot read or write an attachment");
                ErrorCode::TransferFailed
            })
    }
}
