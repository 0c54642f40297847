//! Downloads to a writer that cannot go back, such as a pipe.

use std::io;

use cairn_proto::content::attachment::{Attachment, TransferFrame};
use cairn_proto::ids::MsgId;
use cairn_proto::wire::event::StreamOpening;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{Progress, RetryBudget, Step, Stopped, TransferError, read_frame};
use crate::limits;
use crate::transport::{Lost, Reader};
use crate::view::conversation::Conversation;

/// Downloads to a writer
impl Conversation<'_> {
    /// Downloads an attachment to a writer, and flushes it. Continues across reconnects, after the
    /// bytes that were written. `progress` is called for each chunk of
    /// [`limits::TRANSFER_BUFFER_BYTES`].
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
        let mut sink = Sink {
            writer,
            hasher: blake3::Hasher::new(),
            done_bytes: 0,
            total_bytes: attachment.size_bytes,
        };
        let mut retry_budget = RetryBudget::new();
        loop {
            let opening = StreamOpening::Download {
                conversation: self.id,
                msgid,
                hash: attachment.hash,
                from: sink.done_bytes,
            };
            let lost = match self.client.open_transfer(opening).await? {
                Ok((mut writer, mut reader)) => {
                    writer.finish();
                    match sink.receive(&mut reader, &mut progress).await {
                        Ok(()) => break,
                        Err(Stopped::Failed(error)) => return Err(error),
                        Err(Stopped::Lost(lost)) => lost,
                    }
                }
                Err(lost) => lost,
            };
            retry_budget.wait(lost, sink.done_bytes).await?;
        }
        sink.writer.flush().await.map_err(TransferError::Writer)?;
        match sink.hasher.finalize().as_bytes() == attachment.hash.as_bytes() {
            true => Ok(()),
            false => Err(TransferError::Damaged),
        }
    }
}

struct Sink<W> {
    writer: W,
    hasher: blake3::Hasher,
    done_bytes: u64,
    total_bytes: u64,
}

impl<W: AsyncWrite + Unpin> Sink<W> {
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
            if arrived.len() >= limits::TRANSFER_BUFFER_BYTES {
                self.add(&mut arrived, progress).await?;
            }
        };
        self.add(&mut arrived, progress).await?;
        ended?;
        match self.done_bytes == self.total_bytes {
            true => Ok(()),
            false => Err(Lost::Broken("the server ended the transfer".into()).into()),
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
        let failed = |error: io::Error| Stopped::Failed(TransferError::Writer(error));
        self.writer.write_all(arrived).await.map_err(failed)?;
        self.hasher.update(arrived);
        self.done_bytes += arrived.len() as u64;
        arrived.clear();
        progress(Progress {
            step: Step::Moving,
            done_bytes: self.done_bytes,
            total_bytes: self.total_bytes,
        });
        Ok(())
    }
}
