//! Downloads to a writer that cannot go back, such as a pipe.

use cairn_proto::content::attachment::Attachment;
use cairn_proto::ids::MsgId;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::receive::{Arrived, Sink, attempt};
use super::{Progress, RetryBudget, Stopped, TransferError};
use crate::view::conversation::Conversation;

/// Downloads to a writer
impl Conversation<'_> {
    /// Downloads an attachment to a writer, and flushes it. Continues across reconnects, after the
    /// bytes that were written. `progress` is called for each chunk of
    /// [`crate::limits::TRANSFER_BUFFER_BYTES`].
    ///
    /// # Errors
    /// As [`Conversation::download`], with [`TransferError::Writer`] in place of
    /// [`TransferError::Target`]. [`TransferError::Damaged`] comes after all bytes were written.
    pub async fn download_into(
        self,
        msgid: MsgId,
        attachment: &Attachment,
        writer: impl AsyncWrite + Unpin,
        mut progress: impl FnMut(Progress),
    ) -> Result<(), TransferError> {
        let slots = &self.client.shared().transfer_slots;
        let _slot = slots.take().await.ok_or_else(|| self.client.ended())?;
        let mut writer = Writer(writer);
        let mut arrived = Arrived::new(attachment);
        let mut retry_budget = RetryBudget::new();
        loop {
            let lost = match attempt(self, msgid, &mut arrived, &mut writer, &mut progress).await {
                Ok(()) => break,
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Lost(lost)) => lost,
            };
            retry_budget.wait(lost, arrived.done_bytes()).await?;
        }
        match arrived.matches_hash() {
            true => Ok(()),
            false => Err(TransferError::Damaged),
        }
    }
}

struct Writer<W>(W);

impl<W: AsyncWrite + Unpin> Sink for Writer<W> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        let written = self.0.write_all(bytes).await;
        written.map_err(TransferError::Writer)
    }

    async fn flush(&mut self) -> Result<(), TransferError> {
        self.0.flush().await.map_err(TransferError::Writer)
    }
}
