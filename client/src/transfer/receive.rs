//! One attempt to download an attachment, wherever its bytes go.

use cairn_proto::content::attachment::{Attachment, TransferFrame};
use cairn_proto::ids::MsgId;
use cairn_proto::wire::event::StreamOpening;

use super::{Progress, Step, Stopped, TransferError, read_frame};
use crate::limits;
use crate::transport::{Lost, Reader};
use crate::view::conversation::Conversation;

/// Where downloaded bytes go.
pub(super) trait Sink {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TransferError>;

    async fn flush(&mut self) -> Result<(), TransferError>;
}

/// How much of an attachment has arrived, over all attempts.
pub(super) struct Arrived {
    attachment: Attachment,
    hasher: blake3::Hasher,
    done_bytes: u64,
}

impl Arrived {
    pub(super) fn new(attachment: &Attachment) -> Self {
        Self {
            attachment: attachment.clone(),
            hasher: blake3::Hasher::new(),
            done_bytes: 0,
        }
    }

    pub(super) const fn done_bytes(&self) -> u64 {
        self.done_bytes
    }

    pub(super) const fn total_bytes(&self) -> u64 {
        self.attachment.size_bytes
    }

    /// Counts bytes that follow those before.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.done_bytes += bytes.len() as u64;
    }

    pub(super) fn restart(&mut self) {
        self.hasher.reset();
        self.done_bytes = 0;
    }

    pub(super) fn matches_hash(&self) -> bool {
        self.hasher.finalize().as_bytes() == self.attachment.hash.as_bytes()
    }

    pub(super) const fn progress(&self, step: Step) -> Progress {
        Progress {
            step,
            done_bytes: self.done_bytes,
            total_bytes: self.attachment.size_bytes,
        }
    }
}

/// Requests what is missing of an attachment, and receives it until it is complete and flushed.
pub(super) async fn attempt(
    conversation: Conversation<'_>,
    msgid: MsgId,
    arrived: &mut Arrived,
    sink: &mut impl Sink,
    progress: &mut impl FnMut(Progress),
) -> Result<(), Stopped> {
    let opening = StreamOpening::Download {
        conversation: conversation.id,
        msgid,
        hash: arrived.attachment.hash,
        from: arrived.done_bytes,
    };
    let opened = conversation.client.open_transfer(opening).await;
    let (mut writer, mut reader) = opened.map_err(TransferError::from)??;
    writer.finish();
    receive(&mut reader, arrived, sink, progress).await
}

async fn receive(
    reader: &mut Reader,
    arrived: &mut Arrived,
    sink: &mut impl Sink,
    progress: &mut impl FnMut(Progress),
) -> Result<(), Stopped> {
    match read_frame(reader).await? {
        TransferFrame::From(from) if from == arrived.done_bytes => {}
        _ => return Err(Lost::Protocol("a download starts at another offset").into()),
    }
    let mut buffer = Vec::with_capacity(limits::TRANSFER_BUFFER_BYTES);
    let ended = loop {
        match reader.read_part().await {
            Ok(Some(bytes)) => buffer.extend_from_slice(&bytes),
            Ok(None) => break Ok(()),
            Err(lost) => break Err(lost),
        }
        // Write in large chunks: a write for each packet would cost more than the network.
        if buffer.len() >= limits::TRANSFER_BUFFER_BYTES {
            take(&mut buffer, arrived, sink, progress).await?;
        }
    };
    take(&mut buffer, arrived, sink, progress).await?;
    sink.flush().await?;
    ended?;
    match arrived.done_bytes == arrived.total_bytes() {
        true => Ok(()),
        false => Err(Lost::Broken("the server ended the transfer".into()).into()),
    }
}

/// Writes the received bytes and clears the buffer.
async fn take(
    buffer: &mut Vec<u8>,
    arrived: &mut Arrived,
    sink: &mut impl Sink,
    progress: &mut impl FnMut(Progress),
) -> Result<(), Stopped> {
    if buffer.len() as u64 > arrived.total_bytes() - arrived.done_bytes {
        return Err(Lost::Protocol("a download exceeds its announced length").into());
    }
    sink.write(buffer).await?;
    arrived.add(buffer);
    buffer.clear();
    progress(arrived.progress(Step::Moving));
    Ok(())
}
