//! The sequencer: one thread that owns all state. It takes every queued ticket, decides them in
//! order, commits once, and publishes. The next batch gathers during the commit.
mod answering;
pub(crate) mod decider;
pub(crate) mod intake;
pub(crate) mod job;
pub(crate) mod publication;

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{error, info};

use crate::hub::receipts::FocusedConversations;
use crate::limits;
use crate::sequencer::decider::Decider;
use crate::sequencer::intake::Intake;
use crate::sequencer::publication::Publication;
use cairn_store::StoreError;
use cairn_store::engine::Engine;

/// Runs until the intake is closed and empty, then checkpoints everything.
pub(crate) fn run(
    engine: Engine,
    intake: &Intake,
    focused: FocusedConversations,
    publications: mpsc::Sender<Publication>,
) -> Result<(), StoreError> {
    let mut decider = Decider::new(engine, focused);
    let result = sequence(&mut decider, intake, &publications);
    if let Err(failure) = &result {
        error!(%failure, "the store failed: nothing more is accepted");
        intake.close();
        refuse_waiting(&mut decider, intake, &publications);
        return result;
    }
    drop(publications);
    info!("checkpointing the log");
    decider.into_engine().close()
}

fn sequence(
    decider: &mut Decider,
    intake: &Intake,
    publications: &mpsc::Sender<Publication>,
) -> Result<(), StoreError> {
    let mut tickets = Vec::new();
    let mut pending_since: Option<Instant> = None;
    while intake.take(&mut tickets, wait_timeout(pending_since)) {
        decider.set_now(crate::clock::now());
        for ticket in tickets.drain(..) {
            decider.decide(ticket);
            if decider.batch_bytes() >= cairn_store::limits::BATCH_BYTES_TARGET {
                decider.commit()?;
                publish(decider, publications);
            }
        }
        pending_since = if decider.has_changes() {
            pending_since.or_else(|| Some(Instant::now()))
        } else {
            None
        };
        let is_flush_due =
            pending_since.is_some_and(|since| since.elapsed() >= limits::LAZY_FLUSH_INTERVAL);
        // Cursor moves ride along: they alone force no fsync, or every ack would cost one. They are
        // published before they are durable, since a lost move only makes a cursor older. A crash
        // loses at most the last interval of them, and clients ack again.
        if decider.must_commit() || is_flush_due {
            decider.commit()?;
            pending_since = None;
        }
        publish(decider, publications);
        // After publishing: maintenance may wait for a checkpoint, and replies must not wait with
        // it.
        decider.maintain()?;
    }
    decider.commit()?;
    publish(decider, publications);
    Ok(())
}

/// Returns how long to wait for tickets: until pending cursor moves are due, or until maintenance.
fn wait_timeout(pending_since: Option<Instant>) -> Duration {
    match pending_since {
        Some(since) => limits::LAZY_FLUSH_INTERVAL.saturating_sub(since.elapsed()),
        None => limits::MAINTENANCE_INTERVAL,
    }
}

fn publish(decider: &mut Decider, publications: &mpsc::Sender<Publication>) {
    if let Some(publication) = decider.take_publication() {
        // The receiver outlives this thread unless the process ends.
        let _ = publications.blocking_send(publication);
    }
}

fn refuse_waiting(
    decider: &mut Decider,
    intake: &Intake,
    publications: &mpsc::Sender<Publication>,
) {
    let mut tickets = Vec::new();
    while intake.take(&mut tickets, Duration::ZERO) {
        tickets.drain(..).for_each(|ticket| decider.refuse(ticket));
    }
    publish(decider, publications);
}

#[cfg(test)]
mod tests;
