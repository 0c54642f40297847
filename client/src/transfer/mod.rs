//! Attachments: sending a file before a message names it, and fetching what a message names. Each
//! travels on a stream of its own, and goes on where it stopped when the connection breaks.

mod download;
pub(crate) mod slots;
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
use crate::error::Error;
use crate::limits;
use crate::transport::link::{Lost, Reader, Writer};

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Bytes that it is done with, from the beginning of the file.
    pub done_bytes: u64,
    /// The length of the file.
    pub total_bytes: u64,
}

/// What a transfer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The file is read, to know its hash or what of it is here.
    Reading,
    /// The bytes are on their way.
    Moving,
}

/// What is stored on the server and can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Its hash.
    pub hash: AttachmentHash,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// Why a transfer came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The server refused it, or the client ended.
    #[error(transparent)]
    Client(#[from] Error),
    /// The file cannot be read, or became shorter meanwhile.
    #[error("cannot read the file: {0}")]
    Source(io::Error),
    /// What arrives cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Target {
        /// Where to.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What arrived is not what the hash was made of.
    #[error("what arrived is not the file that was sent: its hash differs")]
    Damaged,
    /// The server broke the transfer off again and again.
    #[error("the server broke the transfer off again and again: {reason}")]
    BrokenOff {
        /// What happened the last time.
        reason: String,
    },
}

/// Why one attempt ended.
enum Stopped {
    /// Over another stream or connection it may go on.
    Lost(Lost),
    /// It will not.
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
    /// Opens a stream of the connection that there is, or the next one.
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

/// Counts attempts that came no further.
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

    /// Waits a little before the next attempt. A transfer that moves on, however slowly, goes on
    /// for as long as it takes.
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
                reason: lost.reason(),
            });
        }
        sleep(limits::TRANSFER_RETRY_DELAY * self.attempts).await;
        Ok(())
    }
}

/// The server's next word.
async fn heard(reader: &mut Reader) -> Result<TransferFrame, Stopped> {
    loop {
        if let Some(frame) = reader.next()? {
            return match codec::decode(&frame, FRAME_BYTES_MAX) {
                // Those under way come to an end: one that was given up a moment ago may still
                // count.
                Ok(TransferFrame::Refused(code @ ErrorCode::TooManyTransfers)) => {
                    Err(Lost::Broken(code.to_string()).into())
                }
                Ok(TransferFrame::Refused(code)) => Err(code.into()),
                Ok(said) => Ok(said),
                Err(_) => {
                    Err(Lost::Protocol("what the server says of a transfer cannot be read").into())
                }
            };
        }
        if !reader.fill_unless_ended().await? {
            return Err(Lost::Broken("the server ended the transfer".to_owned()).into());
        }
    }
}
