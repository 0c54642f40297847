//! Uploads: bytes are hashed and written as they arrive, and become an attachment only when the
//! file is durable under its hash and its record is.

use std::sync::Arc;

use bytes::BytesMut;
use cairn_proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_proto::wire::error::ErrorCode;
use tokio::time::{Instant, timeout};

use super::lease::{Reservation, Taken};
use super::stream::{Aborted, Served, TransferStream};
use crate::limits::{TRANSFER_PART_TIME_MAX, TRANSFER_SILENCE_MAX};
use crate::principal::{Principal, uploader, visitor_of};
use crate::shared::Shared;
use cairn_core::api::actor::Actor;
use cairn_core::api::command::{BeginUpload, EndUpload, FindOrphans, UploadState};
use cairn_store::files::attachments::Partial;
use cairn_store::limits::TRANSFER_BUFFER_BYTES;

/// Serves an upload, from its first frame to its end.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    actor: Actor,
    mut stream: TransferStream,
    hash: AttachmentHash,
    bytes: u64,
) -> Served {
    let taken = take(&shared, actor, &mut stream, hash, bytes).await;
    stream.end(taken).await
}

async fn take(
    shared: &Shared,
    actor: Actor,
    stream: &mut TransferStream,
    hash: AttachmentHash,
    bytes: u64,
) -> Result<(), Aborted> {
    if let Some(mut reservation) = reserve(shared, actor, stream, hash, bytes).await? {
        let _permit = stream
            .unless_cancelled(shared.transfers.permits.take(actor.into()))
            .await??;
        let received = receive(shared, actor, stream, hash, bytes, &mut reservation).await;
        let is_full = matches!(received, Err(Aborted::Refused(ErrorCode::DiskFull)));
        // Visitors continue none: what strangers leave must not stay.
        let is_kept = !is_full && reservation.arrived_bytes > 0 && !is_visitor(actor);
        if received.is_err() && !is_kept {
            shared
                .transfers
                .on_disk(move |files| files.remove_partial(uploader(actor), hash))
                .await?;
            reservation.arrived_bytes = 0;
        }
        store(shared, actor, received?, hash, bytes, &mut reservation).await?;
    }
    stream.send_frame(TransferFrame::Stored).await
}

/// Reserves quota for an upload, waiting for another connection that holds its lease. Returns
/// `None` when the attachment is stored already.
async fn reserve(
    shared: &Shared,
    actor: Actor,
    stream: &TransferStream,
    hash: AttachmentHash,
    bytes: u64,
) -> Result<Option<Reservation>, Aborted> {
    loop {
        let begin = BeginUpload { actor, hash, bytes };
        let UploadState::Wanted { quota_left } = shared.ask(actor.into(), begin).await? else {
            return Ok(None);
        };
        match shared
            .transfers
            .reservations
            .take(uploader(actor), hash, bytes, quota_left)?
        {
            Taken::Free(reservation) => return Ok(Some(reservation)),
            Taken::Held(holder) => stream.unless_cancelled(holder.preempt()).await?,
        }
    }
}

/// Receives everything from where an earlier connection stopped. The partial file is kept if the
/// connection breaks, and removed if its content is wrong or the disk is full.
async fn receive(
    shared: &Shared,
    actor: Actor,
    stream: &mut TransferStream,
    hash: AttachmentHash,
    bytes: u64,
    reservation: &mut Reservation,
) -> Result<Partial, Aborted> {
    let mut partial = match is_visitor(actor) {
        true => begin(shared, actor, hash).await?,
        false => resume(shared, actor, hash, bytes).await?,
    };
    reservation.arrived_bytes = partial.bytes();
    let missing = bytes - partial.bytes();
    shared
        .transfers
        .on_disk(move |files| files.check_space(missing))
        .await?;
    stream
        .send_frame(TransferFrame::From(partial.bytes()))
        .await?;
    loop {
        let Some(heard) = reservation.read_or_preempted(next_part(stream)).await else {
            return Err(Aborted::Gone);
        };
        let Part {
            received,
            is_end,
            is_slow,
        } = heard?;
        if !received.is_empty() {
            if partial.bytes() + received.len() as u64 > bytes {
                return Err(discard(shared, actor, hash, reservation, ErrorCode::WrongSize).await);
            }
            partial = shared
                .transfers
                .on_disk(move |_| {
                    partial.add(&received)?;
                    Ok(partial)
                })
                .await?;
            reservation.arrived_bytes = partial.bytes();
        }
        if is_end {
            break;
        }
        if is_slow && shared.transfers.permits.are_all_taken(actor.into()) {
            return Err(Aborted::Gone);
        }
    }
    if partial.bytes() < bytes {
        Err(ErrorCode::WrongSize.into())
    } else {
        Ok(partial)
    }
}

fn is_visitor(actor: Actor) -> bool {
    visitor_of(actor).is_some()
}

/// Starts over, whatever an earlier upload left.
async fn begin(shared: &Shared, actor: Actor, hash: AttachmentHash) -> Result<Partial, ErrorCode> {
    let begun = shared.transfers.on_disk(move |files| {
        let mut partial = files.upload(uploader(actor), hash)?;
        partial.restart()?;
        Ok(partial)
    });
    begun.await
}

async fn resume(
    shared: &Shared,
    actor: Actor,
    hash: AttachmentHash,
    bytes: u64,
) -> Result<Partial, ErrorCode> {
    let mut partial = shared
        .transfers
        .on_disk(move |files| files.upload(uploader(actor), hash))
        .await?;
    loop {
        let more;
        (partial, more) = shared
            .transfers
            .on_disk(move |_| {
                let more = partial.reread()?;
                Ok((partial, more))
            })
            .await?;
        if partial.bytes() > bytes {
            partial = shared
                .transfers
                .on_disk(move |_| {
                    partial.restart()?;
                    Ok(partial)
                })
                .await?;
            return Ok(partial);
        }
        if !more {
            return Ok(partial);
        }
    }
}

/// A part of a file.
struct Part {
    received: BytesMut,
    is_end: bool,
    is_slow: bool,
}

/// Waits until enough arrived for a write, or until it takes too long.
async fn next_part(stream: &mut TransferStream) -> Result<Part, Aborted> {
    let started = Instant::now();
    let (mut is_end, mut is_slow) = (false, false);
    while stream.received.len() < TRANSFER_BUFFER_BYTES && !is_end && !is_slow {
        let wanted = TRANSFER_BUFFER_BYTES - stream.received.len();
        match timeout(TRANSFER_SILENCE_MAX, stream.recv.read_chunk(wanted)).await {
            Ok(Ok(Some(bytes))) => stream.received.extend_from_slice(&bytes),
            Ok(Ok(None)) => is_end = true,
            Ok(Err(_)) | Err(_) => return Err(Aborted::Gone),
        }
        is_slow = started.elapsed() >= TRANSFER_PART_TIME_MAX;
    }
    Ok(Part {
        received: std::mem::take(&mut stream.received),
        is_end,
        is_slow,
    })
}

/// Removes a partial file with wrong content.
async fn discard(
    shared: &Shared,
    actor: Actor,
    hash: AttachmentHash,
    reservation: &mut Reservation,
    code: ErrorCode,
) -> Aborted {
    match shared
        .transfers
        .on_disk(move |files| files.remove_partial(uploader(actor), hash))
        .await
    {
        Ok(()) => {
            reservation.arrived_bytes = 0;
            Aborted::Refused(code)
        }
        Err(failed) => Aborted::Refused(failed),
    }
}

/// Places the file, then records it. Both are durable when this returns.
async fn store(
    shared: &Shared,
    actor: Actor,
    mut partial: Partial,
    hash: AttachmentHash,
    bytes: u64,
    reservation: &mut Reservation,
) -> Result<(), Aborted> {
    let transfers = &shared.transfers;
    let (partial, is_complete) = transfers
        .on_disk(move |_| {
            let is_complete = partial.is_complete()?;
            Ok((partial, is_complete))
        })
        .await?;
    if !is_complete {
        return Err(discard(shared, actor, hash, reservation, ErrorCode::WrongHash).await);
    }
    // Held until the record is durable, which keeps gc away. The file goes first: a record without
    // a file would be a broken attachment, a file without a record is swept.
    let placing = transfers.placing.read().await;
    let placed = transfers.on_disk(move |files| files.place(&partial)).await;
    // Even when placing fails, the file may have moved: then gc sweeps it, and the user is not
    // charged.
    reservation.arrived_bytes = transfers
        .on_disk(move |files| files.arrived(uploader(actor), hash))
        .await?;
    placed?;
    let end = EndUpload { actor, hash, bytes };
    let stored = shared.ask(actor.into(), end).await;
    drop(placing);
    match stored {
        Ok(()) => Ok(()),
        Err(code) => {
            remove_unrecorded(shared, hash).await?;
            Err(code.into())
        }
    }
}

/// Removes a placed file whose record was refused, unless another upload has recorded it. No file
/// can be placed meanwhile.
async fn remove_unrecorded(shared: &Shared, hash: AttachmentHash) -> Result<(), ErrorCode> {
    let _placing = shared.transfers.placing.write().await;
    // If this fails, the file stays until the next sweep.
    let find = FindOrphans(vec![hash]);
    let orphans = shared.ask(Principal::Server, find).await;
    if orphans.is_ok_and(|orphans| orphans == [hash]) {
        shared
            .transfers
            .on_disk(move |files| files.remove(hash))
            .await?;
    }
    Ok(())
}
