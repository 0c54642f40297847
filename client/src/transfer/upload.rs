//! Uploads: from a file to the server.

use std::io::{self, SeekFrom};
use std::path::Path;

use cairn_proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::StreamOpening;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeek, AsyncSeekExt as _};

use super::{Progress, RetryBudget, Step, Stopped, TransferError, Uploaded, read_frame};
use crate::api::client::Client;
use crate::error::Error;
use crate::limits;
use crate::transport::{Lost, Reader, Writer};

/// Uploads
impl Client {
    /// Uploads a file, so that messages can refer to it. Reads the file twice: to hash it, and to
    /// send it. Bytes that the server already has are not sent again, whether from an earlier
    /// upload by this user or from a partial one, possibly days ago. If those turn out to be
    /// damaged, the upload restarts once from the beginning.
    ///
    /// Continues across reconnects. `progress` is called for each chunk of
    /// [`limits::TRANSFER_BUFFER_BYTES`].
    ///
    /// # Errors
    /// [`TransferError::Client`] with [`crate::Error::Refused`]: `AttachmentTooLarge`,
    /// `QuotaReached`, or `WrongHash` if the file changed during the upload.
    /// [`TransferError::Source`] if it cannot be read.
    pub async fn upload<S>(
        &self,
        source: &mut S,
        mut progress: impl FnMut(Progress),
    ) -> Result<Uploaded, TransferError>
    where
        S: AsyncRead + AsyncSeek + Unpin,
    {
        let uploaded = identify(source, &mut progress)
            .await
            .map_err(TransferError::Source)?;
        let Uploaded { hash, size_bytes } = uploaded;
        let _slot = self
            .shared()
            .transfer_slots
            .take()
            .await
            .ok_or_else(|| self.ended())?;
        let (mut retry_budget, mut reach, mut was_refused) =
            (RetryBudget::new(), Reach::default(), false);
        loop {
            let lost = match self
                .open_transfer(StreamOpening::Upload {
                    hash,
                    bytes: size_bytes,
                })
                .await?
            {
                Ok(stream) => {
                    match send(source, stream, size_bytes, &mut reach, &mut progress).await {
                        Ok(()) => return Ok(uploaded),
                        Err(Stopped::Failed(error))
                            if reach.resumed() && is_wrong_hash(&error) && !was_refused =>
                        {
                            // The bytes from an earlier upload may have been damaged by a power
                            // cut. The server has discarded them, so start over once.
                            (retry_budget, reach, was_refused) =
                                (RetryBudget::new(), Reach::default(), true);
                            continue;
                        }
                        Err(Stopped::Failed(error)) => return Err(error),
                        Err(Stopped::Lost(lost)) => lost,
                    }
                }
                Err(lost) => lost,
            };
            retry_budget.wait(lost, reach.sent_bytes).await?;
        }
    }

    /// Uploads the file at `path`; see [`Client::upload`].
    ///
    /// # Errors
    /// [`TransferError::Source`] if the file cannot be opened or read. [`TransferError::Client`]
    /// with [`crate::Error::Refused`]: `AttachmentTooLarge`, `QuotaReached`, or `WrongHash` if the
    /// file changed during the upload.
    pub async fn upload_file(
        &self,
        path: &Path,
        progress: impl FnMut(Progress),
    ) -> Result<Uploaded, TransferError> {
        let mut file = tokio::fs::File::open(path)
            .await
            .map_err(TransferError::Source)?;
        self.upload(&mut file, progress).await
    }
}

/// The progress of an upload across attempts.
#[derive(Default)]
struct Reach {
    /// The offset at which the latest attempt started.
    from: u64,
    /// The furthest offset of any attempt.
    sent_bytes: u64,
}

impl Reach {
    /// Returns whether the latest attempt resumed a partial upload.
    const fn resumed(&self) -> bool {
        self.from > 0
    }
}

const fn is_wrong_hash(error: &TransferError) -> bool {
    matches!(
        error,
        TransferError::Client(Error::Refused(ErrorCode::WrongHash))
    )
}

async fn identify<S>(source: &mut S, progress: &mut impl FnMut(Progress)) -> io::Result<Uploaded>
where
    S: AsyncRead + AsyncSeek + Unpin,
{
    let total_bytes = source.seek(SeekFrom::End(0)).await?;
    source.rewind().await?;
    let (mut hasher, mut buffer, mut done_bytes) = (
        blake3::Hasher::new(),
        vec![0; limits::TRANSFER_BUFFER_BYTES],
        0,
    );
    loop {
        let bytes = source.read(&mut buffer).await?;
        if bytes == 0 {
            let hash = AttachmentHash::new(*hasher.finalize().as_bytes());
            return Ok(Uploaded {
                hash,
                size_bytes: done_bytes,
            });
        }
        hasher.update(&buffer[..bytes]);
        done_bytes += bytes as u64;
        progress(Progress {
            step: Step::Reading,
            done_bytes,
            total_bytes,
        });
    }
}

async fn send<S>(
    source: &mut S,
    (mut writer, mut reader): (Writer, Reader),
    total_bytes: u64,
    reach: &mut Reach,
    progress: &mut impl FnMut(Progress),
) -> Result<(), Stopped>
where
    S: AsyncRead + AsyncSeek + Unpin,
{
    reach.from = 0;
    let from = match read_frame(&mut reader).await? {
        TransferFrame::Stored => return Ok(()),
        TransferFrame::From(from) if from <= total_bytes => from,
        TransferFrame::From(_) | TransferFrame::Refused(_) => {
            return Err(Lost::Protocol("an upload starts after its end").into());
        }
    };
    reach.from = from;
    let moved = async {
        source
            .seek(SeekFrom::Start(from))
            .await
            .map_err(TransferError::Source)?;
        let mut buffer = vec![0; limits::TRANSFER_BUFFER_BYTES];
        let mut done_bytes = from;
        while done_bytes < total_bytes {
            let wanted = usize::try_from(total_bytes - done_bytes)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let bytes = source
                .read(&mut buffer[..wanted])
                .await
                .map_err(TransferError::Source)?;
            if bytes == 0 {
                return Err(TransferError::Source(io::ErrorKind::UnexpectedEof.into()).into());
            }
            writer.write(&buffer[..bytes]).await?;
            done_bytes += bytes as u64;
            reach.sent_bytes = done_bytes.max(reach.sent_bytes);
            progress(Progress {
                step: Step::Moving,
                done_bytes,
                total_bytes,
            });
        }
        writer.finish();
        Ok::<_, Stopped>(())
    };
    let answer = async {
        match read_frame(&mut reader).await? {
            TransferFrame::Stored => Ok(()),
            TransferFrame::From(_) | TransferFrame::Refused(_) => {
                Err(Lost::Protocol("an upload starts twice").into())
            }
        }
    };
    // Read the answer concurrently: a server that refuses does so while bytes are still being sent.
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        moved = moved => {
            moved?;
            answer.await
        }
    }
}
