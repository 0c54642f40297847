//! From a client to the disk: what has arrived is hashed and written as it comes, and is an
//! attachment only when all of it is durable under its hash, and its record is.

use std::sync::Arc;

use bytes::BytesMut;
use cairn_proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_proto::wire::error::ErrorCode;
use tokio::time::{Instant, timeout};

use super::lease::{Reservation, Taken};
use super::stream::{Broken, TransferStream};
use crate::limits::{TRANSFER_PART_TIME_MAX, TRANSFER_SILENCE_MAX};
use crate::shared::Shared;
use cairn_core::api::actor::Actor;
use cairn_core::api::attachment::{AttachmentCommand, AttachmentReply};
use cairn_store::files::attachments::Partial;
use cairn_store::limits::TRANSFER_BUFFER_BYTES;

/// Takes an upload, from its first frame to its end.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    actor: Actor,
    mut stream: TransferStream,
    hash: AttachmentHash,
    bytes: u64,
) {
    let taken = take(&shared, actor, &mut stream, hash, bytes).await;
    stream.end(taken).await;
}

async fn take(
    shared: &Shared,
    actor: Actor,
    stream: &mut TransferStream,
    hash: AttachmentHash,
    bytes: u64,
) -> Result<(), Broken> {
    if let Some(mut reservation) = reserve(shared, actor, stream, hash, bytes).await? {
        let _permit = stream
            .unless_given_up(shared.transfers.permits.take(actor.user))
            .await??;
        let received = receive(shared, actor, stream, hash, bytes, &mut reservation).await;
        let is_full = matches!(received, Err(Broken::Refused(ErrorCode::DiskFull)));
        if received.is_err() && (is_full || reservation.arrived_bytes == 0) {
            shared
                .transfers
                .on_disk(move |files| files.remove_partial(actor.user, hash))
                .await?;
            reservation.arrived_bytes = 0;
        }
        store(shared, actor, received?, hash, bytes, &mut reservation).await?;
    }
    stream.say(TransferFrame::Stored).await
}

/// Reserves quota_left for an upload; `None` when there is no need for one. Whoever is at the same
/// one is waited for, and may have come to its end then.
async fn reserve(
    shared: &Shared,
    actor: Actor,
    stream: &TransferStream,
    hash: AttachmentHash,
    bytes: u64,
) -> Result<Option<Reservation>, Broken> {
    loop {
        let begun = shared
            .ask_attachment(AttachmentCommand::Begin(actor, hash, bytes))
            .await?;
        let AttachmentReply::Wanted { quota_left } = begun else {
            return Ok(None);
        };
        match shared
            .transfers
            .reservations
            .take(actor.user, hash, bytes, quota_left)?
        {
            Taken::Free(reservation) => return Ok(Some(reservation)),
            Taken::Held(holder) => stream.unless_given_up(holder.preempt()).await?,
        }
    }
}

/// Everything from where an earlier connection stopped. What arrived stays when this one breaks off
/// or ends too soon, and goes when it lies or the disk is full.
async fn receive(
    shared: &Shared,
    actor: Actor,
    stream: &mut TransferStream,
    hash: AttachmentHash,
    bytes: u64,
    reservation: &mut Reservation,
) -> Result<Partial, Broken> {
    let mut partial = resume(shared, actor, hash, bytes).await?;
    reservation.arrived_bytes = partial.bytes();
    let missing = bytes - partial.bytes();
    shared
        .transfers
        .on_disk(move |files| files.check_space(missing))
        .await?;
    stream.say(TransferFrame::From(partial.bytes())).await?;
    loop {
        let Some(heard) = reservation.read_or_preempted(next_part(stream)).await else {
            return Err(Broken::Gone);
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
        if is_slow && shared.transfers.permits.are_all_taken() {
            return Err(Broken::Gone);
        }
    }
    if partial.bytes() < bytes {
        Err(ErrorCode::WrongSize.into())
    } else {
        Ok(partial)
    }
}

async fn resume(
    shared: &Shared,
    actor: Actor,
    hash: AttachmentHash,
    bytes: u64,
) -> Result<Partial, ErrorCode> {
    let mut partial = shared
        .transfers
        .on_disk(move |files| files.upload(actor.user, hash))
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

/// What has come of a file.
struct Part {
    received: BytesMut,
    /// Whether it is the last of it.
    is_end: bool,
    /// Whether it took long to come.
    is_slow: bool,
}

/// What has come of the file, when it is worth a write or long in coming.
async fn next_part(stream: &mut TransferStream) -> Result<Part, Broken> {
    let begun = Instant::now();
    let (mut is_end, mut is_slow) = (false, false);
    while stream.received.len() < TRANSFER_BUFFER_BYTES && !is_end && !is_slow {
        let wanted = TRANSFER_BUFFER_BYTES - stream.received.len();
        match timeout(TRANSFER_SILENCE_MAX, stream.recv.read_chunk(wanted, true)).await {
            Ok(Ok(Some(chunk))) => stream.received.extend_from_slice(&chunk.bytes),
            Ok(Ok(None)) => is_end = true,
            Ok(Err(_)) | Err(_) => return Err(Broken::Gone),
        }
        is_slow = begun.elapsed() >= TRANSFER_PART_TIME_MAX;
    }
    Ok(Part {
        received: std::mem::take(&mut stream.received),
        is_end,
        is_slow,
    })
}

/// What lied is of no use to anybody.
async fn discard(
    shared: &Shared,
    actor: Actor,
    hash: AttachmentHash,
    reservation: &mut Reservation,
    code: ErrorCode,
) -> Broken {
    match shared
        .transfers
        .on_disk(move |files| files.remove_partial(actor.user, hash))
        .await
    {
        Ok(()) => {
            reservation.arrived_bytes = 0;
            Broken::Refused(code)
        }
        Err(failed) => Broken::Refused(failed),
    }
}

/// Gives the file its place, and then its record. When this returns, both are durable.
async fn store(
    shared: &Shared,
    actor: Actor,
    mut partial: Partial,
    hash: AttachmentHash,
    bytes: u64,
    reservation: &mut Reservation,
) -> Result<(), Broken> {
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
    let placing = transfers.placing.read().await;
    let placed = transfers.on_disk(move |files| files.place(&partial)).await;
    // A place that cannot be made durable was taken all the same: what is there is swept, and takes
    // nothing from the user.
    reservation.arrived_bytes = transfers
        .on_disk(move |files| files.arrived(actor.user, hash))
        .await?;
    placed?;
    let stored = shared
        .ask_attachment(AttachmentCommand::Stored(actor, hash, bytes))
        .await;
    drop(placing);
    match stored {
        Ok(_) => Ok(()),
        Err(code) => {
            take_back(shared, hash).await?;
            Err(code.into())
        }
    }
}

/// Removes a file that got its place and no record. It may be somebody else's as well, or become so
/// at any moment: that is asked while nobody places files.
async fn take_back(shared: &Shared, hash: AttachmentHash) -> Result<(), ErrorCode> {
    let _placing = shared.transfers.placing.write().await;
    // Where this cannot be asked, the file stays until the next sweep.
    let asked = shared
        .ask_attachment(AttachmentCommand::Orphans(vec![hash]))
        .await;
    if asked == Ok(AttachmentReply::Orphans(vec![hash])) {
        shared
            .transfers
            .on_disk(move |files| files.remove(hash))
            .await?;
    }
    Ok(())
}
