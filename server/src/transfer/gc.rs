//! Garbage collection: unreferenced attachments, orphaned files and abandoned uploads.
//!
//! The record is removed first, durably, then the file. A crash in between leaves a file without a
//! record, which the next sweep removes.

use std::sync::Arc;
use std::time::SystemTime;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::wire::error::ErrorCode;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::limits::{GC_INTERVAL, GC_ROUNDS_PER_SWEEP, PARTIAL_TIME_MAX};
use crate::principal::Principal;
use crate::shared::Shared;
use cairn_core::api::command::{CollectAttachments, Collected, FindOrphans};
use cairn_core::limits::GC_BATCH_ATTACHMENTS_MAX;

/// Runs gc at the start and then at intervals, until the server stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut due = interval(GC_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u64.. {
        due.tick().await;
        let result = match round % GC_ROUNDS_PER_SWEEP {
            0 => sweep(&shared).await,
            _ => Ok(()),
        };
        if let Err(code) = result
            .and(collect(&shared).await)
            .and(drop_partials(&shared).await)
        {
            warn!(%code, "attachment gc failed; it will be retried");
        }
    }
}

/// Removes unreferenced attachments and their files.
async fn collect(shared: &Shared) -> Result<(), ErrorCode> {
    let mut above = None;
    loop {
        // Locked until the files are removed: an upload of the same content could otherwise record
        // the attachment between the two, and gc would remove its file.
        let _placing = shared.transfers.placing.write().await;
        let Collected { gone, next } = shared
            .ask(Principal::Server, CollectAttachments(above))
            .await?;
        remove(shared, gone).await?;
        above = match next {
            Some(next) => Some(next),
            None => return Ok(()),
        };
    }
}

/// Removes files without a record, which a crash left.
async fn sweep(shared: &Shared) -> Result<(), ErrorCode> {
    for first in 0..=u8::MAX {
        let stored = shared
            .transfers
            .on_disk(move |files| files.beginning_with(first))
            .await?;
        for some in stored.chunks(GC_BATCH_ATTACHMENTS_MAX) {
            // Locked: an upload that has placed its file but not recorded it would look like an
            // orphan.
            let _placing = shared.transfers.placing.write().await;
            let orphans = shared
                .ask(Principal::Server, FindOrphans(some.to_vec()))
                .await?;
            remove(shared, orphans).await?;
        }
    }
    Ok(())
}

async fn remove(shared: &Shared, hashes: Vec<AttachmentHash>) -> Result<(), ErrorCode> {
    if hashes.is_empty() {
        return Ok(());
    }
    info!(
        attachments = hashes.len(),
        "removing unreferenced attachments"
    );
    shared
        .transfers
        .on_disk(move |files| hashes.into_iter().try_for_each(|hash| files.remove(hash)))
        .await
}

/// Removes uploads that no client has continued for long.
async fn drop_partials(shared: &Shared) -> Result<(), ErrorCode> {
    let unfinished = shared.transfers.on_disk(|files| files.unfinished()).await?;
    let is_old = |modified: SystemTime| modified.elapsed().is_ok_and(|age| age >= PARTIAL_TIME_MAX);
    for unfinished in unfinished
        .into_iter()
        .filter(|unfinished| is_old(unfinished.modified))
    {
        if let Some(mut reservation) = shared
            .transfers
            .reservations
            .take_idle(unfinished.uploader, unfinished.hash)
        {
            shared
                .transfers
                .on_disk(move |files| files.remove_partial(unfinished.uploader, unfinished.hash))
                .await?;
            reservation.arrived_bytes = 0;
        }
    }
    Ok(())
}
