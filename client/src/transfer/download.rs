//! Downloads: from the server to a file.

use std::ffi::OsString;
use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use cairn_proto::content::attachment::{Attachment, AttachmentHash};
use cairn_proto::ids::MsgId;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::time::sleep;

use super::receive::{Arrived, Sink, attempt};
use super::{Progress, RetryBudget, Step, Stopped, TransferError};
use crate::limits;
use crate::view::conversation::Conversation;

/// Downloads
impl Conversation<'_> {
    /// Downloads an attachment to the file at `target`, which is replaced once all bytes have
    /// arrived and match the hash. Until then they are stored next to it, under a name with the
    /// beginning of the hash and `.part` appended. A later call resumes from there.
    ///
    /// Continues across reconnects. `progress` is called for each chunk of
    /// [`limits::TRANSFER_BUFFER_BYTES`].
    ///
    /// # Errors
    /// [`TransferError::Client`] with [`crate::Error::Refused`]: `NoSuchAttachment` if the user
    /// cannot see the message or it refers to another attachment, `Expired` if it has expired.
    /// [`TransferError::Target`] if the file cannot be written, `target` is not a regular file, or
    /// another download is writing it. [`TransferError::Damaged`] if the bytes do not match the
    /// hash.
    pub async fn download(
        self,
        msgid: MsgId,
        attachment: &Attachment,
        target: &Path,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), TransferError> {
        let _slot = self
            .client
            .shared()
            .transfer_slots
            .take()
            .await
            .ok_or_else(|| self.client.ended())?;
        let mut arrived = Arrived::new(attachment);
        let mut part = Part::open(target, attachment, &mut arrived, &mut progress).await?;
        let mut was_resumed = arrived.done_bytes() > 0;
        let mut retry_budget = RetryBudget::new();
        loop {
            let lost = match attempt(self, msgid, &mut arrived, &mut part, &mut progress).await {
                Ok(()) if arrived.matches_hash() => return part.persist(target).await,
                Ok(()) => {
                    part.restart(&mut arrived).await?;
                    // The partial file of an earlier run may have been modified, so a wrong hash is
                    // not the server's fault yet: start over once.
                    if !std::mem::take(&mut was_resumed) {
                        return Err(TransferError::Damaged);
                    }
                    continue;
                }
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Lost(lost)) => lost,
            };
            retry_budget.wait(lost, arrived.done_bytes()).await?;
        }
    }
}

/// The file of a partial download.
struct Part {
    file: File,
    path: PathBuf,
    unsynced_bytes: u64,
}

impl Part {
    /// Opens the partial file and hashes its content, to resume after it.
    async fn open(
        target: &Path,
        attachment: &Attachment,
        arrived: &mut Arrived,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Self, TransferError> {
        check_target(target)
            .await
            .map_err(|source| TransferError::Target {
                path: target.to_owned(),
                source,
            })?;
        let path = part_path(target, attachment.hash);
        let file = open_exclusive(&path)
            .await
            .map_err(|source| TransferError::Target {
                path: path.clone(),
                source,
            })?;
        let mut part = Self {
            file,
            path,
            unsynced_bytes: 0,
        };
        part.reread(arrived, progress)
            .await
            .map_err(|source| part.unwritable(source))?;
        if arrived.done_bytes() > arrived.total_bytes() {
            part.restart(arrived).await?;
        }
        Ok(part)
    }

    async fn reread(
        &mut self,
        arrived: &mut Arrived,
        progress: &mut impl FnMut(Progress),
    ) -> io::Result<()> {
        let mut buffer = vec![0; limits::TRANSFER_BUFFER_BYTES];
        loop {
            let bytes = self.file.read(&mut buffer).await?;
            if bytes == 0 {
                return Ok(());
            }
            arrived.add(&buffer[..bytes]);
            progress(arrived.progress(Step::Reading));
        }
    }

    async fn restart(&mut self, arrived: &mut Arrived) -> Result<(), TransferError> {
        arrived.restart();
        let emptied = async {
            self.file.set_len(0).await?;
            self.file.rewind().await
        };
        emptied
            .await
            .map_err(|source| self.unwritable(source))
            .map(drop)
    }

    async fn persist(self, target: &Path) -> Result<(), TransferError> {
        let persisted = async {
            self.file.sync_all().await?;
            fs::rename(&self.path, target).await?;
            sync_folder(target).await
        };
        persisted.await.map_err(|source| self.unwritable(source))
    }

    fn unwritable(&self, source: io::Error) -> TransferError {
        TransferError::Target {
            path: self.path.clone(),
            source,
        }
    }
}

impl Sink for Part {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| self.unwritable(source))?;
        self.unsynced_bytes += bytes.len() as u64;
        if self.unsynced_bytes >= limits::TRANSFER_SYNC_BYTES {
            let synced = self.file.sync_data().await;
            synced.map_err(|source| self.unwritable(source))?;
            self.unsynced_bytes = 0;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), TransferError> {
        let flushed = self.file.flush().await;
        flushed.map_err(|source| self.unwritable(source))
    }
}

/// Returns the path of the partial file. The hash in its name keeps different attachments apart,
/// and avoids the user's own files.
fn part_path(target: &Path, hash: AttachmentHash) -> PathBuf {
    let mut name: OsString = target.as_os_str().to_owned();
    let [a, b, c, d, ..] = *hash.as_bytes();
    name.push(format!(".{a:02x}{b:02x}{c:02x}{d:02x}.part"));
    name.into()
}

/// Checks, before anything is downloaded, that `target` can be replaced.
async fn check_target(target: &Path) -> io::Result<()> {
    match fs::metadata(target).await {
        Ok(found) if found.is_dir() => Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory",
        )),
        Ok(found) if !found.is_file() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        )),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens or creates the partial file with an exclusive lock. Retries for a moment, since an aborted
/// download may still be releasing it.
async fn open_exclusive(path: &Path) -> io::Result<File> {
    let mut attempts = 0;
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .await?
            .into_std()
            .await;
        match file.try_lock() {
            // The previous owner of the lock may have renamed the file to its target.
            Ok(()) if !fs::try_exists(path).await? => {}
            Ok(()) => return Ok(File::from_std(file)),
            // The file system does not support locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(File::from_std(file));
            }
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if attempts < limits::TRANSFER_ATTEMPTS_MAX => {
                attempts += 1;
                sleep(limits::TRANSFER_RETRY_DELAY).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another download is writing to it",
                ));
            }
        }
    }
}

/// Makes a renamed file durable: the directory entry needs an fsync of its own.
async fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    match cfg!(unix) {
        true => File::open(folder).await?.sync_all().await,
        // Directories cannot be opened on other platforms.
        false => Ok(()),
    }
}
