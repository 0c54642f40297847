//! The sequencer: one thread that owns all state. It takes every queued command, decides them in
//! order, commits once, and publishes. The next batch gathers during the commit.
pub(crate) mod intake;
mod notices;
pub(crate) mod publication;
pub(crate) mod revoked_in_batch;

use std::time::{Duration, Instant};

use cairn_proto::wire::error::ErrorCode;
use tokio::sync::mpsc;
use tracing::{error, info};

use crate::hub::receipts::FocusedConversations;
use crate::limits;
use crate::sequencer::intake::{Intake, Ticket};
use crate::sequencer::notices::notices;
use crate::sequencer::publication::Publication;
use cairn_store::StoreError;
use cairn_store::engine::{Committed, Engine};

/// Runs until the intake is closed and empty, then checkpoints everything.
pub(crate) fn run(
    mut engine: Engine,
    intake: &Intake,
    focused: &FocusedConversations,
    publications: mpsc::Sender<Publication>,
) -> Result<(), StoreError> {
    let mut publication = Publication::default();
    let result = sequence(
        &mut engine,
        intake,
        focused,
        &mut publication,
        &publications,
    );
    if let Err(failure) = &result {
        error!(%failure, "the store failed: nothing more is accepted");
        intake.close();
        refuse_waiting(intake, publication, &publications);
        return result;
    }
    drop(publications);
    info!("checkpointing the log");
    engine.close()
}

fn sequence(
    engine: &mut Engine,
    intake: &Intake,
    focused: &FocusedConversations,
    publication: &mut Publication,
    publications: &mpsc::Sender<Publication>,
) -> Result<(), StoreError> {
    let mut tickets = Vec::new();
    let mut pending_since: Option<Instant> = None;
    while intake.take(&mut tickets, wait_timeout(pending_since)) {
        let now = crate::clock::now();
        for Ticket { command, reply_to } in tickets.drain(..) {
            // Decided, but not durable: replies wait in `publication` until the commit returned.
            let answer = engine.execute(command, now);
            publication.answers.push((reply_to, answer));
            if engine.batch_bytes() >= cairn_store::limits::BATCH_BYTES_TARGET {
                commit(engine, focused, publication)?;
                publish(publication, publications);
            }
        }
        pending_since = if engine.has_changes() {
            pending_since.or_else(|| Some(Instant::now()))
        } else {
            None
        };
        let is_flush_due =
            pending_since.is_some_and(|since| since.elapsed() >= limits::LAZY_FLUSH_INTERVAL);
        // Cursor moves ride along: they alone force no fsync, or every ack would cost one. A crash
        // loses at most the last interval of them, and clients ack again.
        if engine.must_commit() || is_flush_due {
            commit(engine, focused, publication)?;
            pending_since = None;
        } else {
            // Moves are published before they are durable, since a lost move only makes a cursor
            // older.
            let effects = engine.take_effects_of_moves();
            publication.notices.extend(
                effects
                    .into_iter()
                    .flat_map(|effect| notices(engine, focused, effect)),
            );
        }
        publish(publication, publications);
        // After publishing: maintenance may wait for a checkpoint, and replies must not wait with
        // it.
        engine.maintain()?;
    }
    commit(engine, focused, publication)?;
    publish(publication, publications);
    Ok(())
}

/// Returns how long to wait for commands: until pending cursor moves are due, or until maintenance.
fn wait_timeout(pending_since: Option<Instant>) -> Duration {
    match pending_since {
        Some(since) => limits::LAZY_FLUSH_INTERVAL.saturating_sub(since.elapsed()),
        None => limits::MAINTENANCE_INTERVAL,
    }
}

/// Makes everything decided so far durable. On failure, all its commands are refused.
fn commit(
    engine: &mut Engine,
    focused: &FocusedConversations,
    publication: &mut Publication,
) -> Result<(), StoreError> {
    let Committed { touched, effects } = match engine.commit() {
        Ok(committed) => committed,
        Err(failure) => {
            for (_, answer) in &mut publication.answers {
                *answer = Err(ErrorCode::StorageFailed);
            }
            return Err(failure);
        }
    };
    // Publish only after `commit` returned: a head that anyone saw is never reused for another
    // message.
    let timelines = engine.timelines();
    publication.touched.extend(
        touched
            .into_iter()
            .filter_map(|id| Some((id, timelines.get(id)?.head()))),
    );
    publication.notices.extend(
        effects
            .into_iter()
            .flat_map(|effect| notices(engine, focused, effect)),
    );
    Ok(())
}

fn publish(publication: &mut Publication, publications: &mpsc::Sender<Publication>) {
    if !publication.answers.is_empty()
        || !publication.touched.is_empty()
        || !publication.notices.is_empty()
    {
        // The receiver outlives this thread unless the process ends.
        let _ = publications.blocking_send(std::mem::take(publication));
    }
}

fn refuse_waiting(
    intake: &Intake,
    mut publication: Publication,
    publications: &mpsc::Sender<Publication>,
) {
    let mut tickets = Vec::new();
    while intake.take(&mut tickets, Duration::ZERO) {
        publication.answers.extend(
            tickets
                .drain(..)
                .map(|ticket| (ticket.reply_to, Err(ErrorCode::StorageFailed))),
        );
    }
    publish(&mut publication, publications);
}
