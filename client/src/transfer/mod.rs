//! Attachments: uploads before a message refers to them, and downloads. Each transfer uses a stream
//! of its own and resumes after a reconnect.

mod download;
mod receive;
pub(crate) mod slots;
mod stream;
mod upload;

use std::io;
use std::path::PathBuf;

use cairn_proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_proto::limits::FRAME_BYTES_MAX;
use cairn_proto::wire::codec;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::StreamOpening;
use cairn_proto::wire::frame;
use tokio::time::sleep;

use crate::api::client::Client;
use crate::error::{Cause, Error};
use crate::limits;
use crate::transport::{Lost, Reader, Writer};

/// The progress of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The current phase.
    pub step: Step,
    /// Bytes processed in this phase, counted from the beginning of the file.
    pub done_bytes: u64,
    /// The length of the file.
    pub total_bytes: u64,
}

/// A phase of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Reading a local file, to hash it or to resume a partial download.
    Reading,
    /// Transferring bytes.
    Moving,
}

/// An attachment that is stored on the server and can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The attachment's address.
    pub hash: AttachmentHash,
    /// The length in bytes.
    pub size_bytes: u64,
}

/// The reasons why a transfer fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The server refused the transfer, or the client ended.
    #[error(transparent)]
    Client(#[from] Error),
    /// The source cannot be read, or was truncated during the upload.
    #[error("cannot read the file: {0}")]
    Source(#[source] io::Error),
    /// The downloaded bytes cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Target {
        /// The path of the file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The writer of [`crate::view::Conversation::download_into`] failed.
    #[error("cannot write the file: {0}")]
    Writer(#[source] io::Error),
    /// The downloaded bytes do not match the hash.
    #[error("the downloaded bytes do not match the hash of the file")]
    Damaged,
    /// [`limits::TRANSFER_ATTEMPTS_MAX`] consecutive attempts made no progress.
    #[error("the transfer made no progress in several attempts: {source}")]
    BrokenOff {
        /// The cause of the last failure.
        source: Cause,
    },
}

/// The reasons why one attempt failed.
enum Stopped {
    /// The stream or connection was lost; another attempt may succeed.
    Lost(Lost),
    /// A permanent error.
    Failed(TransferError),
}

impl From<Lost> for Stopped {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<TransferError> for Stopped {
    fn from(error: TransferError) -> Self {
        Self::Failed(error)
    }
}

impl From<ErrorCode> for Stopped {
    fn from(code: ErrorCode) -> Self {
        Self::Failed(Error::Refused(code).into())
    }
}

impl Client {
    /// Opens a transfer stream on the current connection, or on the next one.
    async fn open_transfer(
        &self,
        opening: StreamOpening,
    ) -> Result<Result<(Writer, Reader), Lost>, Error> {
        let link = self
            .shared()
            .transfer_slots
            .link()
            .await
            .ok_or_else(|| self.ended())?;
        let opened = async {
            let (mut writer, reader) = link.open().await?;
            writer.carry_transfer();
            writer.write(&frame::frame(&opening)).await?;
            Ok((writer, reader))
        };
        Ok(opened.await)
    }
}

/// Limits consecutive attempts without progress.
struct RetryBudget {
    attempts: u32,
    reached_bytes: u64,
}

impl RetryBudget {
    const fn new() -> Self {
        Self {
            attempts: 0,
            reached_bytes: 0,
        }
    }

    /// Waits before the next attempt. A transfer that makes progress, however slowly, is never
    /// given up.
    async fn wait(&mut self, lost: Lost, reached_bytes: u64) -> Result<(), TransferError> {
        if let Some(error) = lost.final_error() {
            return Err(error.into());
        }
        if reached_bytes > self.reached_bytes {
            (self.attempts, self.reached_bytes) = (0, reached_bytes);
        }
        self.attempts += 1;
        if self.attempts >= limits::TRANSFER_ATTEMPTS_MAX {
            return Err(TransferError::BrokenOff {
                source: lost.cause(),
            });
        }
        sleep(limits::TRANSFER_RETRY_DELAY * self.attempts).await;
        Ok(())
    }
}

/// Reads the server's next frame.
async fn read_frame(reader: &mut Reader) -> Result<TransferFrame, Stopped> {
    loop {
        if let Some(frame) = reader.next()? {
            return match codec::decode(&frame, FRAME_BYTES_MAX) {
                // Not permanent: the server may still count a transfer that was aborted a moment
                // ago.
                Ok(TransferFrame::Refused(code @ ErrorCode::TooManyTransfers)) => {
                    Err(Lost::Broken(code.to_string().into()).into())
                }
                Ok(TransferFrame::Refused(code)) => Err(code.into()),
                Ok(frame) => Ok(frame),
                Err(_) => Err(Lost::Protocol("a malformed transfer frame").into()),
            };
        }
        if !reader.fill_or_end().await? {
            return Err(Lost::Broken("the server ended the transfer".into()).into());
        }
    }
}
