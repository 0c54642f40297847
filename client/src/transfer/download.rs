//! Downloads: from the server to a file.

use std::ffi::OsString;
use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use cairn_proto::content::attachment::{Attachment, AttachmentHash, TransferFrame};
use cairn_proto::ids::MsgId;
use cairn_proto::wire::event::StreamOpening;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::time::sleep;

use super::{Progress, RetryBudget, Step, Stopped, TransferError, read_frame};
use crate::limits;
use crate::transport::{Lost, Reader};
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
        let mut part = Part::open(target, attachment, &mut progress).await?;
        let mut was_resumed = part.done_bytes > 0;
        let mut retry_budget = RetryBudget::new();
        loop {
            let opening = StreamOpening::Download {
                conversation: self.id,
                msgid,
                hash: attachment.hash,
                from: part.done_bytes,
            };
            let lost = match self.client.open_transfer(opening).await? {
                Ok((mut writer, mut reader)) => {
                    writer.finish();
                    match part.receive(&mut reader, &mut progress).await {
                        Ok(()) if part.matches_hash() => return part.persist(target).await,
                        Ok(()) if was_resumed => {
                            // The partial file of an earlier run may have been modified, so a wrong
                            // hash is not the server's fault yet: start over once.
                            was_resumed = false;
                            part.restart().await?;
                            continue;
                        }
                        Ok(()) => {
                            part.restart().await?;
                            return Err(TransferError::Damaged);
                        }
                        Err(Stopped::Failed(error)) => return Err(error),
                        Err(Stopped::Lost(lost)) => lost,
                    }
                }
                Err(lost) => lost,
            };
            retry_budget.wait(lost, part.done_bytes).await?;
        }
    }
}

/// A partial download.
struct Part {
    file: File,
    path: PathBuf,
    hasher: blake3::Hasher,
    expected: [u8; 32],
    done_bytes: u64,
    unsynced_bytes: u64,
    total_bytes: u64,
}

impl Part {
    /// Opens the partial file and hashes its content, to resume after it.
    async fn open(
        target: &Path,
        attachment: &Attachment,
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
        let (expected, total_bytes) = (*attachment.hash.as_bytes(), attachment.size_bytes);
        let mut part = Self {
            file,
            path,
            hasher: blake3::Hasher::new(),
            expected,
            done_bytes: 0,
            unsynced_bytes: 0,
            total_bytes,
        };
        part.reread(progress)
            .await
            .map_err(|source| part.unwritable(source))?;
        if part.done_bytes > part.total_bytes {
            part.restart().await?;
        }
        Ok(part)
    }

    async fn reread(&mut self, progress: &mut impl FnMut(Progress)) -> io::Result<()> {
        let mut buffer = vec![0; limits::TRANSFER_BUFFER_BYTES];
        loop {
            let bytes = self.file.read(&mut buffer).await?;
            if bytes == 0 {
                return Ok(());
            }
            self.hasher.update(&buffer[..bytes]);
            self.done_bytes += bytes as u64;
            progress(Progress {
                step: Step::Reading,
                done_bytes: self.done_bytes,
                total_bytes: self.total_bytes,
            });
        }
    }

    async fn restart(&mut self) -> Result<(), TransferError> {
        self.hasher.reset();
        self.done_bytes = 0;
        let emptied = async {
            self.file.set_len(0).await?;
            self.file.rewind().await
        };
        emptied
            .await
            .map_err(|source| self.unwritable(source))
            .map(drop)
    }

    async fn receive(
        &mut self,
        reader: &mut Reader,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Stopped> {
        match read_frame(reader).await? {
            TransferFrame::From(from) if from == self.done_bytes => {}
            _ => return Err(Lost::Protocol("a download starts at another offset").into()),
        }
        let mut arrived = Vec::with_capacity(limits::TRANSFER_BUFFER_BYTES);
        let ended = loop {
            match reader.read_part().await {
                Ok(Some(bytes)) => arrived.extend_from_slice(&bytes),
                Ok(None) => break Ok(()),
                Err(lost) => break Err(lost),
            }
            // Write in large chunks: a write for each packet would cost more than the network.
            if arrived.len() >= limits::TRANSFER_BUFFER_BYTES {
                self.add(&mut arrived, progress).await?;
            }
        };
        self.add(&mut arrived, progress).await?;
        self.file
            .flush()
            .await
            .map_err(|source| self.unwritable(source))?;
        ended?;
        if self.done_bytes == self.total_bytes {
            Ok(())
        } else {
            Err(Lost::Broken("the server ended the transfer".into()).into())
        }
    }

    /// Writes the received bytes and clears the buffer.
    async fn add(
        &mut self,
        arrived: &mut Vec<u8>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Stopped> {
        if arrived.len() as u64 > self.total_bytes - self.done_bytes {
            return Err(Lost::Protocol("a download exceeds its announced length").into());
        }
        self.file
            .write_all(arrived)
            .await
            .map_err(|source| self.unwritable(source))?;
        self.hasher.update(arrived);
        self.done_bytes += arrived.len() as u64;
        self.unsynced_bytes += arrived.len() as u64;
        if self.unsynced_bytes >= limits::TRANSFER_SYNC_BYTES {
            self.file
                .sync_data()
                .await
                .map_err(|source| self.unwritable(source))?;
            self.unsynced_bytes = 0;
        }
        arrived.clear();
        progress(Progress {
            step: Step::Moving,
            done_bytes: self.done_bytes,
            total_bytes: self.total_bytes,
        });
        Ok(())
    }

    fn matches_hash(&self) -> bool {
        *self.hasher.finalize().as_bytes() == self.expected
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
