//! Downloads: from disk to a client, as fast as it reads.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use cairn_proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::wire::error::ErrorCode;
use tokio::time::timeout;
use tracing::error;

use super::stream::{Aborted, Served, TransferStream};
use crate::limits::TRANSFER_SILENCE_MAX;
use crate::session::downloads::Downloading;
use crate::shared::Shared;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::GrantDownload;
use cairn_store::limits::TRANSFER_BUFFER_BYTES;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The conversation of a message that refers to the attachment.
    pub(crate) conversation: ConversationId,
    pub(crate) msgid: MsgId,
    pub(crate) hash: AttachmentHash,
    pub(crate) from: u64,
}

/// Serves a download until its end, or that of the membership.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    actor: Actor,
    mut stream: TransferStream,
    wanted: Wanted,
    downloading: Downloading,
) -> Served {
    let sent = tokio::select! {
        biased;
        () = downloading.revoked() => Err(Aborted::Gone),
        sent = send(&shared, actor, &mut stream, wanted) => sent,
    };
    match sent {
        Ok(()) => stream.finish_unless(downloading.revoked()).await,
        aborted => return stream.end(aborted).await,
    }
    Served::Completed
}

async fn send(
    shared: &Shared,
    actor: Actor,
    stream: &mut TransferStream,
    wanted: Wanted,
) -> Result<(), Aborted> {
    let Wanted {
        conversation,
        msgid,
        hash,
        from,
    } = wanted;
    let _permit = stream
        .unless_cancelled(shared.transfers.permits.take(actor.into()))
        .await??;
    let bytes = shared
        .ask(
            actor.into(),
            GrantDownload {
                actor,
                conversation,
                msgid,
                hash,
            },
        )
        .await?;
    if from > bytes {
        return Err(ErrorCode::BadOffset.into());
    }
    let open = move |files: &cairn_store::files::attachments::LocalAttachments| {
        let file = files.read(hash)?;
        let stored = file.bytes()?;
        Ok((file, stored))
    };
    let (mut file, stored) = shared.transfers.on_disk(open).await?;
    if stored != bytes {
        error!(%hash, stored, bytes, "an attachment file differs in length from its record");
        return Err(ErrorCode::Damaged.into());
    }
    stream.send_frame(TransferFrame::From(from)).await?;
    let mut left = bytes - from;
    while left > 0 {
        let wanted = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(TRANSFER_BUFFER_BYTES);
        let part;
        (file, part) = shared
            .transfers
            .on_disk(move |_| {
                let mut part = vec![0; wanted];
                if file.read_at(&mut part, bytes - left)? < wanted {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok((file, part))
            })
            .await
            // Within the file, a refusal would be read as part of it.
            .map_err(|_| Aborted::Gone)?;
        left -= part.len() as u64;
        match timeout(TRANSFER_SILENCE_MAX, stream.send.write(Bytes::from(part))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(Aborted::Gone),
        }
    }
    Ok(())
}
